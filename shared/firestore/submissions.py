"""What was submitted to the store, and what became of it? With the frozen copy that is reviewed and published.

path      submissions/{id}; its copy, zlib of JSON text in pieces, under submissions/{id}/parts/{position}
fields    user_id (the creator), listing_id, graph_id, graph_version, status, title, description, category, tags,
          media_urls, version, parts, reason, changes, created_at, reviewed_at, schema_version; of a
          part: data
queries   of a creator, newest first (user_id, created_at), and of one status (user_id, status, created_at); of a
          status, oldest first (status, created_at)
hottest   one submission: written when it is made, reviewed, withdrawn
pruned    with the account of its creator
size      under 40 KB; a part at most ``PART_BYTES``
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1 import AsyncCollectionReference, AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.store import Submission, SubmissionStatus
from shared.firestore import commits, listings
from shared.firestore.client import client, operation

PART_BYTES = 900_000
SCHEMA_VERSION = 1
_PLAIN = (
    *("listing_id", "graph_id", "graph_version", "version", "parts", "reason", "changes"),
    *("created_at", "reviewed_at"),
)

After = tuple[datetime, str]


def write(submission: Submission) -> commits.Write:
    """For the commit of a change; on the fence that it carries, or, without one, of a new submission."""
    data = {
        "user_id": submission.creator_id,
        "status": submission.status,
        **{name: getattr(submission, name) for name in _PLAIN},
        **listings.encode_card(submission.card),
        "schema_version": SCHEMA_VERSION,
    }
    return commits.Write(ref=_ref(submission.id), data=data, fence=submission.fence or None)


def write_parts(submission_id: str, parts: Sequence[bytes]) -> list[commits.Write]:
    return [
        commits.Write(ref=_parts(submission_id).document(str(position)), data={"data": part})
        for position, part in enumerate(parts)
    ]


@operation
async def find(submission_id: str) -> Submission | None:
    return _decode(await _ref(submission_id).get())


@operation
async def parts(submission_id: str, count: int) -> list[bytes]:
    """The frozen copy, piece by piece; what is not there is left out."""
    refs = [_parts(submission_id).document(str(position)) for position in range(count)]
    found = {int(s.id): (s.to_dict() or {})["data"] async for s in client().get_all(refs) if s.exists}
    return [found[position] for position in sorted(found)]


@operation
async def of_creator(user_id: str, status: str | None, after: After | None, limit: int) -> list[Submission]:
    """A creator's, newest first; with ``status`` those of it."""
    query = _collection().where(filter=FieldFilter("user_id", "==", user_id))
    if status is not None:
        query = query.where(filter=FieldFilter("status", "==", status))
    return await _page(query, after, limit, "DESCENDING")


@operation
async def of_status(status: str, after: After | None, limit: int) -> list[Submission]:
    """Everybody's of one status, oldest first: who waits longest is first."""
    query = _collection().where(filter=FieldFilter("status", "==", status))
    return await _page(query, after, limit, "ASCENDING")


async def _page(query: Any, after: After | None, limit: int, direction: str) -> list[Submission]:
    query = query.order_by("created_at", direction=direction).order_by("__name__", direction=direction)
    query = query.start_after({"created_at": after[0], "__name__": _ref(after[1])}) if after else query
    found = [_decode(snapshot) async for snapshot in query.limit(limit).stream()]
    return [one for one in found if one is not None]


def _collection() -> AsyncCollectionReference:
    return client().collection("submissions")


def _ref(submission_id: str) -> AsyncDocumentReference:
    return _collection().document(submission_id)


def _parts(submission_id: str) -> AsyncCollectionReference:
    return _ref(submission_id).collection("parts")


def _decode(snapshot: DocumentSnapshot[Any]) -> Submission | None:
    if not snapshot.exists:
        return None
    row: dict[str, Any] = snapshot.to_dict() or {}
    return Submission(
        id=snapshot.id,
        creator_id=row["user_id"],
        status=SubmissionStatus(row["status"]),
        card=listings.decode_card(row),
        **{name: row[name] for name in _PLAIN},
        fence=commits.fence_of(snapshot.update_time),
    )
