"""Of which kind is a file, by its content, and may it be kept?

    content.kind(data)  ->  "image/png", or Refused with the reason

What is taken is told by rules of our own, since each kind is then looked into as such; puremagic names what is not.
"""

import io
import tarfile
import zlib

import puremagic

from shared.domain.files import Reason
from shared.inspection import images, media, office, pdfs, texts, zips
from shared.inspection.refusals import Budget, Refused, malformed, polyglot

_EXECUTABLE = (
    (b"MZ", "a program for Windows"),
    (b"\x7fELF", "a program for Linux"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"\xce\xfa\xed\xfe", "a program for macOS"),
    (b"\xfe\xed\xfa\xce", "a program for macOS"),
    (b"\xfe\xed\xfa\xcf", "a program for macOS"),
    (b"\xca\xfe\xba\xbe", "a Java class or a program for macOS"),
    (b"\x00asm", "a WebAssembly module"),
    (b"dex\n", "a program for Android"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut"),
    (b"!<arch>", "a package or library"),
    (b"\xed\xab\xee\xdb", "a package"),
    (b"ITSF", "compiled help, which may run scripts"),
)
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"MSCF\x00\x00\x00\x00")
"""Of which nobody looks into; they may hide in other files."""
_CLOSED = (*_ARCHIVES, b"BZh", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"LZIP", b"\x1f\x9d", b"\x1f\xa0", b"xar!")
_DISK_AT = 32_769
"""Where a disk image says so (ECMA-119, 8.4)."""
_PROGRAMS_IN_ARCHIVES = ("meta-inf/manifest.mf", "classes.dex", "androidmanifest.xml", "appxmanifest.xml")


def kind(data: bytes, budget: Budget | None = None) -> str:
    """The media type, one of ``domain.file_types``. Refused."""
    budget = budget or Budget()
    if not data:
        raise Refused(Reason.EMPTY, "It is empty", opaque=True)
    _check_start(data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(data, budget)
    if data.startswith(b"\x1f\x8b"):
        return _gzip(data, budget)
    if _is_tar(data):
        return _tar(data, budget)
    found = _single(data, budget)
    if found is None:
        raise _unknown(data)
    _check_alone(data, found)
    return found


def _check_start(data: bytes) -> None:
    """Refused: a program, or an archive that nobody looks into. Their first letters may also begin a text."""
    program = next((name for start, name in _EXECUTABLE if data.startswith(start)), None)
    if data[_DISK_AT : _DISK_AT + 5] == b"CD001":
        program = "a disk image"
    if program and texts.decoded(data) is None:
        raise Refused(Reason.EXECUTABLE, f"It is {program}")
    if data.startswith(_CLOSED) and texts.decoded(data) is None:
        raise Refused(Reason.UNSUPPORTED_TYPE, "It is an archive that is not looked into: use ZIP or tar.gz")


def _single(data: bytes, budget: Budget) -> str | None:
    """The kind of what is no archive; None: it is of none that is taken."""
    for start, name in _PICTURES:
        if data.startswith(start):
            images.check(name, data)
            return name
    if data.startswith(b"%PDF-"):
        pdfs.check(data, budget)
        return "application/pdf"
    if data.startswith(office.OLE):
        return office.compound(data)
    if found := _contained(data):
        return found
    text = texts.decoded(data)
    return texts.kind(text) if text is not None else media.mpeg_audio(data)


def _contained(data: bytes) -> str | None:
    match data[:4]:
        case b"RIFF" if data[8:12] == b"WEBP":
            images.check("image/webp", data)
            return "image/webp"
        case b"RIFF" if data[8:12] == b"WAVE":
            return media.wave(data)
        case b"OggS":
            return media.ogg(data)
        case b"fLaC":
            return media.flac(data)
        case b"PAR1":
            return media.parquet(data)
        case b"\x1a\x45\xdf\xa3":
            return media.matroska(data)
        case _:
            return media.boxes(data) if data[4:8] == b"ftyp" else None


def _check_alone(data: bytes, found: str) -> None:
    """Refused: another file hides in it."""
    if texts.decoded(data) is not None and found != "application/pdf":
        return
    zips.check_none_behind(data)
    if any(start in data for start in _ARCHIVES):
        raise polyglot("An archive hides in it")
    if found != "application/pdf" and b"%PDF-" in data[:1024]:
        raise polyglot("A PDF hides in it")


def _zip(data: bytes, budget: Budget) -> str:
    listed = zips.directory(data)
    names = [one.filename.lower() for one in listed]
    if any(name in _PROGRAMS_IN_ARCHIVES or name.endswith(".class") for name in names):
        raise Refused(Reason.EXECUTABLE, "It is a program for Java, Android or Windows")
    document = office.zipped(data, listed, budget)
    if document is not None:
        return document
    inner = budget.deeper()
    for entry in zips.entries(data, inner):
        _check_entry(entry.name, entry.content, inner)
    return "application/zip"


def _gzip(data: bytes, budget: Budget) -> str:
    """Any number of members, one behind the other, that make one file; a tar archive in it is the same archive."""
    inner, position = budget.deeper(), 0
    parts: list[bytes] = []
    while position < len(data):
        if not data.startswith(b"\x1f\x8b", position):
            if data[position:].strip(b"\0"):
                raise polyglot("Something else stands behind the archive")
            break
        inner.entry()
        part, position = inner.inflate(data, zlib.MAX_WBITS | 16, position)
        parts.append(part)
    content = b"".join(parts)
    if _is_tar(content):
        _tar(content, budget)
    else:
        _check_entry("the file in it", content, inner)
    return "application/gzip"


def _is_tar(data: bytes) -> bool:
    return data[257:262] == b"ustar" and len(data) >= 512


def _tar(data: bytes, budget: Budget) -> str:
    inner = budget.deeper()
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                inner.entry()
                if zips.leads_outside(member.name) or not (member.isreg() or member.isdir()) or member.issparse():
                    raise zips.outside(member.name)
                opened = archive.extractfile(member) if member.isreg() else None
                if opened is not None:
                    content = opened.read()
                    if len(content) != member.size:
                        raise malformed("tar archive")
                    inner.unpacked(len(content))
                    _check_entry(member.name, content, inner)
            end = archive.offset
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise malformed("tar archive") from error
    if data[end:].strip(b"\0"):
        raise polyglot("Something else stands behind the archive")
    return "application/x-tar"


def _check_entry(name: str, content: bytes, budget: Budget) -> None:
    """An archive is as its worst file; what nobody knows may lie in it."""
    try:
        kind(content, budget)
    except Refused as refused:
        if not refused.opaque:
            raise Refused(refused.reason, f"{ascii(name)[1:-1][:100]}: {refused.message}") from refused


def _unknown(data: bytes) -> Refused:
    name = ""
    try:
        name = next((one.name for one in puremagic.magic_string(data) if one.confidence >= 0.4), "")
    except (puremagic.PureError, ValueError):
        pass
    is_ = f"It seems to be of the kind {name!r}" if name else "Nobody knows what it is"
    return Refused(Reason.UNSUPPORTED_TYPE, f"{is_}, which is not taken", opaque=True)
