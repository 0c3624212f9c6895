"""How is the body of an answer unpacked without filling the memory?

In parts of bounded size, whatever a part of the answer unpacks to, so that who reads can stop. Packed once: what was
packed several times is small on the way and without bounds here (https://www.rfc-editor.org/rfc/rfc9110#section-8.4).
"""

import zlib
from collections.abc import Iterator

ACCEPTED = "gzip, deflate"
PART = 1_000_000

_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_ZLIB = 8


class Packed:
    """``encoding``: the header Content-Encoding. ValueError: it is none that was asked for, or the body is not packed
    so."""

    def __init__(self, encoding: str) -> None:
        names = [one.strip().lower() for one in encoding.split(",")]
        names = [one for one in names if one not in ("", "identity")]
        if len(names) > 1 or not _WINDOWS.keys() >= set(names):
            raise ValueError(f"it is packed as {encoding[:100]}, and {ACCEPTED} were asked for")
        self._name = names[0] if names else ""
        self._inflating = zlib.decompressobj(_WINDOWS[self._name]) if names else None
        self._began = False

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """What ``chunk`` unpacks to, in parts of ``PART`` bytes at most."""
        if self._inflating is None or not chunk:
            yield chunk
            return
        if not self._began and self._name == "deflate" and chunk[0] & 0x0F != _ZLIB:
            self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)  # without its head, as many send it
        self._began = True
        try:
            while chunk:
                yield self._inflating.decompress(chunk, PART)
                chunk = self._inflating.unconsumed_tail
        except zlib.error as error:
            raise ValueError(str(error)) from error
