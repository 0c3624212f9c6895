"""How does a person see an execution run? A live table in a terminal, a line for each change elsewhere."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

FINAL = frozenset(["COMPLETED", "FAILED", "TERMINATED"])

_COLOURS = {"COMPLETED": "green", "FAILED": "red", "TERMINATED": "yellow", "RUNNING": "cyan"}


class Progress(Protocol):
    """Entered before the first ``show`` and left after the last."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, node_executions: Sequence[Mapping[str, Any]]) -> None: ...


def for_output(graph: Mapping[str, Any]) -> Progress:
    """What suits where the output goes. ``graph`` gives the nodes their names."""
    names = {node["id"]: node.get("metadata", {}).get("customized_name", node["id"]) for node in graph["nodes"]}
    return _LiveTable(names) if sys.stdout.isatty() else _Lines(names)


class _Lines:
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._shown: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()

    def show(self, node_executions: Sequence[Mapping[str, Any]]) -> None:
        for row in node_executions:
            if self._shown.get(row["id"]) != row["status"]:
                self._shown[row["id"]] = row["status"]
                name = self._names.get(row["node_id"], row["node_id"])
                print(f"  {row['status']:<10} {name} ({row['block_type']}) {_duration(row)}".rstrip(), flush=True)


class _LiveTable:
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._live = Live(console=Console(), refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, node_executions: Sequence[Mapping[str, Any]]) -> None:
        table = Table("Node", "Block", "Status", "Duration", box=None, padding=(0, 2))
        for row in node_executions:
            status = row["status"]
            shown = f"[{_COLOURS.get(status, 'white')}]{status}[/]"
            name = self._names.get(row["node_id"], row["node_id"])
            table.add_row(name, row["block_type"], shown, _duration(row))
        self._live.update(table)


def _duration(row: Mapping[str, Any]) -> str:
    """From its start to its end, in milliseconds; nothing while it has not ended."""
    started, completed = row.get("started_at"), row.get("completed_at")
    if not started or not completed:
        return ""
    seconds = (datetime.fromisoformat(completed) - datetime.fromisoformat(started)).total_seconds()
    return f"{seconds * 1000:.0f} ms"
