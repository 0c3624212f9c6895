"""Which office documents may be kept? Those that show something; not those with macros, or that load from elsewhere.

OOXML: https://ecma-international.org/publications-and-standards/standards/ecma-376/, OpenDocument:
https://docs.oasis-open.org/office/OpenDocument/v1.3/, the older ones are files in a file:
https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/
"""

import re
import zipfile

from shared.domain.files import Reason
from shared.inspection import zips
from shared.inspection.refusals import Budget, Refused, malformed, polyglot

_OOXML = "application/vnd.openxmlformats-officedocument"
_MAIN = {
    "word/": f"{_OOXML}.wordprocessingml.document",
    "xl/": f"{_OOXML}.spreadsheetml.sheet",
    "ppt/": f"{_OOXML}.presentationml.presentation",
}
_ODF = "application/vnd.oasis.opendocument."
_ODF_KINDS = frozenset({"text", "spreadsheet", "presentation"})
_MACRO_PARTS = re.compile(
    r"vbaproject|vbadata|/activex/|/macrosheets/|/dialogsheets/|/embeddings/.*\.(?:bin|exe|ole)$|"
    r"^(?:basic|scripts|object ?\d*/basic)/|attachedtoolbars",
    re.IGNORECASE,
)
_MACRO_TYPES = re.compile(rb"macroEnabled|vbaProject|activeX|vnd\.sun\.star\.basic", re.IGNORECASE)
_FETCHES = re.compile(
    rb"<(?:\w+:)?Relationship\b(?=[^<>]*TargetMode\s*=\s*[\"']External)"
    rb"(?=[^<>]*/(?:attachedTemplate|oleObject|frame|subDocument|control)[\"'])"
    rb"|<(?:\w+:)?Relationship\b(?=[^<>]*Target\s*=\s*[\"'](?:mhtml|ms-\w+):)",
    re.IGNORECASE,
)
_DDE = re.compile(rb"\bDDEAUTO\b|<(?:\w+:)?ddeLink\b|instrText[^<>]{0,200}>\s*DDE\s", re.IGNORECASE)
_ENTITY = re.compile(rb"<!(?:ENTITY|DOCTYPE)", re.IGNORECASE)
_LOOKED_INTO = (".xml", ".rels", "mimetype")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_KINDS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_OLE_MACROS = ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA", "Macros", "ObjectPool", "\x01Ole10Native")
_OLE_ENCRYPTED = ("EncryptedPackage", "EncryptionInfo")
_ENTRY, _NAME_BYTES = 128, 64


def zipped(data: bytes, entries: list[zipfile.ZipInfo], budget: Budget) -> str | None:
    """The media type of a document that is an archive; None: it is another archive. Refused: it acts."""
    names = [one.filename for one in entries]
    if "[Content_Types].xml" in names:
        found = next((kind for folder, kind in _MAIN.items() if any(name.startswith(folder) for name in names)), None)
        if found is None:
            raise Refused(Reason.UNSUPPORTED_TYPE, "It is an office document of a kind that is not taken")
    elif names[:1] == ["mimetype"]:
        found = zips.read(data, entries[0], budget).decode("ascii", "replace").strip()
        if found.removeprefix(_ODF) not in _ODF_KINDS:
            raise Refused(Reason.UNSUPPORTED_TYPE, f"It is {ascii(found)[:80]}, which is not taken")
    else:
        return None
    for one in entries:
        budget.entry()
        if _MACRO_PARTS.search(f"/{one.filename}") or _MACRO_PARTS.search(one.filename):
            raise _macros()
        content = zips.read(data, one, budget)
        if one.filename.lower().endswith(_LOOKED_INTO):
            _check_part(content)
        else:
            _check_carried(content, budget)
    return found


def _check_carried(content: bytes, budget: Budget) -> None:
    """Documents in a document are as it is; other archives and programs have no place there."""
    if content.startswith(OLE):
        compound(content)
    elif content.startswith(b"PK\x03\x04"):
        inner = budget.deeper()
        if zipped(content, zips.directory(content), inner) is None:
            raise polyglot("It carries an archive")
    elif content.startswith((b"MZ", b"\x7fELF")):
        raise Refused(Reason.EXECUTABLE, "It carries a program")


def _check_part(content: bytes) -> None:
    """A part in UTF-16 is looked at as UTF-8 too."""
    plain = content.replace(b"\0", b"") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else content
    if _MACRO_TYPES.search(plain) or _DDE.search(plain):
        raise _macros()
    if _FETCHES.search(plain):
        raise Refused(Reason.ACTIVE_CONTENT, "It loads a part of itself from elsewhere when it is opened")
    if _ENTITY.search(plain):
        raise Refused(Reason.ACTIVE_CONTENT, "It declares entities, which may read other files or grow without end")


def compound(data: bytes) -> str:
    """The media type of an older document, by the names in its directory. Refused: it acts, or is another thing."""
    names = _names(data)
    if names.intersection(_OLE_ENCRYPTED):
        raise Refused(Reason.ENCRYPTED, "It is encrypted, so nobody can look into it")
    if names.intersection(_OLE_MACROS):
        raise _macros()
    for name, kind in _OLE_KINDS.items():
        if name in names:
            return kind
    raise Refused(
        Reason.UNSUPPORTED_TYPE, "It is an installer, a mail or another file of Microsoft's that is not taken"
    )


def _names(data: bytes) -> set[str]:
    """Of all that looks like an entry of the directory: entries have 128 bytes and lie at multiples of that."""
    sector = 1 << int.from_bytes(data[30:32], "little") if len(data) > 512 else 0
    if sector not in (512, 4096):
        raise malformed("document")
    found: set[str] = set()
    for position in range(512, len(data) - _ENTRY + 1, _ENTRY):
        length = int.from_bytes(data[position + _NAME_BYTES : position + _NAME_BYTES + 2], "little")
        if 4 <= length <= _NAME_BYTES and not length % 2 and data[position + 66] in (1, 2, 5):
            found.add(data[position : position + length - 2].decode("utf-16-le", "replace"))
    return found


def _macros() -> Refused:
    return Refused(Reason.MACROS, "It holds macros or controls, which may run something: save it without them")
