"""How are values of JavaScript written in Jinja2? The words that translated expressions are made of."""

import json
from dataclasses import dataclass
from typing import Any

PRELUDE = (
    "{% macro text_of(v) %}{% if v is string %}{{ v }}{% elif v is none %}"
    "{% elif v is float and v == v|int %}{{ v|int }}"
    "{% elif v is mapping or v is boolean or v is number %}{{ v|tojson }}"
    "{% else %}{% for e in v %}{{ text_of(e) }}{{ '' if loop.last else ',' }}{% endfor %}{% endif %}{% endmacro %}"
)
"""Before a template that calls ``text_of``: how JavaScript writes a value as a text; an object as JSON."""

MAX_REPEATED = 2_000
"""Characters of an expression that is written several times in another."""


class Untranslated(Exception):
    """What an expression says that has no counterpart here."""


@dataclass(frozen=True, slots=True)
class Term:
    """A Jinja expression. ``is_text``, ``is_number``, ``is_truth``: it is one of these for certain."""

    jinja: str
    is_text: bool = False
    is_number: bool = False
    is_truth: bool = False


def constant(plain: Any) -> Term:
    """A text, number, true, false or null."""
    if isinstance(plain, str):
        return Term(quoted(plain), is_text=True)
    is_truth = isinstance(plain, bool)
    return Term(
        "none" if plain is None else json.dumps(plain),
        is_number=isinstance(plain, int | float) and not is_truth,
        is_truth=is_truth,
    )


def text(term: Term) -> str:
    """A Jinja expression of the text of a value."""
    return term.jinja if term.is_text else f"text_of({term.jinja})"


def number(term: Term) -> str:
    """A Jinja expression of the number that a value is, or that its text says; 0 where it says none."""
    if term.is_number:
        return term.jinja
    one = repeated(term)
    return f"({one} if {one} is number else {one}|float if '.' in {one}|string else {one}|int)"


def truth(term: Term) -> str:
    """A Jinja expression that is true where JavaScript takes a value for true: for an empty list as well."""
    if term.is_truth or term.is_number or term.is_text:
        return term.jinja
    return f"({term.jinja} not in [none, false, 0, ''])"


def repeated(term: Term) -> str:
    """An expression that is to stand several times in another."""
    if len(term.jinja) > MAX_REPEATED:
        raise Untranslated("it is too long")
    return term.jinja


def quoted(plain: str) -> str:
    """A text as Jinja writes it, with nothing in it that Jinja reads as the end of an expression."""
    escaped = plain.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return "'" + escaped.replace("{", "\\x7b").replace("}", "\\x7d").replace("%", "\\x25") + "'"
