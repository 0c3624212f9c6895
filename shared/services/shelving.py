"""What does the catalogue say of a listing? Enough to filter, sort and find it; the rest is read with its page."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import orjson

from shared.domain import words
from shared.domain.store import Listing
from shared.firestore import catalogue, commits

MAX_WORDS = 120
"""Different words of a listing that a search knows: the heaviest, then the first."""
WEIGHTS: Mapping[str, int] = {"title": 6, "tags": 4, "category": 3, "creator": 3, "description": 2}
"""What a word counts, by where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``words`` and what each counts in ``weights``. ``model``: which the vector is of, "" without one. Times in
    seconds since the epoch."""

    id: str
    title: str
    category: str
    tags: Sequence[str]
    creator_id: str
    creator_name: str
    featured: bool
    downloads: int
    rating_count: int
    rating_sum: int
    created_at: float
    updated_at: float
    revision: int
    words: Sequence[str]
    weights: Sequence[int]
    model: str

    @property
    def mean(self) -> float:
        return self.rating_sum / self.rating_count if self.rating_count else 0.0


_NAMES = [field.name for field in fields(Entry) if field.name != "id"]


def entry(listing: Listing, model: str) -> Entry:
    counted = sorted(_counted(listing).items(), key=lambda pair: -pair[1])[:MAX_WORDS]
    return Entry(
        id=listing.id,
        title=listing.card.title,
        category=listing.card.category,
        tags=listing.card.tags,
        creator_id=listing.creator.id,
        creator_name=listing.creator.name,
        featured=listing.featured,
        downloads=listing.figures.downloads,
        rating_count=listing.figures.rating_count,
        rating_sum=listing.figures.rating_sum,
        created_at=listing.created_at.timestamp(),
        updated_at=listing.updated_at.timestamp(),
        revision=listing.revision,
        words=[word for word, _ in counted],
        weights=[weight for _, weight in counted],
        model=model,
    )


def _counted(listing: Listing) -> Mapping[str, int]:
    card = listing.card
    places = {
        "title": card.title,
        "tags": " ".join(card.tags),
        "category": card.category,
        "creator": listing.creator.name,
        "description": card.description,
    }
    counted: dict[str, int] = defaultdict(int)
    for place, text in places.items():
        for word in words.of(text):
            counted[word] += WEIGHTS[place]
    return counted


async def vector_of(listing: Listing) -> tuple[str, bytes | None]:
    """Model and vector. Without one a listing is found by its words alone: that the model is out of reach now must
    not keep it out of the store."""
    from shared.services import meanings

    card = listing.card
    name = f"{card.title}. {' '.join(card.tags)} {card.category}"
    return await meanings.packed(name, words.without_tags(card.description))


async def written(listing: Listing) -> list[commits.Write]:
    """For the commit that makes a listing visible, or changes its texts."""
    model, vector = await vector_of(listing)
    return put([(await asyncio.to_thread(entry, listing, model), vector)])


def put(entries: Sequence[tuple[Entry, bytes | None]], counted_at: datetime | None = None) -> list[commits.Write]:
    """For a commit; None: the vector stays as it is. ``counted_at``: they have new figures."""
    return catalogue.put({one.id: (_dump(one), vector) for one, vector in entries}, counted_at)


def removed(listing_id: str) -> list[commits.Write]:
    """For the commit that takes a listing out of the store."""
    return [catalogue.remove(listing_id)]


def load(listing_id: str, text: str) -> Entry:
    row: dict[str, Any] = orjson.loads(text)
    return Entry(id=listing_id, **{name: row[name] for name in _NAMES})


def _dump(one: Entry) -> str:
    return orjson.dumps({name: getattr(one, name) for name in _NAMES}).decode()
