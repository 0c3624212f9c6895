"""Which of two texts comes first in English? As ``localeCompare`` says, by the order that Unicode gives.

By letters, then by accents, then small before large: https://unicode.org/reports/tr10/. Signs come before digits, and
digits before letters, in the order of https://www.unicode.org/charts/collation/; of other scripts than the Latin the
order of the code stands in, which is that of Greek, Cyrillic, Hebrew and Arabic letters but for a few.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from shared.javascript import units
from shared.javascript.budget import Budget
from shared.javascript.tree import Unsupported
from shared.javascript.values import Value, is_nothing

_LANGUAGES: Final = frozenset({"en", "de", "fr", "it", "nl", "pt", "und"})
"""Whose letters stand in the order of English."""
_SIGNS: Final = "\t\n\v\f\r\x85\u2028\u2029 _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_SENSITIVITIES: Final[Mapping[str, Sequence[int]]] = {
    "base": (0,),
    "accent": (0, 1),
    "case": (0, 2),
    "variant": (0, 1, 2),
}
_EXPANDED: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d", "ı": "i"}
_ACCENTS: Final = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0327\u0328\u0304"
"""In their order; others come after them."""
Key = tuple[Any, ...]


def compared(left: str, right: str, language: Value, options: Value, run: Budget) -> int:
    """-1, 0 or 1."""
    if not is_nothing(language) and (not isinstance(language, str) or language.partition("-")[0] not in _LANGUAGES):
        raise Unsupported("comparing in this language has no counterpart")
    levels, by_number = _options(options)
    a, b = (
        _keys(unicodedata.normalize("NFKD", units.joined(one)), run, by_number=by_number) for one in (left, right)
    )
    for level in levels:
        if a[level] != b[level]:
            return -1 if a[level] < b[level] else 1
    return 0


def _options(options: Value) -> tuple[Sequence[int], bool]:
    if is_nothing(options):
        return _SENSITIVITIES["variant"], False
    given = cast(Mapping[str, Value], options) if isinstance(options, dict) else {"": options}
    if given.keys() - {"numeric", "sensitivity"} or str(given.get("sensitivity", "variant")) not in _SENSITIVITIES:
        raise Unsupported("comparing with these options has no counterpart")
    return _SENSITIVITIES[str(given.get("sensitivity", "variant"))], given.get("numeric") is True


def _keys(text: str, run: Budget, *, by_number: bool) -> tuple[Key, Key, Key]:
    run.step(1 + len(text))
    letters: list[tuple[int, Any]] = []
    accents: list[str] = []
    cases: list[int] = []
    digits = ""
    for one in [*text, ""]:
        if by_number and one.isdecimal() and one.isascii():
            digits += one
            continue
        if digits:
            letters.append((1, int(digits[-4_000:])))
            accents.append("")
            cases.append(0)
            digits = ""
        if unicodedata.combining(one or " "):
            if accents:
                accents[-1] += chr(_ACCENTS.find(one)) if one in _ACCENTS else one
        elif one and (one in _SIGNS or unicodedata.category(one) not in ("Cc", "Cf")):
            small = one.lower()
            for part in _EXPANDED.get(small, small):
                letters.append(_letter(part))
                accents.append("" if small not in _EXPANDED else small)
                cases.append(int(one != small))
    return tuple(letters), tuple(accents), tuple(cases)


def _letter(one: str) -> tuple[int, Any]:
    if one in _SIGNS:
        return 0, (0, _SIGNS.index(one))
    if one.isdecimal():
        return 1, unicodedata.decimal(one)
    return (2, one) if one.isalpha() else (0, (1, one))
