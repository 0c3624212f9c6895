"""What do the operators, properties and functions of JavaScript say in Jinja2?"""

import re
from collections.abc import Callable, Mapping

from shared.interop.n8n_terms import Term, Untranslated, quoted, text


def property_of(term: Term, name: str) -> Term:
    if name == "length":
        return Term(f"({term.jinja} or [])|length")
    return Term(f"({term.jinja} or {{}}).get({quoted(name)})")


def element_of(term: Term, key: Term) -> Term:
    if key.is_text:
        return Term(f"({term.jinja} or {{}}).get({key.jinja})")
    if re.fullmatch(r"\d+", key.jinja):
        return Term(f"({term.jinja} or [])[{key.jinja}:]|first|default(none)")
    raise Untranslated("an element that is computed has no counterpart")


def binary(sign: str, left: Term, right: Term) -> Term:
    a, b = left.jinja, right.jinja
    match sign:
        case "+" if left.is_text or right.is_text:
            return Term(f"({text(left)} ~ {text(right)})", is_text=True)
        case "&&" | "||":
            return Term(f"({a} {'and' if sign == '&&' else 'or'} {b})", left.is_text and right.is_text)
        case "??":
            return Term(f"({b} if {a} is none else {a})")
        case "==" | "===" | "!=" | "!==":
            return Term(f"({a} {sign[:2]} {b})")
        case "<" | ">" | "<=" | ">=":
            return Term(f"({a} is not none and {b} is not none and {a} {sign} {b})")
        case _:
            return Term(f"({a} {sign} {b})")


MATH: Mapping[str, Callable[[list[str]], str]] = {
    "round": lambda a: f"({a[0]} + 0.5)|round(0, 'floor')|int",
    "floor": lambda a: f"({a[0]})|round(0, 'floor')|int",
    "ceil": lambda a: f"({a[0]})|round(0, 'ceil')|int",
    "abs": lambda a: f"({a[0]})|abs",
    "max": lambda a: f"[{', '.join(a)}]|max",
    "min": lambda a: f"[{', '.join(a)}]|min",
}
_Write = Callable[..., Term]
METHODS: Mapping[tuple[str, int], _Write] = {
    ("toUpperCase", 0): lambda a: Term(f"(text_of({a})|upper)", True),
    ("toLowerCase", 0): lambda a: Term(f"(text_of({a})|lower)", True),
    ("trim", 0): lambda a: Term(f"(text_of({a})|trim)", True),
    ("toString", 0): lambda a: Term(f"text_of({a})", True),
    ("toNumber", 0): lambda a: Term(f"({a}|float)"),
    ("isEmpty", 0): lambda a: Term(f"(not {a})"),
    ("isNotEmpty", 0): lambda a: Term(f"({a}|length > 0)"),
    ("first", 0): lambda a: Term(f"(({a} or [])|first|default(none))"),
    ("last", 0): lambda a: Term(f"(({a} or [])|last|default(none))"),
    ("includes", 1): lambda a, b: Term(f"({b} in ({a} or []))"),
    ("startsWith", 1): lambda a, b: Term(f"text_of({a}).startswith({b})"),
    ("endsWith", 1): lambda a, b: Term(f"text_of({a}).endswith({b})"),
    ("split", 1): lambda a, b: Term(f"text_of({a}).split({b})"),
    ("join", 1): lambda a, b: Term(f"(({a} or [])|join({b}))", True),
    ("join", 0): lambda a: Term(f"(({a} or [])|join(','))", True),
    ("replace", 2): lambda a, b, c: Term(f"text_of({a}).replace({b}, {c}, 1)", True),
    ("replaceAll", 2): lambda a, b, c: Term(f"text_of({a}).replace({b}, {c})", True),
    ("toFixed", 1): lambda a, b: Term(f"('%.{b}f'|format({a}))" if b.isdecimal() and int(b) < 20 else "none", True),
    ("round", 0): lambda a: Term(f"(({a})|round|int)"),
    ("reverse", 0): lambda a: Term(f"(({a} or [])|reverse|list)"),
    ("concat", 1): lambda a, b: Term(f"(({a} or []) + ({b} or []))"),
    ("keys", 0): lambda a: Term(f"(({a} or {{}}).keys()|list)"),
    ("values", 0): lambda a: Term(f"(({a} or {{}}).values()|list)"),
    ("slice", 1): lambda a, b: Term(f"({a} or '')[{b}:]"),
    ("slice", 2): lambda a, b, c: Term(f"({a} or '')[{b}:{c}]"),
}
