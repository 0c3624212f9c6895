"""Which vector stands for a text? One of unit length, always the same, and near to that of a text that shares
words, word pairs or parts of words with it."""

import hashlib
import itertools
import math
import re
from collections.abc import Iterator

DEFAULT_DIMENSIONS = 1536
MAX_DIMENSIONS = 4096
_WORD = re.compile(r"\w+", re.UNICODE)
_WORD_WEIGHT, _PAIR_WEIGHT, _PART_WEIGHT = 1.0, 0.7, 0.3


def embed(text: str, dimensions: int = DEFAULT_DIMENSIONS) -> list[float]:
    """``dimensions`` numbers, the squares of which add up to 1."""
    vector = [0.0] * dimensions
    for feature, weight in _features(text):
        digest = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
        vector[digest % dimensions] += weight if digest >> 63 else -weight
    length = math.sqrt(sum(value * value for value in vector))
    if length == 0.0:
        vector[0] = length = 1.0
    return [value / length for value in vector]


def _features(text: str) -> Iterator[tuple[str, float]]:
    words = _WORD.findall(text.lower())
    yield f"text:{'' if words else text}", 0.01
    for word in words:
        yield f"word:{word}", _WORD_WEIGHT
        for start in range(len(word) - 2):
            yield f"part:{word[start : start + 3]}", _PART_WEIGHT
    for first, second in itertools.pairwise(words):
        yield f"pair:{first} {second}", _PAIR_WEIGHT
