"""Is it a text, and of which kind?

What a browser would take for HTML, by its first tag, is not taken; the tags and the bytes that no text holds are
those of https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type.
"""

import codecs
import csv
import io
import itertools
import re

import orjson

from shared.domain.file_types import PLAIN
from shared.domain.files import Reason
from shared.inspection import markup
from shared.inspection.refusals import Refused, malformed, polyglot

_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PAGE = re.compile(
    r"<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|link|img|form|base)"
    r"(?=[\s/>]|$)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_SERVER_SIDE = re.compile(r"<\?(?:php|=)|<%", re.IGNORECASE)
_ENCODING = re.compile(r"^(<\?xml[^>]*?)\s+encoding\s*=\s*(?:'[^'>]*'|\"[^\">]*\")")
_RTF_ACTS = re.compile(r"\\(?:object|objdata|objupdate|objocx|ddeauto|dde)(?![a-z])", re.IGNORECASE)
_BROKEN = re.compile(r"<(?:\?xml|!doctype|svg|\w+:svg)\b", re.IGNORECASE)
_BLANKS = re.compile(r"[\ufeff \t\r\n\x0c]*")
_DECLARATION = 200
"""Characters within which an XML declaration says its encoding."""
_LINES = 20
PDF_BEGINS_BY = 1024
"""Readers of PDFs look for their beginning in so many bytes (ISO 32000-1, implementation note 13 of its Annex H)."""
_PDF = re.compile(r"%PDF-\d")


def decoded(data: bytes) -> str | None:
    """None: it is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                return None
            return None if _BINARY.search(text.encode("utf-8", "replace")) else text
    if _BINARY.search(data):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def kind(text: str) -> str:
    """The media type of a text. Refused: it acts when it is opened."""
    start = text[_begin(text) :]
    if start.startswith("#!"):
        raise Refused(Reason.EXECUTABLE, "It is a script: its first line names the program that runs it")
    if _SERVER_SIDE.match(start):
        raise Refused(Reason.ACTIVE_CONTENT, "It is a page with a program in it")
    if _PAGE.match(start):
        raise Refused(Reason.ACTIVE_CONTENT, "It is a web page: send its text, or a PDF")
    if start.startswith("{\\rt"):
        return _rtf(start)
    if start.startswith("<") and (found := _markup(start)):
        return found
    if _BROKEN.match(start):
        raise malformed("XML document")
    if _PDF.search(text, 0, PDF_BEGINS_BY) and "endobj" in text and "startxref" in text:
        raise polyglot("It is a text and a PDF at once")
    return _json(start) or _table(start) or PLAIN


def _begin(text: str) -> int:
    """Behind blanks and comments, which a browser passes over too."""
    position = _BLANKS.match(text).end()  # pyright: ignore[reportOptionalMemberAccess] - it matches nothing too
    while comment := _COMMENT.match(text, position):
        position = comment.end()
    return position


def _markup(start: str) -> str | None:
    """Read as UTF-8, whatever its declaration says: it is decoded already."""
    head, rest = start[:_DECLARATION], start[_DECLARATION:]
    return markup.kind((_ENCODING.sub(r"\1", head) + rest).encode("utf-8", "replace"))


def _rtf(start: str) -> str:
    if _RTF_ACTS.search(start):
        raise Refused(Reason.MACROS, "It embeds objects, which may run something")
    return "application/rtf"


def _json(start: str) -> str | None:
    if start[:1] not in ("{", "["):
        return None
    if _is_json(start):
        return "application/json"
    lines = [line for line in itertools.islice(start.splitlines(), _LINES) if line.strip()]
    return "application/jsonl" if len(lines) > 1 and all(_is_json(line) for line in lines[:-1]) else None


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return False
    return True


def _table(start: str) -> str | None:
    """A table has the same number of columns, two or more, in its first lines."""
    head = "\n".join(itertools.islice(start[:100_000].splitlines(), _LINES))
    for delimiter in ",;\t":
        try:
            widths = {len(row) for row in csv.reader(io.StringIO(head), delimiter=delimiter, strict=True) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() > 1 and "\n" in head:
            return "text/csv"
    return None
