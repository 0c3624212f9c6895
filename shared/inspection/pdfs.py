"""Which PDFs may be kept? Those that are read; not those that run a script, start a program or carry other files.

What a document does by itself stands in its dictionaries (ISO 32000-1, 12.6.4), in the open or in compressed streams
of objects (7.5.7), which are unpacked here; one whose streams cannot be unpacked is not taken. ``#4a`` in a name is a
character (7.3.5). The file is not parsed, as what one program takes for a text another may take for an object: names
are looked for everywhere, and every mention of a stream of objects must be one that was looked into.
"""

import re
import zlib

from shared.domain.files import Reason
from shared.inspection.refusals import Budget, Refused, malformed, polyglot

_ACTS = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|ImportData|SubmitForm|GoToE|Rendition)(?![A-Za-z0-9#])"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECTS = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
_STREAM = re.compile(rb"\bstream\r?\n")
_NUMBERS = re.compile(rb"\s*\d+\s+\d+")
_ZLIB = b"\x78\x48\x58\x68\x08\x18\x28\x38"
"""First bytes of a stream that is packed by deflate."""
_STREAMS, _HEAD = 50_000, 16_384
"""Streams of a file, and bytes of a dictionary before one, that are looked at."""
_BEHIND = 2_048
"""Bytes that may stand behind the last end mark."""


def check(data: bytes, budget: Budget) -> None:
    """Refused: it acts, something stands behind it, or nobody can look into it."""
    end = data.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in data:
        raise malformed("PDF")
    if len(data) - end > _BEHIND:
        raise polyglot("Something else stands behind the PDF")
    plain = _unescaped(data)
    _check_names(plain)
    opened = 0
    for number, start in enumerate(_STREAM.finditer(data)):
        if number == _STREAMS:
            raise malformed("PDF")
        begins = data.rfind(b"obj", max(0, start.start() - _HEAD), start.start())
        if begins >= 0 and _OBJECTS.search(_unescaped(data[begins : start.start()])):
            opened += 1
            _check_names(_unescaped(_unpacked(data, start.end(), budget)))
    if opened != len(_OBJECTS.findall(plain)):
        raise malformed("PDF")


def _check_names(text: bytes) -> None:
    if found := _ACTS.search(text):
        raise Refused(
            Reason.ACTIVE_CONTENT, f"The PDF holds /{found[1].decode()}: print it to a new PDF, and send that"
        )


def _unpacked(data: bytes, start: int, budget: Budget) -> bytes:
    """The objects in a stream, which begin with numbers. One that is packed in another way than deflate, or
    encrypted, cannot be looked into."""
    if data[start] in _ZLIB and not _NUMBERS.match(data, start):
        content = budget.inflate(data, zlib.MAX_WBITS, start)[0]
    else:
        content = data[start : max(start, data.find(b"endstream", start))]
        budget.unpacked(len(content))
    if not _NUMBERS.match(content):
        raise Refused(Reason.ENCRYPTED, "It is encrypted, or packed in a way that nobody can look into")
    return content


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text) if b"#" in text else text
