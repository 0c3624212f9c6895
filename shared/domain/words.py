"""Which words has a text? As a search compares them: without case, accents and punctuation."""

import functools
import re
import unicodedata
from collections.abc import Iterator

MAX_WORD = 40

# Scripts that are written without spaces: a pair of characters is what comes nearest to a word.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W_{_UNSPACED}]"
_JOINTS = re.compile(r"[-'’.]")
_TAGS = re.compile(r"<[^>]*>")

_SAY_LITTLE = """
a about all an and any are as at be been but by can could did do does for from get got had has have how i if in
into is it its just let like make me my no not of on or our out please should so some that the their them then
there these they this to up us want was we what when where which who why will with would you your
"""
STOP_WORDS = frozenset(_SAY_LITTLE.split())
"""Words that say little by themselves."""


def of(text: str) -> list[str]:
    """The words of a text, in order. What is joined by a hyphen, an apostrophe or a dot counts in its parts, and as
    one: ``e-mail`` is also ``email``."""
    return list(_words(unicodedata.normalize("NFKD", without_tags(text)).casefold()))


@functools.cache
def _pieces() -> re.Pattern[str]:
    """Compiled when it is first needed: it takes as long as the rest of a function's own patterns."""
    return re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|{_LETTER}+(?:[-'’.]{_LETTER}+)*")


def without_tags(text: str) -> str:
    return _TAGS.sub(" ", text)


def _words(text: str) -> Iterator[str]:
    bare = "".join(one for one in text if not unicodedata.combining(one))
    for match in _pieces().finditer(bare):
        if match["unspaced"]:
            yield from _pairs(match[0])
            continue
        parts = _JOINTS.split(match[0])
        yield from (part[:MAX_WORD] for part in parts)
        if len(parts) > 1:
            yield "".join(parts)[:MAX_WORD]


def _pairs(text: str) -> Iterator[str]:
    """Every two neighbours; of one character itself."""
    if len(text) == 1:
        yield text
    yield from (text[start : start + 2] for start in range(len(text) - 1))


def telling(found: list[str]) -> list[str]:
    """Those that say something; where none does, all."""
    return [word for word in found if word not in STOP_WORDS] or found
