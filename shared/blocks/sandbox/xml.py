"""Which dictionary does XML describe, and how is one written? Without entities, which may write much in few
characters or name files: a document that declares some is refused."""

from typing import Any
from xml.parsers import expat

import xmltodict

from shared.domain import errors

MAX_DEPTH = 200


def read(text: str) -> dict[str, Any]:
    """BlockError, reason ``TEXT_INVALID``. Attributes are ``@name``, text beside elements ``#text``."""
    try:
        _check_depth(text)
        return xmltodict.parse(text.encode("utf-8", "replace"), encoding="utf-8")
    except (expat.ExpatError, ValueError, AttributeError, RecursionError) as error:
        raise errors.BlockError(
            f"The text is not XML, or declares entities: {error}", reason="TEXT_INVALID"
        ) from error


def _check_depth(text: str) -> None:
    """ValueError for elements nested too deep, or a document type that declares anything."""
    parser = expat.ParserCreate()
    depth = 0

    def start(name: str, attributes: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"elements are nested more than {MAX_DEPTH} deep")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_: Any) -> None:
        raise ValueError("entities are not read")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = declared
    parser.Parse(text.encode("utf-8", "replace"), True)


def write(data: dict[str, Any], pretty: bool) -> str:
    """BlockError, reason ``TEXT_INVALID``: not one element, or names that XML does not know."""
    if len(data) != 1:
        raise errors.BlockError(
            f"A document is one element, not {len(data)}: put them into one", reason="TEXT_INVALID"
        )
    try:
        written = xmltodict.unparse(data, pretty=pretty, indent="  ", full_document=False)
        _check_depth(written)
    except (ValueError, TypeError, AttributeError, RecursionError, expat.ExpatError) as error:
        raise errors.BlockError(f"The data cannot be written as XML: {error}", reason="TEXT_INVALID") from error
    return written
