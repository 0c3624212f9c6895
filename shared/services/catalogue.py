"""What is in the store, as this instance knows it? All entries, as of the moment of the question.

An instance holds every shelf. Each question asks Firestore for those that changed since, which is one read as long as
none did; a change by another instance is seen by the next question. After ``TTL_SECONDS`` all are read anew, whatever
is known.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from shared import caches, clock
from shared.firestore import catalogue
from shared.firestore.catalogue import Shelf
from shared.services import shelving
from shared.services.shelving import Entry

TTL_SECONDS = 300.0
OVERLAP = timedelta(seconds=10)
"""Times of the server and the order of commits may differ by less: what changed so shortly before what is known is
asked for again, until the newest change is known for as long."""
INSTANT = timedelta(microseconds=1)
"""The least between two times of the server."""

ORDERS: Mapping[str, Callable[[Entry], Any]] = {
    "popular": lambda one: (-one.downloads, -one.mean, -one.rating_count, -one.created_at, one.id),
    "rating": lambda one: (-one.mean, -one.rating_count, -one.created_at, one.id),
    "recent": lambda one: (-one.updated_at, one.id),
    "created": lambda one: (-one.created_at, one.id),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """``None`` and "" let all through. ``creator``: the id of one, or the name, whatever its case."""

    featured: bool | None = None
    creator: str = ""
    category: str = ""

    def passes(self, one: Entry) -> bool:
        return (
            (self.featured is None or one.featured == self.featured)
            and (not self.category or one.category.casefold() == self.category.casefold())
            and (not self.creator or self.creator == one.creator_id or _same(self.creator, one.creator_name))
        )

    @property
    def is_open(self) -> bool:
        return self.featured is None and not self.creator and not self.category


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A shelf, read: its entries, and the vector of each that has one."""

    fence: str
    changed_at: datetime
    counted_at: datetime | None
    entries: Sequence[Entry]
    vectors: Mapping[str, bytes]


@dataclass(frozen=True)
class Snapshot:
    """All entries at one time. ``kept``: what others compute of it once, by name."""

    shelves: Mapping[int, Held]
    kept: dict[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def entries(self) -> Sequence[Entry]:
        return [entry for _, shelf in sorted(self.shelves.items()) for entry in shelf.entries]

    def ordered(self, by: str) -> Sequence[Entry]:
        """All, in one of ``ORDERS``."""
        if by not in self.kept:
            self.kept[by] = sorted(self.entries, key=ORDERS[by])
        return self.kept[by]

    def find(self, wanted: Filter, by: str) -> Sequence[Entry]:
        """Those that pass, in one of ``ORDERS``."""
        found = self.ordered(by)
        return found if wanted.is_open else [one for one in found if wanted.passes(one)]


class Catalogue:
    """What an instance knows of all shelves."""

    def __init__(self) -> None:
        self._shelves: dict[int, Held] = {}
        self._seen: datetime | None = None
        self._seen_at = 0.0
        self._settled = False  # whether all that is as old as the newest change, or older, has been seen
        self._read_at = 0.0
        self._snapshot = Snapshot({})

    async def current(self) -> Snapshot:
        """As of now: what was committed before this is called is in it."""
        now = clock.monotonic()
        since = self._since(now)
        news = await (catalogue.every() if since is None else self._changed(since))
        known = self._shelves
        news = [one for one in news if one.number not in known or known[one.number].fence != one.fence]
        read = dict(zip([one.number for one in news], await asyncio.to_thread(_read, news), strict=True))
        for number, shelf in read.items():
            held = self._shelves.get(number)  # another question may have brought a newer one meanwhile
            if held is None or shelf.changed_at >= held.changed_at:
                self._shelves[number] = shelf
        seen = max((one.changed_at for one in self._shelves.values()), default=None)
        if seen != self._seen:
            self._seen, self._seen_at, self._settled = seen, clock.monotonic(), False
        elif now - self._seen_at >= OVERLAP.total_seconds():
            self._settled = True
        self._read_at = now if since is None else self._read_at
        if read:
            self._snapshot = Snapshot(dict(self._shelves))
        return self._snapshot

    def _since(self, now: float) -> datetime | None:
        """From when on changes are asked for; None: all is read anew. Many shelves may be as new as the newest, which
        are not to be asked for at each question until the next change comes."""
        if self._seen is None or now - self._read_at >= TTL_SECONDS:
            return None
        return self._seen + INSTANT if self._settled else self._seen - OVERLAP

    async def _changed(self, since: datetime) -> list[Shelf]:
        fences = await catalogue.changed(since)
        known = self._shelves
        return await catalogue.read([n for n, fence in fences.items() if n not in known or known[n].fence != fence])


@caches.per_loop
def here() -> Catalogue:
    """That of this instance."""
    return Catalogue()


async def current() -> Snapshot:
    return await here().current()


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _read(shelves: Sequence[Shelf]) -> list[Held]:
    return [
        Held(
            fence=shelf.fence,
            changed_at=shelf.changed_at,
            counted_at=shelf.counted_at,
            entries=[shelving.load(listing_id, text) for listing_id, text in sorted(shelf.entries.items())],
            vectors=shelf.vectors,
        )
        for shelf in shelves
    ]
