"""Is it one sound or film and nothing else? Containers are walked from end to end.

RIFF: https://learn.microsoft.com/windows/win32/xaudio2/resource-interchange-file-format--riff-; boxes of ISO/IEC
14496-12 (MP4, QuickTime, HEIC, AVIF): https://developer.apple.com/documentation/quicktime-file-format/atoms; pages of
Ogg: https://www.rfc-editor.org/rfc/rfc3533#section-6; EBML: https://www.rfc-editor.org/rfc/rfc8794
"""

import struct

from shared.inspection.images import check_script
from shared.inspection.refusals import malformed, polyglot

_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif",
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"msf1": "image/heic", b"heim": "image/heic",
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime",
}  # fmt: skip
_VIDEO_BRANDS = (b"iso", b"mp4", b"M4V", b"avc1", b"MSNV", b"dash", b"3gp")


def boxes(data: bytes) -> str | None:
    """The media type of boxes that fill the file; None: of a brand that is not taken."""
    brand = data[8:12]
    found = _BRANDS.get(brand) or ("video/mp4" if brand.startswith(_VIDEO_BRANDS) else None)
    if found is None:
        return None
    position = 0
    while position < len(data):
        position = _box(data, position)
    if position != len(data):
        raise malformed("film, sound or picture")
    check_script(data)
    return found


def _box(data: bytes, position: int) -> int:
    """Behind a box. A size of 0 reaches to the end, one of 1 stands in the next eight bytes."""
    if position + 8 > len(data):
        raise malformed("film, sound or picture")
    size, name = struct.unpack_from(">I4s", data, position)
    if not all(32 <= one < 127 or one == 0xA9 for one in name):
        raise polyglot("Something else stands behind the boxes of the file")
    if size == 0:
        return len(data)
    if size == 1 and position + 16 <= len(data):
        size = struct.unpack_from(">Q", data, position + 8)[0]
    if size < 8:
        raise malformed("film, sound or picture")
    return position + size


def wave(data: bytes) -> str:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) + 1:
        raise malformed("WAVE sound")
    if data[end + (end & 1) :].strip(b"\0"):
        raise polyglot("Something else stands behind the sound")
    check_script(data)
    return "audio/wav"


def ogg(data: bytes) -> str:
    position = 0
    while position < len(data):
        if not data.startswith(b"OggS", position) or position + 27 > len(data):
            raise polyglot("Something else stands behind the pages of the file")
        table = data[position + 27 : position + 27 + data[position + 26]]
        position += 27 + data[position + 26] + sum(table)
    if position != len(data):
        raise malformed("Ogg file")
    check_script(data)
    return "audio/ogg"


def mpeg_audio(data: bytes) -> str | None:
    """Behind the tag, if there is one, a frame begins, and the next one where it ends."""
    position = 0
    if data.startswith(b"ID3"):
        sizes = data[6:10]
        if len(sizes) < 4 or any(one & 0x80 for one in sizes):
            return None
        position = 10 + sum(one << 7 * shift for one, shift in zip(sizes, (3, 2, 1, 0), strict=True))
    while position < len(data) and data[position] == 0:
        position += 1
    following = _frame(data, position)
    if following is None or (following < len(data) and _frame(data, following) is None):
        return None
    check_script(data)
    return "audio/mpeg"


_RATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_SAMPLES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _frame(data: bytes, position: int) -> int | None:
    """Behind a frame of layer III, the only one that is taken; None: there is none."""
    head = data[position : position + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate, sample = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sample == 3:
        return None
    kilobits, factor = _RATES[version != 3][rate], 144 if version == 3 else 72
    return position + factor * 1000 * kilobits // _SAMPLES[version][sample] + (head[2] >> 1 & 1)


def matroska(data: bytes) -> str | None:
    """WebM, and what it is made of; None: another EBML document."""
    if b"webm" not in data[:64] and b"matroska" not in data[:64]:
        return None
    check_script(data)
    return "video/webm"


def flac(data: bytes) -> str:
    """The first block describes the stream, in 34 bytes (https://www.rfc-editor.org/rfc/rfc9639#section-8.2)."""
    if data[4:8] not in (b"\x00\x00\x00\x22", b"\x80\x00\x00\x22"):
        raise malformed("FLAC sound")
    check_script(data)
    return "audio/flac"


def parquet(data: bytes) -> str:
    """Its marks stand at both ends (https://parquet.apache.org/docs/file-format/)."""
    if len(data) < 12 or not data.endswith(b"PAR1") or int.from_bytes(data[-8:-4], "little") > len(data) - 12:
        raise malformed("Parquet file")
    return "application/vnd.apache.parquet"
