"""What do users think of a listing, and who downloaded it? One document for a user and listing, so nothing is hot.

path      ratings/{id}, downloads/{id}; ids derived from listing and user: one of each
fields    user_id, listing_id, stars, comment, revision, created_at, updated_at, schema_version; of a download:
          user_id, listing_id, version, created_at, schema_version. Both: recount, the listing whose figures may not
          count it yet. Of one that was deleted and not yet counted out: recount and is_gone alone
queries   ratings of a listing, newest first (listing_id, updated_at); count and sum of a listing (listing_id, stars);
          downloads of a listing (listing_id); those to be counted (recount, single field)
hottest   one user's own; the figures of a listing are one write for all that came since the last
          (``services/figures.py``)
pruned    by their users; with their accounts
size      a comment, under 10 KB
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1 import AsyncCollectionReference, AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import store
from shared.domain.records import Lost
from shared.domain.store import Figures, Rating
from shared.firestore import commits
from shared.firestore.client import client, operation

MAX_BATCH = 400
SCHEMA_VERSION = 1
_PLAIN = ("listing_id", "user_id", "stars", "comment", "revision", "created_at", "updated_at")

Kind = Literal["ratings", "downloads"]
After = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """A rating or download that the figures of its listing may not count as it is."""

    kind: Kind
    id: str
    listing_id: str
    is_gone: bool
    fence: str


def write_rating(rating: Rating) -> commits.Write:
    """For a commit; on its fence, or, without one, of a new rating."""
    data = {name: getattr(rating, name) for name in _PLAIN}
    data |= {"recount": rating.listing_id, "is_gone": False, "schema_version": SCHEMA_VERSION}
    return commits.Write(ref=_ref("ratings", rating.id), data=data, fence=rating.fence or None)


@operation
async def find_rating(rating_id: str) -> Rating | None:
    """One that was deleted and not counted out yet has no stars."""
    return _decode(await _ref("ratings", rating_id).get())


@operation
async def delete_rating(rating: Rating) -> bool:
    """It says nothing any more, and goes when it is counted out. False: it has changed, or is gone."""
    gone = dict.fromkeys([name for name in _PLAIN if name != "revision"], firestore.DELETE_FIELD)
    data = {**gone, "recount": rating.listing_id, "is_gone": True}
    write = commits.Write(ref=_ref("ratings", rating.id), data=data, fence=rating.fence)
    return not isinstance(await commits.commit(client(), [write]), Lost)


@operation
async def forget(kind: Kind, user_id: str, limit: int) -> int:
    """An account goes: what it said is counted out, and what stays until then does not know who said it. How many
    that were."""
    query = _collection(kind).where(filter=FieldFilter("user_id", "==", user_id)).limit(limit)
    found = [snapshot async for snapshot in query.stream()]
    batch = client().batch()
    for snapshot in found:
        row: dict[str, Any] = snapshot.to_dict() or {}
        kept = {"revision": row["revision"]} if "revision" in row else {}
        batch.set(snapshot.reference, {**kept, "recount": row["listing_id"], "is_gone": True})
    if found:
        await batch.commit()
    return len(found)


@operation
async def add_download(listing_id: str, user_id: str, version: int, now: datetime) -> bool:
    """False: the user's is there already; it counts once."""
    data = {
        "user_id": user_id,
        "listing_id": listing_id,
        "version": version,
        "created_at": now,
        "recount": listing_id,
        "is_gone": False,
        "schema_version": SCHEMA_VERSION,
    }
    try:
        await _ref("downloads", store.download_id(listing_id, user_id)).create(data)
    except exceptions.AlreadyExists:
        return False
    return True


@operation
async def list_of(listing_id: str, after: After | None, limit: int) -> list[Rating]:
    """The ratings of a listing, newest first."""
    query = _collection("ratings").where(filter=FieldFilter("listing_id", "==", listing_id))
    query = query.order_by("updated_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"updated_at": after[0], "__name__": _ref("ratings", after[1])})
    found = [_decode(snapshot) async for snapshot in query.limit(limit).stream()]
    return [one for one in found if one is not None]


@operation
async def figures(listing_id: str) -> Figures:
    """Of what is there now, exactly: computed by Firestore over the index, a read for each thousand
    (https://firebase.google.com/docs/firestore/query-data/aggregation-queries)."""
    rated = _collection("ratings").where(filter=FieldFilter("listing_id", "==", listing_id))
    (row,) = await rated.count(alias="count").sum("stars", alias="sum").get()
    told = {one.alias: one.value for one in row}
    (counted,) = (
        await _collection("downloads").where(filter=FieldFilter("listing_id", "==", listing_id)).count().get()
    )
    return Figures(downloads=int(counted[0].value), rating_count=int(told["count"]), rating_sum=int(told["sum"] or 0))


@operation
async def uncounted(kind: Kind, limit: int) -> list[Uncounted]:
    """Those that a listing's figures may not count yet, listing by listing."""
    query = _collection(kind).where(filter=FieldFilter("recount", ">", "")).order_by("recount")
    query = query.select(["recount", "is_gone"]).limit(limit)
    return [_uncounted(kind, snapshot) async for snapshot in query.stream()]


@operation
async def set_counted(found: Sequence[Uncounted]) -> None:
    """The figures count them; one that has changed since it was found is left to be counted."""
    stay = [one for one in found if not one.is_gone]
    for start in range(0, len(stay), MAX_BATCH):
        writes = [
            commits.Write(ref=_ref(one.kind, one.id), data={"recount": firestore.DELETE_FIELD}, fence=one.fence)
            for one in stay[start : start + MAX_BATCH]
        ]
        await commits.each(client(), writes)
    for one in found:
        if one.is_gone:
            await _remove(one)


async def _remove(one: Uncounted) -> None:
    option = client().write_option(last_update_time=commits.timestamp(one.fence).timestamp_pb())
    try:
        await _ref(one.kind, one.id).delete(option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return  # its user has rated again


def _collection(kind: Kind) -> AsyncCollectionReference:
    return client().collection("ratings") if kind == "ratings" else client().collection("downloads")


def _ref(kind: Kind, id_: str) -> AsyncDocumentReference:
    return _collection(kind).document(id_)


def _uncounted(kind: Kind, snapshot: DocumentSnapshot[Any]) -> Uncounted:
    row: dict[str, Any] = snapshot.to_dict() or {}
    fence = commits.fence_of(snapshot.update_time)
    return Uncounted(
        kind=kind, id=snapshot.id, listing_id=row["recount"], is_gone=bool(row.get("is_gone")), fence=fence
    )


def _decode(snapshot: DocumentSnapshot[Any]) -> Rating | None:
    if not snapshot.exists:
        return None
    row: dict[str, Any] = snapshot.to_dict() or {}
    fence = commits.fence_of(snapshot.update_time)
    if row.get("is_gone"):
        return Rating.gone(snapshot.id, row["revision"], fence)
    return Rating(id=snapshot.id, **{name: row[name] for name in _PLAIN}, fence=fence)
