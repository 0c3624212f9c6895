"""What was a person told? One document a notice and person, whether they see it in their list or not.

Path: ``notifications/{notice id}``; whoever delivers the notice again collides with it.
Fields: user_id, kind, details (JSON text), boxes (of all, unread, digest those that it is in), at (when it happened),
    created_at, expire_at, schema_version.
Queries and their indexes: of a user in a box, newest first (user_id, boxes, created_at).
Hottest document: created, read, put into a digest.
Pruned by: TTL on expire_at, or its user.
Size: under 10 KB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.notices import Detail, Kind
from shared.firestore import client, commits, values
from shared.firestore.client import operation

KEPT = timedelta(days=90)
ALL, UNREAD, DIGEST = "all", "unread", "digest"

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    id: str
    user_id: str
    kind: Kind
    details: Mapping[str, Detail]
    boxes: Sequence[str]
    at: datetime
    created_at: datetime
    fence: str = ""


def new(one: Notification) -> commits.Write:
    data = {
        "schema_version": _SCHEMA_VERSION,
        "user_id": one.user_id,
        "kind": one.kind,
        "details": values.dump(dict(one.details)),
        "boxes": list(one.boxes),
        "at": one.at,
        "created_at": one.created_at,
        "expire_at": one.created_at + KEPT,
    }
    return commits.Write(ref=_ref(one.id), data=data)


def leave(one: Notification, box: str) -> commits.Write:
    """The write that takes it out of a box."""
    return commits.Write(ref=_ref(one.id), data={"boxes": firestore.ArrayRemove([box])}, fence=one.fence)


@operation
async def find(id_: str) -> Notification | None:
    return _decode(await _ref(id_).get())


@operation
async def put(ids: Sequence[str], box: str, *, into: bool) -> None:
    """Into a box, or out of it; whatever else is written to them meanwhile stays. What is gone is left out."""
    change = firestore.ArrayUnion([box]) if into else firestore.ArrayRemove([box])
    try:
        batch = client.client().batch()
        for id_ in ids:
            batch.update(_ref(id_), {"boxes": change})
        await batch.commit()
    except exceptions.NotFound:
        if len(ids) > 1:  # one of them: each by itself
            for id_ in ids:
                await put([id_], box, into=into)


@operation
async def list_of(user_id: str, box: str, after: tuple[datetime, str] | None, limit: int) -> list[Notification]:
    """A user's in a box, newest first."""
    query = (
        _in_box(user_id, box)
        .order_by("created_at", direction="DESCENDING")
        .order_by("__name__", direction="DESCENDING")
    )
    query = query.start_after({"created_at": after[0], "__name__": _ref(after[1])}) if after else query
    return [found async for s in query.limit(limit).stream() if (found := _decode(s)) is not None]


@operation
async def count(user_id: str, box: str) -> int:
    counted = await _in_box(user_id, box).count().get()
    return int(counted[0][0].value)


@operation
async def delete(id_: str) -> None:
    """Out of every list; the document stays, so that the notice is not delivered again."""
    try:
        await _ref(id_).update({"boxes": [], "details": "{}"})
    except exceptions.NotFound:
        return


def _in_box(user_id: str, box: str) -> Any:
    return (
        client.client()
        .collection("notifications")
        .where(filter=FieldFilter("user_id", "==", user_id))
        .where(filter=FieldFilter("boxes", "array_contains", box))
    )


def _ref(id_: str) -> firestore.AsyncDocumentReference:
    return client.client().collection("notifications").document(id_)


def _decode(snapshot: firestore.DocumentSnapshot[Any]) -> Notification | None:
    if not snapshot.exists:
        return None
    row: Mapping[str, Any] = snapshot.to_dict() or {}
    return Notification(
        id=snapshot.id,
        user_id=row["user_id"],
        kind=Kind(row["kind"]),
        details=values.load(row["details"]),
        boxes=row["boxes"],
        at=row["at"],
        created_at=row["created_at"],
        fence=commits.fence_of(snapshot.update_time),
    )
