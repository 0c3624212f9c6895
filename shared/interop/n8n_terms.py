"""How are values of JavaScript written in Jinja2? The words that translated expressions are made of."""

import json
from dataclasses import dataclass
from typing import Any

PRELUDE = "{% macro text_of(v) %}{{ v if v is string else '' if v is none else v|tojson }}{% endmacro %}"
"""Before a template that calls ``text_of``: how JavaScript writes a value as a text."""


class Untranslated(Exception):
    """What an expression says that has no counterpart here."""


@dataclass(frozen=True, slots=True)
class Term:
    """A Jinja expression. ``is_text``: it is a text for certain."""

    jinja: str
    is_text: bool = False


def constant(plain: Any) -> Term:
    """A text, number, true, false or null."""
    if isinstance(plain, str):
        return Term(quoted(plain), is_text=True)
    return Term("none" if plain is None else json.dumps(plain))


def text(term: Term) -> str:
    """A Jinja expression of the text of a value."""
    return term.jinja if term.is_text else f"text_of({term.jinja})"


def quoted(plain: str) -> str:
    """A text as Jinja writes it, with nothing in it that Jinja reads as the end of an expression."""
    escaped = plain.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return "'" + escaped.replace("{", "\\x7b").replace("}", "\\x7d").replace("%", "\\x25") + "'"
