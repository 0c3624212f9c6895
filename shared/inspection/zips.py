"""What lies in a ZIP archive? Read strictly, so that every program that unpacks it finds the same.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. Two readers of one archive differ where its two lists of
contents do, where entries overlap (https://www.bamsoftware.com/hacks/zipbomb/), or where something stands before,
between or behind them; none of that is taken. Sizes are measured, not believed.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.files import Reason
from shared.inspection.refusals import MAX_ENTRIES, Budget, Refused, malformed, polyglot

MAX_DIRECTORY = 1_000_000
_END = b"PK\x05\x06"
_END_SIZE, _LOCAL_SIZE = 22, 30
_DESCRIPTOR = 24
"""Bytes of a data descriptor at most, behind what it describes."""
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_STORED, _DEFLATED = 0, 8
_OUTSIDE = re.compile(r"^[/\\~]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|[\x00-\x1f\x7f]|\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    name: str
    content: bytes


def end_at(data: bytes) -> int | None:
    """Where the end record of an archive stands that is the end of the file; None: there is none."""
    position = data.rfind(_END, max(0, len(data) - _END_SIZE - 0xFFFF))
    while position >= 0:
        if len(data) >= position + _END_SIZE:
            (comment,) = struct.unpack_from("<H", data, position + 20)
            if position + _END_SIZE + comment == len(data):
                return position
        position = data.rfind(_END, max(0, len(data) - _END_SIZE - 0xFFFF), position)
    return None


def check_none_behind(data: bytes) -> None:
    """Refused: in what is no archive lies one, which programs that unpack find by its end."""
    end = data.rfind(_END)
    if end >= 0 and data.find(b"PK\x01\x02", 0, end) >= 0:
        raise polyglot("An archive hides in it")


def directory(data: bytes) -> list[zipfile.ZipInfo]:
    """The files of an archive, in the order in which they lie. Refused: it can be read in two ways, leads elsewhere,
    or is encrypted."""
    end = end_at(data)
    if end is None:
        raise polyglot("Something else stands behind the archive") if _END in data else malformed("ZIP archive")
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise Refused(Reason.ARCHIVE_BOMB, f"It holds more than {MAX_ENTRIES:,} files")
    if offset + size != end:
        raise polyglot("Something else stands before or within the archive")
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise malformed("ZIP archive") from error
    if len(entries) != count:
        raise malformed("ZIP archive")
    _check_names(entries)
    entries.sort(key=lambda one: one.header_offset)
    _check_places(data, entries, offset)
    return [one for one in entries if not one.is_dir()]


def read(data: bytes, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """What an entry holds. Refused: it is not what the directory says, or it is too much."""
    packed = _packed(data, info)
    if info.compress_type == _STORED:
        budget.unpacked(len(packed))
        content = packed
    elif info.compress_type == _DEFLATED:
        content, end = budget.inflate(packed, -zlib.MAX_WBITS)
        if end != len(packed):
            raise polyglot("Something else stands between the files of the archive")
    else:
        raise Refused(Reason.UNSUPPORTED_TYPE, "It is packed in a way that is not looked into; use deflate")
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise malformed("ZIP archive")
    return content


def entries(data: bytes, budget: Budget) -> Iterator[Entry]:
    for info in directory(data):
        budget.entry()
        yield Entry(name=info.filename, content=read(data, info, budget))


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for one in entries:
        name = one.orig_filename
        if leads_outside(name) or stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise outside(name)
        if one.flag_bits & _ENCRYPTED:
            raise Refused(Reason.ENCRYPTED, "It is encrypted, so nobody can look into it")
        if name.lower() in seen:
            raise malformed("ZIP archive")
        seen.add(name.lower())


def _check_places(data: bytes, entries: list[zipfile.ZipInfo], end: int) -> None:
    """Each entry begins where the one before ends, and is called the same in both lists."""
    position = 0
    for one in entries:
        if one.header_offset < position:
            raise Refused(Reason.ARCHIVE_BOMB, "Its files overlap")
        if one.header_offset > position + _DESCRIPTOR * bool(position):
            raise polyglot("Something else stands before or within the archive")
        if data[one.header_offset : one.header_offset + 4] != b"PK\x03\x04":
            raise malformed("ZIP archive")
        position = _start(data, one) + one.compress_size
        if position > end:
            raise malformed("ZIP archive")
    if end > position + _DESCRIPTOR:
        raise polyglot("Something else stands before or within the archive")


def _start(data: bytes, info: zipfile.ZipInfo) -> int:
    """Where the bytes of an entry begin."""
    at = info.header_offset
    try:
        flags, how = struct.unpack_from("<HH", data, at + 6)
        name, extra = struct.unpack_from("<HH", data, at + 26)
    except struct.error as error:
        raise malformed("ZIP archive") from error
    encoding = "utf-8" if flags & 0x800 else "cp437"
    local = data[at + _LOCAL_SIZE : at + _LOCAL_SIZE + name].decode(encoding, "replace")
    if local != info.orig_filename or how != info.compress_type or flags & _ENCRYPTED:
        raise malformed("ZIP archive")
    return at + _LOCAL_SIZE + name + extra


def _packed(data: bytes, info: zipfile.ZipInfo) -> bytes:
    start = _start(data, info)
    return data[start : start + info.compress_size]


def leads_outside(name: str) -> bool:
    return bool(_OUTSIDE.search(name)) or len(name) > 1_000


def outside(name: str) -> Refused:
    return Refused(Reason.ARCHIVE_PATH, f"It would write outside of its folder: {ascii(name)[:100]}")
