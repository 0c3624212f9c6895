"""Why is a file not taken, and how much may looking at it cost?"""

import zlib
from dataclasses import dataclass, field, replace

from shared.domain.files import Reason

MAX_DEPTH = 2
"""Archives within archives: the file itself, and those in it."""
MAX_ENTRIES = 1_000
MAX_UNPACKED = 50_000_000
"""Bytes of all that is unpacked of one file, at every depth together; nothing is ever written to disk."""
MAX_RATIO = 100
RATIO_FROM = 1_000_000
"""Bytes from which the ratio counts: a short file of zeros harms nobody."""
_PIECE, _STEP = 64 * 1024, 256 * 1024


class Refused(Exception):
    """``opaque``: only that nobody knows what it is; such a thing may lie in an archive."""

    def __init__(self, reason: Reason, message: str, *, opaque: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.opaque = opaque


@dataclass(slots=True)
class _Spent:
    bytes: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may still be spent on one file. ``depth``: how many archives this lies in."""

    depth: int = 0
    _spent: _Spent = field(default_factory=_Spent)

    def deeper(self) -> "Budget":
        """For what lies in an archive. Refused: it is in too many."""
        if self.depth >= MAX_DEPTH:
            raise Refused(Reason.ARCHIVE_BOMB, f"Archives lie in archives more than {MAX_DEPTH} deep")
        return replace(self, depth=self.depth + 1)

    def entry(self) -> None:
        self._spent.entries += 1
        if self._spent.entries > MAX_ENTRIES:
            raise Refused(Reason.ARCHIVE_BOMB, f"It holds more than {MAX_ENTRIES:,} files")

    def unpacked(self, count: int) -> None:
        self._spent.bytes += count
        if self._spent.bytes > MAX_UNPACKED:
            raise Refused(Reason.ARCHIVE_BOMB, f"It unpacks to more than {MAX_UNPACKED:,} bytes")

    def inflate(self, packed: bytes, wbits: int, start: int = 0) -> tuple[bytes, int]:
        """(what the compressed stream at ``start`` holds, where it ends). What it says of its own size is not
        believed."""
        stream, size, taken = zlib.decompressobj(wbits), 0, start
        parts: list[bytes] = []
        try:
            while not stream.eof:
                piece = stream.unconsumed_tail
                if not piece:
                    piece = packed[taken : taken + _PIECE]
                    taken += len(piece)
                part = stream.decompress(piece, _STEP)
                if not part and not piece:
                    raise Refused(Reason.MALFORMED, "Its compressed data ends too early")
                size += len(part)
                self.unpacked(len(part))
                if size > RATIO_FROM and size > MAX_RATIO * (taken - start):
                    raise Refused(Reason.ARCHIVE_BOMB, f"It unpacks to more than {MAX_RATIO} times its size")
                parts.append(part)
        except zlib.error as error:
            raise Refused(Reason.MALFORMED, "Its compressed data is broken") from error
        return b"".join(parts), taken - len(stream.unused_data)


def malformed(what: str) -> Refused:
    return Refused(Reason.MALFORMED, f"It is not a whole and proper {what}")


def polyglot(message: str) -> Refused:
    return Refused(Reason.POLYGLOT, message)
