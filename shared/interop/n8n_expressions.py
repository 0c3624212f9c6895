"""What does an expression of n8n say in Jinja2, the language of templates here?

    ={{ $json.name }}                  (item or {}).get('name')
    =Dear {{ $json["first name"] }}!   'Dear ' ~ text_of((item or {}).get('first name')) ~ '!'
    ={{ $node["Ask"].json.n + 1 }}     ((n0 or {}).get('n') + 1), where that is no text

The item that comes is ``item``; what else is spoken of is in ``Names``. What is not there is none, as undefined is in
JavaScript. ``Untranslated`` says what has no counterpart: code, dates that move by what is computed, some functions.
Syntax: https://docs.n8n.io/code/expressions/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from shared.interop import n8n_scripts
from shared.interop.n8n_names import Ask, Names
from shared.interop.n8n_parser import Parser
from shared.interop.n8n_terms import Term, Untranslated, constant, number, quoted, repeated, text
from shared.interop.n8n_tokens import parts

MAX_EXPRESSION = 2_000
MAX_JINJA = 50_000


@dataclass(frozen=True, slots=True)
class Typed:
    """A parameter whose value is to be a ``number``, ``boolean``, ``array`` or ``object``; texts are read as one."""

    type: str
    parameter: Any


__all__ = ["Names", "Typed", "expression", "parts", "text", "value"]


def value(parameter: Any, names: Names) -> Term:
    """A parameter, with all expressions in it, as a Jinja expression of its value."""
    match parameter:
        case str() if parameter.startswith("="):
            return _template(parameter[1:], names)
        case Typed():
            return _typed(parameter.type, value(parameter.parameter, names), names)
        case Mapping():
            entries = cast(Mapping[str, Any], parameter).items()
            return Term("{" + ", ".join(f"{quoted(key)}: {value(one, names).jinja}" for key, one in entries) + " }")
        case list():
            return Term("[" + ", ".join(value(one, names).jinja for one in cast(list[Any], parameter)) + "]")
        case _:
            return constant(parameter)


def _typed(type_: str, term: Term, names: Names) -> Term:
    if type_ == "number" and not term.is_number:
        return Term(f"(none if {repeated(term)} is none else {number(term)})")
    if type_ == "boolean" and not term.is_truth:
        it = repeated(term)
        return Term(f"(none if {it} is none else text_of({it})|lower in ['true', '1'])")
    if type_ in ("array", "object") and term.is_text:
        return Term(names.ask(Ask(block_type="JSON_DECODER", texts={"json_str": term.jinja}, pin="data")))
    return term


def _template(template: str, names: Names) -> Term:
    pieces = parts(template)
    if len(pieces) == 1 and pieces[0][0]:
        return expression(pieces[0][1], names)
    terms = [expression(one, names) if is_code else Term(quoted(one), is_text=True) for is_code, one in pieces]
    return Term(f"({' ~ '.join(text(one) for one in terms)})" if terms else "''", is_text=True)


def expression(code: str, names: Names) -> Term:
    """What stands between ``{{`` and ``}}``. A template is tried first, which is one node, and then a program; what
    templates write otherwise than JavaScript does, or not at all, and what is long, the other way round. So an
    expression may be of a template and have a part that is a program's."""
    if len(code) > MAX_EXPRESSION:
        return n8n_scripts.script(code, names)
    ways = [_by_template, n8n_scripts.script]
    if n8n_scripts.is_better(code) or n8n_scripts.is_needed(code):
        ways.reverse()
    told: list[Untranslated] = []
    for way in ways:
        before = names.spoken_of()
        try:
            return way(code, names)
        except Untranslated as error:
            names.forget(*before)
            told.append(error)
    raise told[ways.index(n8n_scripts.script if n8n_scripts.is_needed(code) else _by_template)]


def _by_template(code: str, names: Names) -> Term:
    term = Parser(code, names).whole()
    if len(term.jinja) > MAX_JINJA:
        raise Untranslated("it is too long")
    return term
