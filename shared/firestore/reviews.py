"""Reviews: one document each time that an execution asks a person.

Path: ``reviews/{node_execution_id}``.
Fields: user_id, execution_id, graph_id, graph_version, node_id, name, data, editable, status (PENDING, APPROVED,
    REJECTED, CLOSED), message, created_at, decided_at, schema_version.
Queries and their indexes: pending ones of a user, oldest first (user_id, status, created_at); of an execution
    (execution_id; single field).
Hottest document: two writes, asked and decided.
Pruned by: deletion of its execution.
Size: that of the data asked about, JSON text of at most ``MAX_TEXT`` bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.records import Lost
from shared.firestore import client, commits, values

_SCHEMA_VERSION = 1
PENDING, APPROVED, REJECTED, CLOSED = "PENDING", "APPROVED", "REJECTED", "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person is asked. ``id`` is that of the node execution that waits."""

    id: str
    user_id: str
    execution_id: str
    graph_id: str
    graph_version: int
    node_id: str
    name: str
    data: Any
    editable: bool
    created_at: datetime
    status: str = PENDING
    message: str = ""
    decided_at: datetime | None = None
    update_time: str = ""


def new(review: Review) -> commits.Write:
    """A question. With an ``update_time`` it takes the place of one of the same node execution that was decided."""
    data: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "user_id": review.user_id,
        "execution_id": review.execution_id,
        "graph_id": review.graph_id,
        "graph_version": review.graph_version,
        "node_id": review.node_id,
        "name": review.name,
        "data": values.dump(review.data),
        "editable": review.editable,
        "status": review.status,
        "created_at": review.created_at,
        **({"message": "", "decided_at": firestore.DELETE_FIELD} if review.update_time else {}),
    }
    return commits.Write(ref=_ref(review.id), data=data, fence=review.update_time or None)


def decided(review: Review, status: str, message: str, now: datetime) -> commits.Write:
    data = {"status": status, "message": message, "decided_at": now}
    return commits.Write(ref=_ref(review.id), data=data, fence=review.update_time)


async def apply(writes: list[commits.Write]) -> bool:
    """A decision and what it does to the node execution, together. False: one of them has changed."""
    return not isinstance(await commits.commit(client.client(), writes), Lost)


async def find(id_: str) -> Review | None:
    return _decode(await _ref(id_).get())


async def pending_of(user_id: str, after: tuple[datetime, str] | None, limit: int) -> list[Review]:
    """Those that wait for the user, oldest first."""
    query = (
        client.client()
        .collection("reviews")
        .where(filter=FieldFilter("user_id", "==", user_id))
        .where(filter=FieldFilter("status", "==", PENDING))
        .order_by("created_at")
        .order_by("__name__")
    )
    query = query.start_after({"created_at": after[0], "__name__": _ref(after[1])}) if after else query
    decoded = [_decode(s) async for s in query.limit(limit).stream()]
    return [review for review in decoded if review is not None]


async def close(id_: str, now: datetime) -> None:
    """Nobody needs the answer any more."""
    review = await find(id_)
    if review is not None and review.status == PENDING:
        await apply([decided(review, CLOSED, "", now)])


async def erase(execution_id: str, limit: int) -> bool:
    """Delete some of an execution's. False: there was none."""
    query = client.client().collection("reviews").where(filter=FieldFilter("execution_id", "==", execution_id))
    return await commits.erase(client.client(), query.limit(limit))


def _ref(id_: str) -> firestore.AsyncDocumentReference:
    return client.client().collection("reviews").document(id_)


def _decode(snapshot: firestore.DocumentSnapshot[Any]) -> Review | None:
    if not snapshot.exists:
        return None
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    return Review(
        id=snapshot.id,
        user_id=fields["user_id"],
        execution_id=fields["execution_id"],
        graph_id=fields["graph_id"],
        graph_version=fields["graph_version"],
        node_id=fields["node_id"],
        name=fields["name"],
        data=values.load(fields["data"]),
        editable=fields["editable"],
        created_at=fields["created_at"],
        status=fields["status"],
        message=fields.get("message", ""),
        decided_at=fields.get("decided_at"),
        update_time=commits.fence_of(snapshot.update_time),
    )
