"""Which agents does a query mean? By their words, as written, as begun or as misspelt, and by their meaning.

The index is made of the catalogue's entries, in the memory of the instance: what an entry weighs by its words is
BM25 (https://en.wikipedia.org/wiki/Okapi_BM25) over the words that come near to each word of the query; what it
weighs by its meaning is the cosine of its vectors with that of the query, without what all agents have in common. The
two are added: that words agree counts the more the more of them do, so that a query in other words is not led astray
by one that it happens to share.
"""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared import caches
from shared.domain import words
from shared.services import meanings
from shared.services.catalogue import Held, Snapshot
from shared.services.meanings import Matrix
from shared.services.nearby_words import Vocabulary
from shared.services.shelving import Entry

SATURATION, LENGTH = 1.2, 0.5
"""k1 and b of BM25."""
AGREEMENT = 3
"""Power to which the share of the query that its words make up is raised before it is added."""
LEAST_WORDS = 0.15
"""Of the weight of a query that an entry must have by its words to be found by them."""
LEAST_MEANING, LEAST_BESIDE_WORDS = 0.05, 0.15
"""Cosine that an entry must have to be found by its meaning alone; the second is added as far as words agree."""
MOST_BY_MEANING = 200
"""Entries that are found by their meaning alone."""
PRIOR = 50
"""For how many entries the built-in idea of what agents have in common counts, beside those that are there."""
MAX_QUERIES = 500
"""Queries whose answers are kept with a snapshot."""

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Part:
    """The words and vectors of one shelf, as arrays."""

    ids: NDArray[np.int32]
    weights: Numbers
    counts: NDArray[np.int32]
    vectors: Mapping[int, bytes]


@dataclass(frozen=True)
class Index:
    """Of one snapshot. ``starts``: where each entry's words begin in ``ids`` and ``weights``."""

    entries: Sequence[Entry]
    vocabulary: Vocabulary
    ids: NDArray[np.int32]
    weights: Numbers
    starts: NDArray[np.int64]
    rarity: Numbers
    meaning: Matrix | None
    common: Matrix

    def by_words(self, text: str) -> tuple[Numbers, str]:
        """The share of the query's weight that each entry has, 0 to 1, and the query with the words that were
        meant beside those that look misspelt."""
        total = np.zeros(len(self.entries), dtype=np.float32)
        whole, meant = 0.0, [text]
        rarest = float(np.log1p(len(self.entries)))
        for word in dict.fromkeys(words.telling(words.of(text))):
            near = self.vocabulary.near(word)
            worth = np.zeros(len(self.rarity), dtype=np.float32)
            for id_, likeness in near.found.items():
                worth[id_] = likeness
            worth *= self.rarity
            total += np.maximum.reduceat(worth[self.ids] * self.weights, self.starts)
            whole += float(worth.max()) if near.found else rarest
            meant += [near.meant] if near.meant else []
        return total / max(whole, 1e-9), " ".join(meant)

    def by_meaning(self, vector: Matrix | None) -> Numbers:
        """The cosine of each entry's vectors with that of the query, their mean; 0 without one."""
        if self.meaning is None or vector is None or vector.shape != self.common.shape[1:]:
            return np.zeros(len(self.entries), dtype=np.float32)
        return self.meaning @ meanings.normal(vector - self.common).ravel() / np.float32(len(self.common))

    def found(self, by_words: Numbers, by_meaning: Numbers) -> list[Entry]:
        """What is near enough, nearest first; of equals the more popular."""
        agreed = float(by_words.max(initial=0.0)) ** 2
        least = LEAST_MEANING + LEAST_BESIDE_WORDS * agreed
        score = by_meaning + by_words**AGREEMENT
        meant = np.flatnonzero((by_meaning >= least) & (by_words < LEAST_WORDS))
        meant = meant[np.argsort(-by_meaning[meant], kind="stable")[:MOST_BY_MEANING]]
        spoken = np.flatnonzero(by_words >= LEAST_WORDS)
        chosen = np.concatenate([spoken, meant])
        popular = np.array([self.entries[one].downloads for one in chosen.tolist()], dtype=np.int64)
        order = np.lexsort((-popular, -score[chosen]))
        return [self.entries[one] for one in chosen[order].tolist()]


class Searcher:
    """Keeps the arrays of shelves that did not change from one snapshot to the next."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self._parts: dict[int, tuple[str, _Part]] = {}

    def index(self, snapshot: Snapshot) -> Index:
        made = snapshot.kept.get("index")
        if made is None:
            made = snapshot.kept["index"] = self._made(snapshot)
        return made

    def _made(self, snapshot: Snapshot) -> Index:
        parts = [self._part(number, shelf) for number, shelf in sorted(snapshot.shelves.items())]
        counts = np.concatenate([part.counts for part in parts])
        ids = np.concatenate([part.ids for part in parts])
        raw = np.concatenate([part.weights for part in parts])
        starts = np.cumsum(counts, dtype=np.int64) - counts
        lengths = np.add.reduceat(raw, starts)
        tempered = SATURATION * (1 - LENGTH + LENGTH * np.repeat(lengths / lengths.mean(), counts))
        holders = np.bincount(ids, minlength=len(self.vocabulary))
        entries = snapshot.entries
        meaning, common = _meaning(len(entries), parts)
        return Index(
            entries=entries,
            vocabulary=self.vocabulary,
            ids=ids,
            weights=(raw / (raw + tempered)).astype(np.float32),
            starts=starts,
            rarity=np.log1p((len(entries) - holders + 0.5) / (holders + 0.5)).astype(np.float32),
            meaning=meaning,
            common=common,
        )

    def _part(self, number: int, shelf: Held) -> _Part:
        kept = self._parts.get(number)
        if kept is None or kept[0] != shelf.fence:
            model = meanings.model_name()
            words_of = [entry.words or ("",) for entry in shelf.entries]
            weights_of = [entry.weights or (0,) for entry in shelf.entries]
            has = {n: shelf.vectors[one.id] for n, one in enumerate(shelf.entries) if one.id in shelf.vectors}
            part = _Part(
                np.fromiter((self.vocabulary.id(word) for one in words_of for word in one), dtype=np.int32),
                np.fromiter(itertools.chain.from_iterable(weights_of), dtype=np.float32),
                np.array([len(one) for one in words_of], dtype=np.int32),
                {n: vector for n, vector in has.items() if shelf.entries[n].model == model},
            )
            kept = self._parts[number] = (shelf.fence, part)
        return kept[1]


def _meaning(count: int, parts: Sequence[_Part]) -> tuple[Matrix | None, Matrix]:
    """The vectors without what they have in common, a row for each entry, and what that is, for each of a row."""
    first = np.cumsum([0, *(len(part.counts) for part in parts)])
    placed = {int(first[n]) + row: one for n, part in enumerate(parts) for row, one in part.vectors.items()}
    if not placed:
        return None, np.zeros((0, 0), dtype=np.float32)
    found = meanings.unpacked(list(placed.values()))
    prior = meanings.common()
    weight = 0 if prior is None else PRIOR
    mean = (found.sum(axis=0) + (0 if prior is None else prior * weight)) / (len(found) + (weight or PRIOR))
    rows = np.zeros((count, mean.size), dtype=np.float32)
    rows[list(placed)] = meanings.normal(found - mean).reshape(len(found), -1)
    return rows, mean.astype(np.float32)


@caches.per_loop
def _searcher() -> Searcher:
    return Searcher()


@caches.per_loop
def _one_at_a_time() -> asyncio.Lock:
    return asyncio.Lock()


async def search(snapshot: Snapshot, text: str) -> Sequence[Entry]:
    """The entries that a query means, best first; kept with the snapshot."""
    kept: dict[str, Sequence[Entry]] = snapshot.kept.setdefault("found", {})
    if text in kept:
        return kept[text]
    if not snapshot.entries:
        return []
    searcher = _searcher()
    async with _one_at_a_time():  # the vocabulary grows while an index is made
        index = await asyncio.to_thread(searcher.index, snapshot)
    by_words, meant = await asyncio.to_thread(index.by_words, text)
    vector = await meanings.find(meant)
    found = await asyncio.to_thread(lambda: index.found(by_words, index.by_meaning(vector)))
    while len(kept) >= MAX_QUERIES:
        del kept[next(iter(kept))]
    kept[text] = found
    return found
