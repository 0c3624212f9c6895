"""What is in the store, small enough that an instance holds all of it? An entry for each approved listing.

path      shelves/{0 … SHELVES - 1}; a listing's shelf follows from its id
fields    entries (map: listing id -> JSON text), vectors (map: listing id -> bytes), changed_at (of the server),
          counted_at (when figures were last written into it)
queries   those changed since a time (changed_at, single field); all of them
hottest   a shelf: written by each approval, and once a minute at most for the figures of all its listings
pruned    an entry goes in the commit that takes its listing out of the store
size      an entry takes about 1.4 KB: about 750 listings a shelf, 36,000 in all (docs/adr/0063)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.firestore import commits
from shared.firestore.client import client, operation

SHELVES = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """``fence``: the document's update_time; of equal ones the content is equal."""

    number: int
    entries: Mapping[str, str]
    vectors: Mapping[str, bytes]
    changed_at: datetime
    counted_at: datetime | None
    fence: str


def shelf_of(listing_id: str) -> int:
    return identity.shard(listing_id, SHELVES)


def put(entries: Mapping[str, tuple[str, bytes | None]], counted_at: datetime | None = None) -> list[commits.Write]:
    """For a commit: entries with their vectors; None: the vector stays as it is. ``counted_at``: they have new
    figures."""
    writes: dict[int, dict[str, Any]] = {}
    for listing_id, (entry, vector) in entries.items():
        data = writes.setdefault(shelf_of(listing_id), {"entries": {}, "vectors": {}})
        data["entries"][listing_id] = entry
        if vector is not None:
            data["vectors"][listing_id] = vector
    if counted_at is not None:
        writes = {number: {**data, "counted_at": counted_at} for number, data in writes.items()}
    return [_write(number, data) for number, data in writes.items()]


def remove(listing_id: str) -> commits.Write:
    """For the commit that takes a listing out of the store. What is not there is fine."""
    gone = {listing_id: firestore.DELETE_FIELD}
    return _write(shelf_of(listing_id), {"entries": gone, "vectors": gone})


@operation
async def every() -> list[Shelf]:
    return [_decode(snapshot) async for snapshot in client().collection("shelves").stream()]


@operation
async def changed(since: datetime) -> dict[int, str]:
    """The shelves that changed at or after a time of the server, with the fence of each: without what is on them,
    which is up to 1 MiB."""
    query = client().collection("shelves").where(filter=FieldFilter("changed_at", ">=", since)).select(["changed_at"])
    return {int(snapshot.id): commits.fence_of(snapshot.update_time) async for snapshot in query.stream()}


@operation
async def read(numbers: Collection[int]) -> list[Shelf]:
    """Shelves as they are now."""
    refs = [client().collection("shelves").document(str(number)) for number in numbers]
    found = [snapshot async for snapshot in client().get_all(refs)] if refs else []
    return [_decode(snapshot) for snapshot in found if snapshot.exists]


def _write(number: int, data: Mapping[str, Any]) -> commits.Write:
    kept = {name: one for name, one in data.items() if one}
    ref = client().collection("shelves").document(str(number))
    return commits.Write(ref=ref, data={**kept, "changed_at": firestore.SERVER_TIMESTAMP}, merged=True)


def _decode(snapshot: firestore.DocumentSnapshot[Any]) -> Shelf:
    row: dict[str, Any] = snapshot.to_dict() or {}
    return Shelf(
        number=int(snapshot.id),
        entries=row.get("entries") or {},
        vectors=row.get("vectors") or {},
        changed_at=row["changed_at"],
        counted_at=row.get("counted_at"),
        fence=commits.fence_of(snapshot.update_time),
    )
