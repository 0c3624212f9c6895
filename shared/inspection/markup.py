"""Which XML and SVG may be kept? What only describes; not what runs, loads from elsewhere or grows when it is read.

SVG is held to what an image may do (https://www.w3.org/TR/SVG2/conform.html#secure-static-mode): references to itself
and to pictures that it carries. HTML is not taken at all: a page can act in more ways than a list can name.
"""

import re
from collections.abc import Mapping
from xml.parsers import expat

from shared.domain.files import Reason
from shared.inspection.refusals import Refused, malformed

SVG, XHTML = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"
_ACTS = frozenset(
    {"script", "foreignobject", "iframe", "embed", "object", "handler", "listener", "audio", "video", "source"}
)
_MOVES = frozenset({"animate", "set", "animatetransform", "animatemotion", "animatecolor"})
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+")
_OWN_REFERENCE = re.compile(r"#|data:image/(?:png|jpe?g|gif|webp)[;,]|$", re.IGNORECASE)
_LINK = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_SCRIPT = re.compile(r"(?:java|vb)script:", re.IGNORECASE)
_CSS_ACTS = re.compile(r"@import|expression\(|javascript:|-moz-binding|behavior:", re.IGNORECASE)
_CSS_URL = re.compile(r"url\(([^()]*)", re.IGNORECASE)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})[ \t\r\n\f]?")


def kind(data: bytes) -> str | None:
    """``image/svg+xml`` or ``application/xml``; None: it is no XML. Refused: it acts."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _entity
    parser.ProcessingInstructionHandler = _instruction
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if reader.root is None:
            return None
        raise malformed("XML document") from error
    return "image/svg+xml" if reader.root and reader.root[1] == "svg" else "application/xml"


class _Reader:
    """Looks at what comes along; holds nothing but where it is."""

    def __init__(self) -> None:
        self.root: tuple[str, str] | None = None
        self._style: list[str] | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        local = local.lower()
        self.root = self.root or (namespace, local)
        if namespace == XHTML or local == "html":
            raise _acts("a web page")
        if self.root[1] != "svg" and namespace != SVG:
            return
        if local in _ACTS:
            raise _acts(f"<{local}>")
        self._style = [] if local == "style" else None
        for attribute, value in attributes.items():
            _check_attribute(local, attribute.rpartition(" ")[2].lower(), value)

    def text(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)

    def end(self, _: str) -> None:
        if self._style is not None:
            _check_css("".join(self._style))
            self._style = None


def _check_attribute(element: str, name: str, value: str) -> None:
    plain = _BLANK.sub("", value)
    if name.startswith("on"):
        raise _acts(f"the attribute {name[:20]}")
    if name in ("href", "src") and not _refers_well(element, plain):
        raise _acts("a reference to something outside")
    if element in _MOVES and name == "attributename" and plain.lower().rpartition(":")[2] in ("href", "src"):
        raise _acts("a reference that changes")
    if _SCRIPT.search(plain):
        raise _acts("a script in an attribute")
    if name == "style" or "url(" in plain.lower() or "\\" in plain:
        _check_css(value)


def _refers_well(element: str, reference: str) -> bool:
    return bool(_OWN_REFERENCE.match(reference)) or (element == "a" and bool(_LINK.match(reference)))


def _check_css(text: str) -> None:
    """Escapes are undone first: ``\\69mport`` is ``import``."""
    plain = _CSS_ESCAPE.sub(lambda found: _character(int(found[1], 16)), text).replace("\\", "")
    plain = _BLANK.sub("", _without_comments(plain))
    if found := _CSS_ACTS.search(plain):
        raise _acts(f"{found[0].lower()} in a style")
    for one in _CSS_URL.finditer(plain):
        if not _OWN_REFERENCE.match(one[1].strip("'\"")):
            raise _acts("a style from outside")


def _without_comments(text: str) -> str:
    """In one pass: a search for the end of each would take the square of its length where there is none."""
    kept, *rest = text.split("/*")
    return "".join([kept, *(part.partition("*/")[2] for part in rest)])


def _character(code: int) -> str:
    return chr(code) if code < 0x110000 else ""


def _entity(*_: object) -> None:
    raise Refused(Reason.ACTIVE_CONTENT, "It declares entities, which may read other files or grow without end")


def _instruction(target: str, _: str) -> None:
    if target.lower() in ("xml-stylesheet", "php", "import"):
        raise _acts(f"<?{target}?>")


def _acts(what: str) -> Refused:
    return Refused(Reason.ACTIVE_CONTENT, f"It holds {what}, which may run or load something")
