"""What does everybody see of the store? Its listings, filtered, sorted and searched; creators; categories.

The catalogue says which listings a page has; the listings themselves are read with it, or known from before: an
instance keeps them for ``TTL_SECONDS``, as long as the catalogue names the same revision. So what left the store, or
changed, is never shown, and a page costs a read for each of its items at most.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Any

from shared import caches, clock
from shared.domain import errors
from shared.domain.store import Listing, ListingStatus
from shared.firestore import graphs, listings, opinions, submissions
from shared.firestore.listings import Release
from shared.services import catalogue, frozen_copies
from shared.services.catalogue import Filter
from shared.services.shelving import Entry

TTL_SECONDS = 300.0
MAX_KEPT = 2_000
MAX_DESCRIBED = 200
MAX_QUERY = 500

Resource = dict[str, Any]


class Kept:
    """Listings that this instance has read, with when."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Listing]] = OrderedDict()

    async def read(self, entries: Sequence[Entry]) -> list[Listing]:
        """In order; those that have left the store meanwhile are left out."""
        now = clock.monotonic()
        found = {one.id: kept for one in entries if (kept := self._find(one, now)) is not None}
        missing = [one.id for one in entries if one.id not in found]
        for one in (await listings.find_all(missing)).values():
            found[one.id] = one
            self._kept[one.id] = (now, one)
            self._kept.move_to_end(one.id)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        shown = [found[one.id] for one in entries if one.id in found]
        return [one for one in shown if one.status is ListingStatus.APPROVED]

    def _find(self, entry: Entry, now: float) -> Listing | None:
        read_at, kept = self._kept.get(entry.id, (0.0, None))
        fresh = kept is not None and now - read_at < TTL_SECONDS and kept.revision == entry.revision
        return kept if fresh else None


@caches.per_loop
def _kept() -> Kept:
    return Kept()


async def page(wanted: Filter, sorted_by: str | None, query: str, number: int, size: int) -> Resource:
    """``{items, total, page, page_size, total_pages}``. A query without an order is answered best first."""
    snapshot = await catalogue.current()
    if query.strip():
        from shared.services import searching

        found = await searching.search(snapshot, query.strip())
        found = found if wanted.is_open else [one for one in found if wanted.passes(one)]
        found = sorted(found, key=catalogue.ORDERS[sorted_by]) if sorted_by else found
    else:
        found = snapshot.find(wanted, sorted_by or "created")
    shown = found[(number - 1) * size : number * size]
    figures = {one.id: one for one in shown}
    return {
        "items": [resource(one, figures[one.id]) for one in await _kept().read(shown)],
        "total": len(found),
        "page": number,
        "page_size": size,
        "total_pages": -(-len(found) // size),
    }


async def get(listing_id: str) -> Resource:
    """A listing with its figures as they are now, and what its agent takes and gives. NotFound."""
    found = await published(listing_id)
    made = await release(listing_id, found.version)
    figures, about = await asyncio.gather(opinions.figures(listing_id), _about(made))
    counted = {"downloads": figures.downloads, "rating": figures.rating, "rating_count": figures.rating_count}
    return {**resource(found), **counted, **about}


_described: OrderedDict[str, Resource] = OrderedDict()


async def _about(made: Release) -> Resource:
    """What the agent of a release takes, gives and needs; kept, since it never changes."""
    known = _described.get(made.submission_id)
    if known is None:
        parts = await submissions.parts(made.submission_id, made.parts)
        known = {"forked_from": None, **(await asyncio.to_thread(frozen_copies.thaw, parts)).about}
        _described[made.submission_id] = known
        if len(_described) > MAX_DESCRIBED:
            _described.popitem(last=False)
    return known


async def versions(listing_id: str, size: int, below: int | None) -> tuple[list[Resource], int | None]:
    """A page of what was published of a listing, newest first, and the cursor of the next."""
    await published(listing_id)
    found = await listings.releases(listing_id, below, size + 1)
    return [_release(one) for one in found[:size]], found[size - 1].number if len(found) > size else None


async def version(listing_id: str, number: int) -> Resource:
    await published(listing_id)
    found = await listings.find_release(listing_id, number) if 0 < number < 2**31 else None
    if found is None:
        raise errors.NotFound(
            f"The listing {listing_id} has no version {number}.",
            reason="VERSION_NOT_FOUND",
            metadata={"listing_id": listing_id, "version": str(number)},
        )
    return {**_release(found), **await _about(found)}


async def creator(creator_id: str) -> Resource:
    """A creator's page: who they are, and what their listings come to. NotFound: they have none in the store."""
    snapshot = await catalogue.current()
    own = [one for one in snapshot.ordered("popular") if one.creator_id == creator_id]
    shown = await _kept().read(own[:1])
    if not shown:
        raise errors.NotFound(
            f"There is no creator {creator_id} in the store.",
            reason="CREATOR_NOT_FOUND",
            metadata={"creator_id": creator_id},
        )
    rated, stars = sum(one.rating_count for one in own), sum(one.rating_sum for one in own)
    return {
        "id": creator_id,
        "name": shown[0].creator.name,
        "picture": shown[0].creator.picture,
        "listings": len(own),
        "downloads": sum(one.downloads for one in own),
        "rating": stars / rated if rated else None,
        "rating_count": rated,
        "categories": sorted({one.category for one in own}),
    }


async def categories() -> Resource:
    """Every category and tag with how many listings have it, those of most first."""
    snapshot = await catalogue.current()
    in_category, tagged = Counter[str](), Counter[str]()
    for one in snapshot.entries:
        in_category[one.category] += 1
        tagged.update(one.tags)
    return {"categories": _counted(in_category, len(in_category)), "tags": _counted(tagged, 100)}


def _counted(found: Counter[str], most: int) -> list[Resource]:
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"name": name, "listings": count} for name, count in ordered[:most]]


async def published(listing_id: str) -> Listing:
    """A listing that is in the store. NotFound."""
    found = await listings.find(listing_id) if graphs.is_id(listing_id) else None
    if found is None or found.status is not ListingStatus.APPROVED:
        raise missing(listing_id)
    return found


async def release(listing_id: str, number: int | None = None) -> Release:
    """What is published of a listing: the version with this number, or the newest. NotFound."""
    found = await published(listing_id)
    made = await listings.find_release(listing_id, number or found.version)
    if made is None:
        raise missing(listing_id)
    return made


async def file_of(made: Release) -> Resource:
    """The frozen copy of a release, as a file that imports (``POST /graphs/import``)."""
    parts = await submissions.parts(made.submission_id, made.parts)
    return (await asyncio.to_thread(frozen_copies.thaw, parts)).file


def missing(listing_id: str) -> errors.NotFound:
    return errors.NotFound(
        f"There is no listing {listing_id} in the store.",
        reason="LISTING_NOT_FOUND",
        metadata={"listing_id": listing_id},
    )


def resource(one: Listing, entry: Entry | None = None) -> Resource:
    """A listing, with the figures of the catalogue where they are newer."""
    figures = one.figures
    downloads, rated = (entry.downloads, entry.rating_count) if entry else (figures.downloads, figures.rating_count)
    mean = (entry.mean if entry.rating_count else None) if entry else figures.rating
    return {
        "id": one.id,
        "title": one.card.title,
        "description": one.card.description,
        "category": one.card.category,
        "tags": one.card.tags,
        "media_urls": one.card.media_urls,
        "creator": {"id": one.creator.id, "name": one.creator.name, "picture": one.creator.picture},
        "status": one.status,
        "featured": one.featured,
        "version": one.version,
        "downloads": downloads,
        "rating": mean,
        "rating_count": rated,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "published_at": one.published_at,
    }


def _release(one: Release) -> Resource:
    return {
        "id": str(one.number),
        "listing_id": one.listing_id,
        "version": one.number,
        "title": one.title,
        "changes": one.changes,
        "published_at": one.published_at,
    }
