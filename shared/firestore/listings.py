"""Which agents are in the store? Listings, and under each what was published of it.

path      listings/{id}, the id derived from the graph's; listings/{id}/releases/{number}
fields    user_id (the creator), graph_id, status, title, description, category, tags, media_urls, creator_name,
          creator_picture, version, graph_version, submission_id, pending_id, featured, revision, downloads,
          rating_count, rating_sum, counted_at, created_at, updated_at, published_at, schema_version; of a release:
          number, submission_id, graph_version, parts, title, changes, published_at, schema_version
queries   by id; of a creator and all of them, by name (user_id, single field); releases by number, newest first.
          What everybody sees is found through the catalogue (``catalogue.py``)
hottest   a listing, when its figures are brought up to date: ``figures.EVERY`` apart at least
pruned    with the account of its creator; a withdrawn one stays, for its ratings and its place
size      under 40 KB
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1 import AsyncCollectionReference, AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.store import Card, Creator, Figures, Listing, ListingStatus
from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
_CARD = [field.name for field in dataclasses.fields(Card)]
_FIGURES = [field.name for field in dataclasses.fields(Figures)]
_PLAIN = (
    *("graph_id", "version", "graph_version", "submission_id", "pending_id", "featured", "revision"),
    *("created_at", "updated_at", "published_at", "counted_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A published version. Its frozen copy lies under its submission, in so many ``parts``."""

    listing_id: str
    number: int
    submission_id: str
    graph_version: int
    parts: int
    title: str
    changes: str
    published_at: datetime


def write(listing: Listing) -> commits.Write:
    """For the commit of a change; on the fence that it carries, or, without one, of a new listing."""
    return commits.Write(ref=_ref(listing.id), data=_encode(listing), fence=listing.fence or None)


def write_release(release: Release) -> commits.Write:
    fields = {f.name: getattr(release, f.name) for f in dataclasses.fields(release) if f.name != "listing_id"}
    ref = _releases(release.listing_id).document(str(release.number))
    return commits.Write(ref=ref, data={**fields, "schema_version": SCHEMA_VERSION})


@operation
async def find(listing_id: str) -> Listing | None:
    """A listing, whatever its status."""
    return _decode(await _ref(listing_id).get())


@operation
async def find_all(listing_ids: Sequence[str]) -> dict[str, Listing]:
    """Several, in one call; those that are not there are left out."""
    refs = [_ref(one) for one in listing_ids]
    found = [_decode(snapshot) async for snapshot in client().get_all(refs)] if refs else []
    return {one.id: one for one in found if one is not None}


@operation
async def of_creator(user_id: str, after: str | None, limit: int) -> list[Listing]:
    """A creator's, whatever their status, by id."""
    return await _read(_collection().where(filter=FieldFilter("user_id", "==", user_id)), after, limit)


@operation
async def all_of_them(after: str | None, limit: int) -> list[Listing]:
    """All listings, by id."""
    return await _read(_collection(), after, limit)


@operation
async def find_release(listing_id: str, number: int) -> Release | None:
    return _release(listing_id, await _releases(listing_id).document(str(number)).get())


@operation
async def releases(listing_id: str, below: int | None, limit: int) -> list[Release]:
    """The published versions under a number, newest first."""
    query = _releases(listing_id).order_by("number", direction="DESCENDING")
    query = query.start_after({"number": below}) if below is not None else query
    found = [_release(listing_id, snapshot) async for snapshot in query.limit(limit).stream()]
    return [one for one in found if one is not None]


async def _read(query: Any, after: str | None, limit: int) -> list[Listing]:
    query = query.order_by("__name__")
    query = query.start_after({"__name__": _ref(after)}) if after is not None else query
    found = [_decode(snapshot) async for snapshot in query.limit(limit).stream()]
    return [one for one in found if one is not None]


def _collection() -> AsyncCollectionReference:
    return client().collection("listings")


def _ref(listing_id: str) -> AsyncDocumentReference:
    return _collection().document(listing_id)


def _releases(listing_id: str) -> AsyncCollectionReference:
    return _ref(listing_id).collection("releases")


def _encode(one: Listing) -> dict[str, Any]:
    return {
        "user_id": one.creator.id,
        "creator_name": one.creator.name,
        "creator_picture": one.creator.picture,
        "status": one.status,
        **{name: getattr(one, name) for name in _PLAIN},
        **encode_card(one.card),
        **{name: getattr(one.figures, name) for name in _FIGURES},
        "schema_version": SCHEMA_VERSION,
    }


def _decode(snapshot: DocumentSnapshot[Any]) -> Listing | None:
    if not snapshot.exists:
        return None
    row: dict[str, Any] = snapshot.to_dict() or {}
    return Listing(
        id=snapshot.id,
        creator=Creator(id=row["user_id"], name=row["creator_name"], picture=row["creator_picture"]),
        status=ListingStatus(row["status"]),
        card=decode_card(row),
        figures=Figures(**{name: row[name] for name in _FIGURES}),
        **{name: row[name] for name in _PLAIN},
        fence=commits.fence_of(snapshot.update_time),
    )


def encode_card(card: Card) -> dict[str, Any]:
    return {
        **{name: getattr(card, name) for name in _CARD},
        "tags": list(card.tags),
        "media_urls": [*card.media_urls],
    }


def decode_card(row: Mapping[str, Any]) -> Card:
    return Card(**{name: row[name] for name in _CARD})


def _release(listing_id: str, snapshot: DocumentSnapshot[Any]) -> Release | None:
    if not snapshot.exists:
        return None
    row: dict[str, Any] = snapshot.to_dict() or {}
    names = [field.name for field in dataclasses.fields(Release) if field.name != "listing_id"]
    return Release(listing_id=listing_id, **{name: row[name] for name in names})
