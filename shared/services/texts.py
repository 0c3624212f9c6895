"""Which HTML may a text hold? p, br, strong, em, ul, ol, li, without attributes; the rest is stripped.

A text without tags is plain text and stays as it is: ``a < b & c`` is no HTML, and must not come back escaped.
"""

import re

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li"}

# What an HTML parser takes for the start of a tag: https://html.spec.whatwg.org/#tag-open-state
_TAG = re.compile(r"<[A-Za-z/!?]")
# What nh3 escapes although it could stand: no tag and no character reference begins here.
_NEEDLESS = re.compile(r"&(?:amp;(?!#?[0-9A-Za-z]+;)|lt;(?![A-Za-z/!?])|gt;)")
# What turns the direction of text around: a name could read as another's (https://www.unicode.org/reports/tr9/).
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CHARACTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


def rich(text: str) -> str:
    """``text`` with the tags above only."""
    return _clean(text, TAGS)


def plain(text: str) -> str:
    """``text`` without any tag or change of direction, trimmed: a name."""
    return _TURNS.sub("", _clean(text, set())).strip()


def _clean(text: str, tags: set[str]) -> str:
    if not _TAG.search(text):
        return text
    import nh3  # few texts have tags, and it is two megabytes

    cleaned = nh3.clean(text, tags=tags, attributes={})
    return _NEEDLESS.sub(lambda found: _CHARACTERS[found[0]], cleaned)
