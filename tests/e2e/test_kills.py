"""The process that serves the functions is killed again and again while executions run: nothing is lost, and nothing
that has completed is done again.

``KILLS=50 EXECUTIONS=100 pytest tests/e2e/test_kills.py -s`` is the long run.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from launched import FINAL, Launched, Stack, await_until
from test_main_job import EXPECTED, ITEMS, PAIRS, create
from test_stopping import all_nodes

from tests.conftest import Tell

KILLS = int(os.environ.get("KILLS", "2"))
EXECUTIONS = int(os.environ.get("EXECUTIONS", "8"))
SEED = int(os.environ.get("KILLS_SEED", "1"))
LONGEST = 240.0 + 8.0 * KILLS
"""Seconds in which everything is to be over."""

Graph = tuple[list[dict[str, Any]], list[str]]

GATHER: Graph = (
    [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "items"}},
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "ask", "block_type": "AI_TEXT_GENERATOR", "input_data": {"sys_prompt": "Answer."}},
        {"id": "all", "block_type": "GATHER"},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "answers"}},
    ],
    ["in.result -> each.items", "each.item -> ask.prompt", "ask.response -> all.item", "all.items -> out.value"],
)
WORDS = [f"Word {n}." for n in range(20)]

LOOP: Graph = (
    [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "items"}},
        {"id": "seed", "block_type": "CREATE_LIST", "input_data": {"values": []}},
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "add", "block_type": "ADD_TO_LIST"},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "lists"}},
    ],
    [
        "in.result -> each.items",
        "seed.list -> add.list",
        "add.updated_list -> add.list",
        "each.item -> add.entry",
        "add.updated_list -> out.value",
    ],
)
TURNS = list(range(8))

CASES: dict[str, tuple[Graph, list[Any]]] = {
    "pairs": (PAIRS, ITEMS),
    "gather": (GATHER, WORDS),
    "loop": (LOOP, TURNS),
}


class Killer(threading.Thread):
    """Kills the functions' process of a launcher at random moments; the launcher starts it again."""

    def __init__(self, launcher: int, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._launcher = launcher
        self._random = random.Random(seed)
        self._pause = threading.Event()
        self._kills = kills
        self.killed: list[int] = []

    def run(self) -> None:
        for _ in range(self._kills):
            process = await_until(self._fresh, 60, "the functions' process")
            self._pause.wait(self._random.uniform(0.5, 4.0))
            os.kill(process, signal.SIGKILL)
            self.killed.append(process)

    def _fresh(self) -> int | None:
        """The functions' process, unless it has been killed."""
        return next((pid for pid in functions_of(self._launcher) if pid not in self.killed), None)


def functions_of(launcher: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == launcher and "local.functions_host" in stat.with_name("cmdline").read_text():
                yield int(stat.parent.name)
        except OSError:
            continue


class Watcher:
    """Starts executions and looks at them through an API that fails now and then."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.graphs = {name: create(client, *graph) for name, (graph, _) in CASES.items()}
        self.seen: dict[str, dict[str, Any]] = {}

    def start(self, name: str) -> str | None:
        body = {"input_data": {"items": CASES[name][1]}}
        answer = self._client.post(f"/graphs/{self.graphs[name]}/executions", json=body)
        return answer.json()["execution_id"] if answer.status_code == 200 else None

    def started(self) -> list[dict[str, Any]]:
        """All that were accepted, also those whose answer was lost."""
        found: list[dict[str, Any]] = []
        token = ""
        while token is not None:
            page = self._get("/executions", page_size=100, page_token=token)
            found += page["items"]
            token = page["next_page_token"]
        return found

    def look(self, execution_id: str) -> None:
        """Remember what has completed."""
        try:
            nodes = all_nodes(self._client, execution_id)
        except (httpx.HTTPError, KeyError, ValueError):
            return
        for node in nodes:
            if node["status"] == "COMPLETED":
                self.seen.setdefault(node["id"], told(node))

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            answer = self._client.get(path, params=query)
            return answer.json() if answer.status_code == 200 else None

        return await_until(found, 60, path)


def told(node: dict[str, Any]) -> dict[str, Any]:
    """What may not change any more once a node execution has completed."""
    return {name: node[name] for name in ("completed_at", "attempts", "output", "status", "input")}


@pytest.mark.timeout(60 + 2 * LONGEST)
def test_whatever_is_killed_everything_ends_right_and_nothing_is_done_again(tmp_path: Path, tell: Tell) -> None:
    environment = {"RATE_LIMIT_PER_MINUTE": "0", "MAX_CONCURRENT_EXECUTIONS": "0", "LEASE_SECONDS": "3"}
    options = ("--functions", "functions/manifest.yaml", "--indexes", "terraform/firestore.indexes.json")
    # What it says about the kills is more than a pipe holds that nobody reads.
    launched = Launched(tmp_path / "data", *options, environment=environment, stdout=subprocess.DEVNULL)
    launched.wait_until_up()
    stack = Stack(launched)
    try:
        client = stack.client()
        watcher = Watcher(client)
        expected = {name: stack.run(client, id_, {"items": CASES[name][1]}) for name, id_ in watcher.graphs.items()}
        assert expected["pairs"]["output"] == EXPECTED
        assert expected["loop"]["output"] == {"lists": [TURNS[: n + 1] for n in TURNS]}
        assert len(expected["gather"]["output"]["answers"][0]) == len(WORDS)
        killer = Killer(launched.process.pid, KILLS, SEED)
        killer.start()
        _disturb(watcher, killer)
        _await_all(watcher)
        _check(watcher, {watcher.graphs[name]: execution for name, execution in expected.items()})
        tell(
            f"kills: {len(killer.killed)} kills, {len(watcher.started())} executions, {len(watcher.seen):,} looked at"
        )
    finally:
        stack.close()
        launched.end()


def _disturb(watcher: Watcher, killer: Killer) -> None:
    """Executions are started, and looked at, until all kills are done."""
    names = [name for n, name in zip(range(EXECUTIONS), list(CASES) * EXECUTIONS, strict=False)]
    ids: list[str] = []
    while names or killer.is_alive():
        most = EXECUTIONS * (len(killer.killed) + 1) / KILLS
        if names and len(ids) < most and (id_ := watcher.start(names[0])) is not None:
            ids.append(id_)
            names.pop(0)
        elif ids:
            watcher.look(random.Random(len(watcher.seen)).choice(ids))
    killer.join()
    assert len(killer.killed) == KILLS


def _await_all(watcher: Watcher) -> None:
    def over() -> bool:
        return all(execution["status"] in FINAL for execution in watcher.started())

    deadline = time.monotonic() + LONGEST
    while not over():
        assert time.monotonic() < deadline, [e for e in watcher.started() if e["status"] not in FINAL]
        threading.Event().wait(0.5)


def _check(watcher: Watcher, expected: dict[str, dict[str, Any]]) -> None:
    executions = watcher.started()
    assert len(executions) >= EXECUTIONS
    left = dict(watcher.seen)
    for execution in executions:
        undisturbed = expected[execution["graph_id"]]
        assert (execution["status"], execution["output"]) == ("COMPLETED", undisturbed["output"]), execution
        nodes = all_nodes(watcher._client, execution["id"])
        assert len({node["id"] for node in nodes}) == len(nodes)
        assert len(nodes) == len(all_nodes(watcher._client, undisturbed["id"]))
        assert {(node["status"], node["attempts"]) for node in nodes} <= {("COMPLETED", 1), ("INCOMPLETE", 0)}
        for node in nodes:
            before = left.pop(node["id"], None)
            assert before in (None, told(node))
    assert left == {}
