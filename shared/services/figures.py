"""How do ratings and downloads become figures of a listing, exactly, without a document that everybody writes?

Each rating and download is a document of its own, marked until it is counted. Who makes one counts right away where
the last count of the listing is ``EVERY`` ago; under a burst nobody else does, and ``tick`` counts what is left, a
write for each listing and each shelf. A count is a query over what is there, never an addition: whoever counts, and
however often, the figures are those of the documents.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared import caches, clock
from shared.domain.records import Lost
from shared.domain.store import Listing
from shared.firestore import catalogue as shelves
from shared.firestore import client as firestore
from shared.firestore import commits, listings, opinions
from shared.firestore.opinions import Kind, Uncounted
from shared.services import catalogue, shelving
from shared.services.catalogue import Snapshot
from shared.services.shelving import Entry
from shared.services.world import World

EVERY = timedelta(seconds=2)
"""Between two writes of a listing, and of a shelf, for figures by those who rate."""
MAX_A_RUN = 2_000
"""Ratings, and downloads, that one run of ``tick`` counts."""
MAX_TOGETHER = 100
"""Listings of a shelf whose figures are written in one commit."""
MAX_KNOWN = 10_000

_KINDS: tuple[Kind, ...] = ("ratings", "downloads")


@caches.per_loop
def _tried() -> OrderedDict[str, float]:
    """Listing -> when this instance last tried to count it: who comes in a burst does not even ask."""
    return OrderedDict()


async def refresh(world: World, listing: Listing) -> None:
    """Count a listing that somebody has just rated or downloaded, unless that was done just before."""
    tried, now = _tried(), clock.monotonic()
    if now - tried.get(listing.id, -EVERY.total_seconds()) < EVERY.total_seconds():
        return
    tried[listing.id] = now
    tried.move_to_end(listing.id)
    if len(tried) > MAX_KNOWN:
        tried.popitem(last=False)
    snapshot = await catalogue.current()
    number = shelves.shelf_of(listing.id)
    shelf = snapshot.shelves.get(number)
    if _recent(listing.counted_at, world.now()) or (shelf and _recent(shelf.counted_at, world.now())):
        return
    await _count(world, number, [listing.id], snapshot)


async def count_left(world: World) -> int:
    """Count what nobody has counted; how many ratings and downloads that were. Called by ``tick``."""
    found = [one for kind in _KINDS for one in await opinions.uncounted(kind, MAX_A_RUN)]
    if not found:
        return 0
    snapshot = await catalogue.current()
    of_shelf: dict[int, list[str]] = defaultdict(list)
    for listing_id in dict.fromkeys(one.listing_id for one in found):
        of_shelf[shelves.shelf_of(listing_id)].append(listing_id)
    done: set[str] = set()
    for number, listing_ids in of_shelf.items():
        together = listing_ids[:MAX_TOGETHER]
        if await _count(world, number, together, snapshot):
            done.update(together)
    await _mark([one for one in found if one.listing_id in done])
    return len(found)


async def _mark(found: Sequence[Uncounted]) -> None:
    await opinions.set_counted(found)


async def _count(world: World, shelf: int, listing_ids: Sequence[str], snapshot: Snapshot) -> bool:
    """The figures of listings of one shelf, in one commit. False: one has changed meanwhile. An entry is as new as
    its listing: had somebody changed both since they were read, the commit would lose on the listing."""
    found = await listings.find_all(listing_ids)
    held = snapshot.shelves.get(shelf)
    entries = {one.id: one for one in held.entries} if held else {}
    writes: list[commits.Write] = []
    counted: list[tuple[Entry, bytes | None]] = []
    for one in found.values():
        figures = await opinions.figures(one.id)
        if figures == one.figures:
            continue
        writes.append(listings.write(replace(one, figures=figures, counted_at=world.now())))
        entry = entries.get(one.id)
        if entry is not None and entry.revision == one.revision:
            numbers = {name: getattr(figures, name) for name in ("downloads", "rating_count", "rating_sum")}
            counted.append((replace(entry, **numbers), None))
    writes += shelving.put(counted, world.now())
    return not writes or not isinstance(await commits.commit(firestore.client(), writes), Lost)


def _recent(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < EVERY
