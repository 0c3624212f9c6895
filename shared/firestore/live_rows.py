"""What does a stream see of executions? Rows of the documents that concern it: now, at a time, and as they change.

Of no collection of its own: it reads executions, their node executions and pieces. Of a document only what a stream
tells is decoded.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1._helpers import decode_value
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.live import EXECUTION, NODE, PIECE, Key, Row
from shared.firestore import client, executions, listening, node_executions, pieces
from shared.firestore.client import operation
from shared.firestore.listening import Snapshot, Target

NEWEST = 50
"""Of a user's executions so many are followed."""

_STANDS = ("status", "created_at", "started_at", "completed_at", "error", "cost")
_SEEN = {
    EXECUTION: ("graph_id", "graph_version", *_STANDS),
    NODE: ("node_id", "block_type", "attempts", "order", *_STANDS),
    PIECE: ("node_execution_id", "node_id", "pin", "claim", "number", "offset", "text", "at"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Documents that are seen together: what each target has rows of. ``execution_id``: of which they are, if of
    one."""

    targets: tuple[tuple[str, Target], ...]
    execution_id: str = ""


def of_execution(execution_id: str) -> View:
    return View(
        execution_id=execution_id,
        targets=(
            (EXECUTION, executions.ref(execution_id)),
            (NODE, node_executions.collection(execution_id)),
            (PIECE, pieces.collection(execution_id)),
        ),
    )


def of_user(user_id: str) -> View:
    """Their newest executions."""
    query = executions.collection().where(filter=FieldFilter("user_id", "==", user_id))
    newest = query.order_by("created_at", direction="DESCENDING").limit(NEWEST)
    return View(targets=((EXECUTION, newest),))


def changes(view: View, snapshot: Snapshot) -> tuple[dict[Key, Row], list[Key]]:
    """Rows that are new or other than they were, and those that are gone."""
    rows: dict[Key, Row] = {}
    gone: list[Key] = []
    for (number, id_), document in snapshot.changes.items():
        kind = view.targets[number][0]
        if document is None:
            gone.append((kind, id_))
        else:
            made = client.client()
            values = document.fields
            fields = {name: decode_value(values[name], made) for name in _SEEN[kind] if name in values}
            rows[kind, id_] = _row(view, fields, document.update_time, document.create_time)
    return rows, gone


@operation
async def read(view: View, time: int | None) -> tuple[dict[Key, Row], int] | None:
    """The rows at a time, or now, and that time. None: it is too long ago."""
    try:
        found = await _read(view, time)
    except listening.TOO_OLD:
        if time is None:
            raise
        return None
    return found


async def _read(view: View, time: int | None) -> tuple[dict[Key, Row], int]:
    kind, first = view.targets[0]
    at = None if time is None else _moment(time)
    rows: dict[Key, Row] = {}
    if isinstance(first, firestore.AsyncDocumentReference):
        snapshot = await first.get(read_time=at)
        rows |= _rows(view, kind, [snapshot])
        at = at or snapshot.read_time
        rest = view.targets[1:]
    else:
        rest = view.targets
    lists = await asyncio.gather(*(_all(target, at) for _, target in rest))
    for (kind, _), snapshots in zip(rest, lists, strict=True):
        rows |= _rows(view, kind, snapshots)
    if at is None:
        raise TypeError("what begins with a query is read at a time")
    return rows, listening.micros(at)


async def _all(target: Target, at: datetime | None) -> list[Any]:
    assert not isinstance(target, firestore.AsyncDocumentReference)
    return [snapshot async for snapshot in target.stream(read_time=at)]


def _rows(view: View, kind: str, snapshots: Iterable[Any]) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for snapshot in snapshots:
        if snapshot.exists:
            values: Mapping[str, Any] = snapshot.to_dict() or {}
            fields = {name: values[name] for name in _SEEN[kind] if name in values}
            rows[kind, snapshot.id] = _row(view, fields, snapshot.update_time, snapshot.create_time)
    return rows


def _row(view: View, fields: dict[str, Any], updated: Any, created: Any) -> Row:
    """``error``: as clients see it."""
    if view.execution_id:
        fields["execution_id"] = view.execution_id
    if fields.get("error"):
        names = ("reason", "message", "node_id", "node_execution_id")
        fields["error"] = {name: fields["error"].get(name) for name in names}
    return Row(version=listening.micros(updated), created=listening.micros(created), fields=fields)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
