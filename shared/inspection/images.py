"""Is it one picture and nothing else? Each format is walked from its first byte to its last.

PNG: https://www.w3.org/TR/png-3/#5DataRep, GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt, JPEG:
https://www.w3.org/Graphics/JPEG/itu-t81.pdf (B.1), WebP: https://developers.google.com/speed/webp/docs/riff_container
"""

import re
import struct

from shared.domain.files import Reason
from shared.inspection.refusals import Refused, malformed, polyglot

MAX_PIXELS = 50_000_000
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_FILL = b"\xff" * 1_000
_SCRIPT = re.compile(rb"<script|<\?php|<html|<iframe|<!doctype|javascript:|__halt_compiler", re.IGNORECASE)


def check(media_type: str, data: bytes) -> None:
    """Refused: it is no such picture, has too many pixels, or holds something else beside it."""
    walk = {"image/png": _png, "image/gif": _gif, "image/jpeg": _jpeg, "image/webp": _webp}[media_type]
    name = media_type.partition("/")[2].upper()
    try:
        end, width, height = walk(data)
    except (IndexError, struct.error) as error:
        raise malformed(f"{name} picture") from error
    if width <= 0 or height <= 0:
        raise malformed(f"{name} picture")
    if width * height > MAX_PIXELS:
        raise Refused(
            Reason.IMAGE_TOO_LARGE, f"The picture has {width:,} by {height:,} pixels, above {MAX_PIXELS:,} together"
        )
    if data[end:].strip(b"\0\r\n"):
        raise polyglot("Something else stands behind the picture")
    check_script(data)


def check_script(data: bytes) -> None:
    """Refused: what is no text holds a page or a program."""
    if found := _SCRIPT.search(data):
        raise polyglot(f"It holds {found[0].decode().lower()}, which is no part of such a file")


def _png(data: bytes) -> tuple[int, int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    position, first = 8, True
    while True:
        length, name = struct.unpack_from(">I4s", data, position)
        if first != (name == b"IHDR") or position + 12 + length > len(data):
            raise malformed("PNG picture")
        position, first = position + 12 + length, False
        if name == b"IEND":
            return position, width, height


def _gif(data: bytes) -> tuple[int, int, int]:
    width, height, packed = struct.unpack_from("<HHB", data, 6)
    position = 13 + _colours(packed)
    while (block := data[position]) != 0x3B:
        if block == 0x21:
            position = _sub_blocks(data, position + 2)
        elif block == 0x2C:
            position = _sub_blocks(data, position + 11 + _colours(data[position + 9]))
        else:
            raise malformed("GIF picture")
    return position + 1, width, height


def _colours(packed: int) -> int:
    """Bytes of a colour table."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _sub_blocks(data: bytes, position: int) -> int:
    """Behind a row of blocks that ends with an empty one."""
    while length := data[position]:
        position += 1 + length
    return position + 1


def _jpeg(data: bytes) -> tuple[int, int, int]:
    """With what phones add behind it: more whole pictures of the kind, as the Multi-Picture Format has them."""
    end, width, height = _one_jpeg(data, 0)
    while data.startswith(b"\xff\xd8\xff", end):
        end, _, _ = _one_jpeg(data, end)
    return end, width, height


def _one_jpeg(data: bytes, position: int) -> tuple[int, int, int]:
    width = height = 0
    position += 2
    while True:
        if data[position] != 0xFF:
            raise malformed("JPEG picture")
        while data.startswith(_FILL, position):
            position += len(_FILL) - 1
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker == 0xD9:
            return position + 2, width, height
        else:
            length = int.from_bytes(data[position + 2 : position + 4], "big")
            if length < 2:
                raise malformed("JPEG picture")
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack_from(">HH", data, position + 5)
            position += 2 + length
            if marker == 0xDA:
                position = _next_marker(data, position)


def _next_marker(data: bytes, position: int) -> int:
    """Behind the compressed data: the next marker that is neither a restart nor a byte of the data."""
    found = _MARKER.search(data, position)
    if found is None:
        raise malformed("JPEG picture")
    return found.start()


def _webp(data: bytes) -> tuple[int, int, int]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise malformed("WEBP picture")
    match data[12:16]:
        case b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        case _:
            raise malformed("WEBP picture")
    return end + (end & 1), width, height
