"""What is open in an execution that is to stop, and how does all of it end at once?

Each node execution is written by itself, on the state that was read: one that has moved on is seen by the next look,
and holds up no other (https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#batchwriterequest).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.records import NodeExecution
from shared.domain.statuses import FINAL, Event, Status, follow
from shared.firestore import client, commits, executions, node_executions

MAX_WRITES = 250
_WAITING = [Status.INCOMPLETE, Status.QUEUED, Status.REVIEW, Status.WAITING]
_DECISIVE = ["status", "cancel_requested", "suspended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What stopping has to know of a node execution. ``children``: the executions that it waits for."""

    ref: firestore.AsyncDocumentReference
    status: Status
    children: tuple[str, ...]
    update_time: str


def of(node: NodeExecution) -> Open:
    return Open(
        ref=executions.ref(node.execution_id).collection("nodes").document(node.id),
        status=node.status,
        children=node.children,
        update_time=node.update_time,
    )


async def open_ones(execution_id: str, limit: int) -> list[Open]:
    """Node executions that wait, that run and are not asked to cancel, and that are final and still active; of the
    first and the last at most ``limit`` each."""
    nodes = executions.ref(execution_id).collection("nodes")
    waiting = nodes.where(filter=FieldFilter("status", "in", _WAITING))
    running = nodes.where(filter=FieldFilter("status", "==", Status.RUNNING))
    ending = nodes.where(filter=FieldFilter("active", "==", True)).where(
        filter=FieldFilter("status", "in", sorted(FINAL))
    )
    found = await asyncio.gather(*(_open(query) for query in (waiting.limit(limit), running, ending.limit(limit))))
    return [one for some in found for one in some]


async def end(nodes: Sequence[Open], now: datetime) -> None:
    """Who waits is TERMINATED, who runs is asked to end, and who is final does nothing more."""
    writes = [commits.Write(ref=one.ref, data=_ended(one, now), fence=one.update_time) for one in nodes]
    chunks = [writes[first : first + MAX_WRITES] for first in range(0, len(writes), MAX_WRITES)]
    await asyncio.gather(*(commits.each(client.client(), chunk) for chunk in chunks))


def _ended(one: Open, now: datetime) -> dict[str, Any]:
    if one.status in FINAL:
        return {**node_executions.INACTIVE, "spreading": False}
    if one.status is Status.RUNNING:
        return {"cancel_requested": True}
    return {**node_executions.INACTIVE, "status": follow(Event.TERMINATE, one.status), "completed_at": now}


async def _open(query: firestore.AsyncQuery) -> list[Open]:
    found = [snapshot async for snapshot in query.select(_DECISIVE).stream()]
    fields = [(snapshot, snapshot.to_dict() or {}) for snapshot in found]
    return [
        Open(
            ref=snapshot.reference,
            status=Status(of["status"]),
            children=tuple((of.get("suspended") or {}).get("execution_ids", ())),
            update_time=commits.fence_of(snapshot.update_time),
        )
        for snapshot, of in fields
        if not of.get("cancel_requested")
    ]
