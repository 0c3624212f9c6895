"""Which accounts are being deleted?

path      deletions/{uid}
fields    requested_at, requested_by (the id of who asked for it), due_at, empty_since (when nothing of the account
          was left, for the first time; None before), schema_version
queries   those past due, the longest first (due_at, single field)
hottest   one account's own document, written about twice a minute while it is being deleted
pruned    with the last of the account
size      under 1 KB
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1._helpers import LastUpdateOption
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """``fence``: the document's update_time."""

    user_id: str
    requested_at: datetime
    requested_by: str
    empty_since: datetime | None
    fence: str


@operation
async def request(user_id: str, requested_by: str, now: datetime) -> None:
    """Have an account deleted. One that is being deleted already goes on as before."""
    document = {
        "requested_at": now,
        "requested_by": requested_by,
        "due_at": now,
        "empty_since": None,
        "schema_version": SCHEMA_VERSION,
    }
    try:
        await _reference(user_id).create(document)
    except exceptions.AlreadyExists:
        return


@operation
async def due(now: datetime, limit: int) -> list[Deletion]:
    """Those past due, the longest first."""
    query = client().collection("deletions").where(filter=FieldFilter("due_at", "<=", now)).order_by("due_at")
    return [_decode(snapshot) async for snapshot in query.limit(limit).stream()]


@operation
async def go_on(one: Deletion, due_at: datetime, empty_since: datetime | None) -> Deletion | None:
    """Look at it next at ``due_at``. None: somebody else has it, or it is over."""
    changes = {"due_at": due_at, "empty_since": empty_since}
    option = LastUpdateOption(commits.timestamp(one.fence).timestamp_pb())
    try:
        written = await _reference(one.user_id).update(changes, option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return None
    return Deletion(
        user_id=one.user_id,
        requested_at=one.requested_at,
        requested_by=one.requested_by,
        empty_since=empty_since,
        fence=commits.fence_of(written.update_time),
    )


@operation
async def end(user_id: str) -> None:
    """Nothing is left of the account."""
    await _reference(user_id).delete()


def _reference(user_id: str) -> AsyncDocumentReference:
    return client().collection("deletions").document(user_id)


def _decode(snapshot: DocumentSnapshot[Any]) -> Deletion:
    data: dict[str, Any] = snapshot.to_dict() or {}
    return Deletion(
        user_id=snapshot.id,
        requested_at=data["requested_at"],
        requested_by=data["requested_by"],
        empty_since=data["empty_since"],
        fence=commits.fence_of(snapshot.update_time),
    )
