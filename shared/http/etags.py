"""Has a resource changed since the client read it?"""

from typing import Annotated

from fastapi import Header

IfMatch = Annotated[
    str | None, Header(description="Act only if the resource still has this etag (or *: if it exists).")
]


def expected(if_match: str | None) -> frozenset[str] | None:
    """The etags in an ``If-Match`` header (RFC 9110 section 13.1.1), any of which will do; None: all will."""
    if if_match is None:
        return None
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    return None if "*" in tags else frozenset(tags)
