"""Has a resource changed since the client read it?

``If-Match`` compares strongly (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1): a weak etag (``W/"…"``)
matches nothing, as who has it does not know all of what they would overwrite. Ours are strong, and nothing between a
function and its client may compress answers of the API, which would make them weak.
"""

import re
from typing import Annotated, Final

from fastapi import Header

IfMatch = Annotated[
    str | None,
    Header(
        description="Act only if the resource still has this strong etag (or *: if it exists); W/ matches nothing."
    ),
]
_TAG: Final = re.compile(r'(?:W/)?"[^"]*"|[^\s,"]+')


def expected(if_match: str | None) -> frozenset[str] | None:
    """The etags in an ``If-Match`` header, any of which will do; None: all will. A weak one keeps its ``W/"…"``,
    which no etag of ours equals. One without quotes is taken as if it had them: that is how bodies show it."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(
        tag.removeprefix('"').removesuffix('"') if tag[0] == '"' else tag for tag in _TAG.findall(if_match)
    )
