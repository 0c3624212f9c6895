"""Which image stands for a prompt? A small PNG of one colour, always the same."""

import hashlib
import struct
import zlib

SIDE = 16


def draw(prompt: str) -> bytes:
    """A PNG (https://www.w3.org/TR/png-3/) of 16 x 16 pixels."""
    colour = hashlib.sha256(prompt.encode()).digest()[:3]
    rows = b"".join(b"\x00" + colour * SIDE for _ in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"tEXt", b"Comment\x00[stub]"), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
