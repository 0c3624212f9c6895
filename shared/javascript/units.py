"""How does JavaScript count a text? In units of UTF-16: what lies beyond is two of them.

Inside the interpreter each character of a Python text is such a unit, so that lengths, indices and order are those of
JavaScript.
"""

import re
from typing import Final

HALF: Final = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
"""A unit that is no character, for want of its other half."""


def split(text: str) -> str:
    """A text with each character beyond U+FFFF as its two units."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return text
    return "".join(_pair(one) if one > "\uffff" else one for one in text)


def _pair(one: str) -> str:
    beyond = ord(one) - 0x10000
    return chr(0xD800 + (beyond >> 10)) + chr(0xDC00 + (beyond & 0x3FF))


def joined(text: str) -> str:
    """The characters that the units make; half a character is the one that stands for what cannot be read."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def characters(text: str) -> list[str]:
    """The units of each character, as a loop goes over them."""
    found: list[str] = []
    for one in text:
        if found and "\udc00" <= one <= "\udfff" and len(found[-1]) == 1 and "\ud800" <= found[-1] <= "\udbff":
            found[-1] += one
        else:
            found.append(one)
    return found
