"""Which words of the store come near to one of a query? The same, of one stem, begun by it, or misspelt."""

import bisect
from collections import defaultdict
from dataclasses import dataclass, field

import Stemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA

SAME_STEM = 0.9
BEGUN, BEGUN_BY_WORD = 0.8, 0.6
"""Of a word that goes on where the query's ends; the second where the query's is a word itself."""
SHORTEST_PREFIX = 3
MAX_BEGUN = 200
SHORTEST_MISSPELT = 4
"""Characters from which on an error is looked for: in shorter words every other is near."""
LEAST_LIKENESS = 0.7
OTHER_START = 0.8
"""Who misspells rarely misspells the first letter."""
MAX_MISSPELT = 20


@dataclass(frozen=True, slots=True)
class Near:
    """``found``: number of a word -> how near it comes, 0 to 1. ``meant``: the word that a misspelt one stands
    for."""

    found: dict[int, float] = field(default_factory=dict[int, float])
    meant: str = ""


class Vocabulary:
    """Every word of the catalogue, with a number. It only grows."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: list[str] = []
        self._stems: dict[str, list[int]] = defaultdict(list)
        self._sorted: list[str] = []
        self._stemmer = Stemmer.Stemmer("english")

    def __len__(self) -> int:
        return len(self._words)

    def id(self, word: str) -> int:
        """The number of a word, which it keeps."""
        found = self._ids.get(word)
        if found is None:
            found = self._ids[word] = len(self._words)
            self._words.append(word)
            self._stems[self._stemmer.stemWord(word)].append(found)
        return found

    def near(self, word: str) -> Near:
        """Words that come near to one of a query."""
        found = dict.fromkeys(self._stems.get(self._stemmer.stemWord(word), ()), SAME_STEM)
        if word in self._ids:
            found[self._ids[word]] = 1.0
        is_known = bool(found)
        for one in self._begun(word):
            likeness = (BEGUN_BY_WORD if is_known else BEGUN) * (0.5 + 0.5 * len(word) / len(one))
            found.setdefault(self._ids[one], likeness)
        if is_known or len(word) < SHORTEST_MISSPELT:
            return Near(found)
        misspelt = self._misspelt(word)
        for one, likeness in misspelt.items():
            found[self._ids[one]] = max(found.get(self._ids[one], 0.0), likeness)
        return Near(found, max(misspelt, key=lambda one: misspelt[one], default=""))

    def _begun(self, word: str) -> list[str]:
        """Words that begin with it and go on."""
        if len(word) < SHORTEST_PREFIX:
            return []
        if len(self._sorted) != len(self._words):
            self._sorted = sorted(self._words)
        start = bisect.bisect_right(self._sorted, word)
        end = bisect.bisect_left(self._sorted, f"{word}\U0010ffff")
        return self._sorted[start : min(end, start + MAX_BEGUN)]

    def _misspelt(self, word: str) -> dict[str, float]:
        """Words that differ by a letter more, less, other or swapped, in long ones by two."""
        most = 1 if len(word) <= 5 else 2
        near = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=most, limit=MAX_MISSPELT)
        found = {one: _likeness(word, one, distance) for one, distance, _ in near if len(one) >= SHORTEST_MISSPELT}
        return {one: likeness for one, likeness in found.items() if likeness >= LEAST_LIKENESS}


def _likeness(word: str, other: str, distance: float) -> float:
    likeness = 1 - distance / max(len(word), len(other))
    return likeness if word[0] == other[0] else likeness * OTHER_START
