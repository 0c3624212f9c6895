"""What was frozen, when an agent was submitted? The copy out of its parts, and into them."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.firestore import submissions, values


@dataclass(frozen=True, slots=True, kw_only=True)
class Thawed:
    """``file``: the agent, as it imports; ``about``: what it takes, gives and needs."""

    file: dict[str, Any]
    about: dict[str, Any]


def thaw(parts: Sequence[bytes]) -> Thawed:
    """What was frozen."""
    found = values.load(zlib.decompress(b"".join(parts)).decode())
    return Thawed(file=found["file"], about=found["about"])


def pack(file: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    return zlib.compress(values.dump({"file": file, "about": about}).encode())


def parts(packed: bytes) -> list[bytes]:
    """As they lie in documents."""
    size = submissions.PART_BYTES
    return [packed[start : start + size] for start in range(0, len(packed), size)]
