"""What do the operators, properties and functions of JavaScript, and those that n8n adds to values, say in Jinja2?

https://docs.n8n.io/code/builtin/data-transformation-functions/
"""

import re
from collections.abc import Callable, Mapping

from shared.interop.n8n_terms import Term, Untranslated, number, quoted, repeated, text, truth


def property_of(term: Term, name: str) -> Term:
    if name == "length":
        return Term(f"(({term.jinja} or [])|length)", is_number=True)
    return Term(f"({term.jinja} or {{}}).get({quoted(name)})")


def element_of(term: Term, key: Term) -> Term:
    if key.is_text:
        return Term(f"({term.jinja} or {{}}).get({key.jinja})")
    if re.fullmatch(r"\d+", key.jinja):
        return Term(f"(({term.jinja} or [])[{key.jinja}:]|first|default(none))")
    if key.is_number:
        return Term(f"(({term.jinja} or [])[({key.jinja})|int:]|first|default(none))")
    return Term(f"(({term.jinja} or {{}})[{key.jinja}]|default(none))")


def chosen(condition: Term, yes: Term, no: Term) -> Term:
    """``condition ? yes : no``."""
    return Term(
        f"({yes.jinja} if {truth(condition)} else {no.jinja})",
        yes.is_text and no.is_text,
        yes.is_number and no.is_number,
        yes.is_truth and no.is_truth,
    )


def negated(term: Term) -> Term:
    return Term(f"(not {truth(term)})", is_truth=True)


def binary(sign: str, left: Term, right: Term) -> Term:
    match sign:
        case "+":
            return _sum(left, right)
        case "&&" | "||":
            if left.is_truth and right.is_truth:
                return Term(f"({left.jinja} {'and' if sign == '&&' else 'or'} {right.jinja})", is_truth=True)
            return chosen(left, right, left) if sign == "&&" else chosen(left, left, right)
        case "??":
            return Term(f"({right.jinja} if {repeated(left)} is none else {left.jinja})")
        case "===" | "!==":
            return Term(f"({left.jinja} {sign[:2]} {right.jinja})", is_truth=True)
        case "==" | "!=":
            return Term(f"({'' if sign == '==' else 'not '}{_loosely_equal(left, right)})", is_truth=True)
        case "<" | ">" | "<=" | ">=":
            return Term(_ordered(sign, left, right), is_truth=True)
        case _:
            return Term(f"({number(left)} {sign} {number(right)})", is_number=True)


def _sum(left: Term, right: Term) -> Term:
    """Of numbers, or the text of both where either is a text."""
    if left.is_text or right.is_text:
        return Term(f"({text(left)} ~ {text(right)})", is_text=True)
    if left.is_number and right.is_number:
        return Term(f"({left.jinja} + {right.jinja})", is_number=True)
    a, b = repeated(left), repeated(right)
    tests = [f"{one} is string" for one, term in ((a, left), (b, right)) if not (term.is_number or term.is_truth)]
    return Term(f"({text(left)} ~ {text(right)} if {' or '.join(tests)} else {a} + {b})" if tests else f"({a} + {b})")


def _loosely_equal(left: Term, right: Term) -> str:
    """``5 == '5'``; what is not there equals nothing but itself."""
    a, b = left.jinja, right.jinja
    if "none" in (a, b) or (left.is_text and right.is_text) or (left.is_number and right.is_number):
        return f"({a} == {b})"
    a, b = repeated(left), repeated(right)
    return f"({a} == {b} or ({a} is not none and {b} is not none and {text(left)} == {text(right)}))"


def _ordered(sign: str, left: Term, right: Term) -> str:
    """By number where one of them is one; what is not there is neither more nor less."""
    by_number = left.is_number or right.is_number
    a, b = (number(left), number(right)) if by_number else (left.jinja, right.jinja)
    there = [f"{repeated(term)} is not none" for term in (left, right) if not (term.is_number or term.is_text)]
    return f"({' and '.join([*there, f'{a} {sign} {b}'])})"


def _numbers(several: list[Term]) -> str:
    return f"[{', '.join(number(one) for one in several)}]"


MATH: Mapping[str, Callable[[list[Term]], str]] = {
    "round": lambda a: f"(({number(a[0])} + 0.5)|round(0, 'floor')|int)",
    "floor": lambda a: f"(({number(a[0])})|round(0, 'floor')|int)",
    "ceil": lambda a: f"(({number(a[0])})|round(0, 'ceil')|int)",
    "trunc": lambda a: f"(({number(a[0])})|int)",
    "abs": lambda a: f"(({number(a[0])})|abs)",
    "sqrt": lambda a: f"({number(a[0])} ** 0.5)",
    "pow": lambda a: f"({number(a[0])} ** {number(a[1])})",
    "max": lambda a: f"({_numbers(a)}|max)",
    "min": lambda a: f"({_numbers(a)}|min)",
}
COUNTS: Mapping[str, int] = {"pow": 2}
"""Of the arguments that they take; others take one, ``max`` and ``min`` any number."""


def encoded(term: Term) -> Term:
    """``encodeURIComponent``."""
    written = f"({text(term)}|urlencode|replace('/', '\\x252F')"
    for code, sign in (("21", "!"), ("27", "\\'"), ("28", "("), ("29", ")"), ("2A", "*")):
        written += f"|replace('\\x25{code}', '{sign}')"
    return Term(f"{written})", is_text=True)


def _text(write: str) -> Callable[..., Term]:
    return lambda a, *given: Term(write.format(text(a), *(one.jinja for one in given)), is_text=True)


def _number(write: str) -> Callable[..., Term]:
    return lambda a, *given: Term(write.format(a.jinja, *(one.jinja for one in given)), is_number=True)


def _any(write: str) -> Callable[..., Term]:
    return lambda a, *given: Term(write.format(a.jinja, *(one.jinja for one in given)))


def _truth(write: str) -> Callable[..., Term]:
    return lambda a, *given: Term(write.format(a.jinja, *(one.jinja for one in given)), is_truth=True)


def _index_of(a: Term, b: Term) -> Term:
    if a.is_text:
        return Term(f"{a.jinja}.find({text(b)})", is_number=True)
    one, it = repeated(a), repeated(b)
    in_list = f"({one}.index({it}) if {it} in ({one} or []) else -1)"
    return Term(f"({one}.find({text(b)}) if {one} is string else {in_list})", is_number=True)


def _includes(a: Term, b: Term) -> Term:
    return Term(f"({b.jinja} in ({a.jinja} or []))", is_truth=True)


def _split(a: Term, b: Term) -> Term:
    return Term(f"({text(a)}|list)" if b.jinja == "''" else f"{text(a)}.split({b.jinja})")


def _fixed(a: Term, b: Term) -> Term:
    if not (b.jinja.isdecimal() and int(b.jinja) < 20):
        raise Untranslated("a count of digits that is computed has no counterpart")
    return Term(f"('%.{b.jinja}f'|format({number(a)}))", is_text=True)


METHODS: Mapping[tuple[str, int], Callable[..., Term]] = {
    ("toUpperCase", 0): _text("({0}|upper)"),
    ("toLowerCase", 0): _text("({0}|lower)"),
    ("trim", 0): _text("({0}|trim)"),
    ("trimStart", 0): _text("{0}.lstrip()"),
    ("trimEnd", 0): _text("{0}.rstrip()"),
    ("toString", 0): _text("{0}"),
    ("toJsonString", 0): lambda a: Term(f"({a.jinja}|tojson)", is_text=True),
    ("urlEncode", 0): encoded,
    ("toNumber", 0): lambda a: Term(number(a), is_number=True),
    ("toInt", 0): _number("({0}|int)"),
    ("toFloat", 0): _number("({0}|float)"),
    ("isEmpty", 0): _truth("(not {0})"),
    ("isNotEmpty", 0): _truth("({0}|length > 0)"),
    ("first", 0): _any("(({0} or [])|first|default(none))"),
    ("last", 0): _any("(({0} or [])|last|default(none))"),
    ("at", 1): _any("(({0} or [])[{1}]|default(none))"),
    ("includes", 1): _includes,
    ("hasField", 1): _truth("({1} in ({0} or {{}}))"),
    ("hasOwnProperty", 1): _truth("({1} in ({0} or {{}}))"),
    ("startsWith", 1): lambda a, b: Term(f"{text(a)}.startswith({text(b)})", is_truth=True),
    ("endsWith", 1): lambda a, b: Term(f"{text(a)}.endswith({text(b)})", is_truth=True),
    ("indexOf", 1): _index_of,
    ("split", 1): _split,
    ("join", 1): lambda a, b: Term(f"(({a.jinja} or [])|join({b.jinja}))", is_text=True),
    ("join", 0): lambda a: Term(f"(({a.jinja} or [])|join(','))", is_text=True),
    ("replace", 2): lambda a, b, c: Term(f"{text(a)}.replace({text(b)}, {text(c)}, 1)", is_text=True),
    ("replaceAll", 2): lambda a, b, c: Term(f"{text(a)}.replace({text(b)}, {text(c)})", is_text=True),
    ("repeat", 1): _text("({0} * {1})"),
    ("padStart", 1): _text("{0}.rjust({1})"),
    ("padStart", 2): _text("{0}.rjust({1}, {2})"),
    ("padEnd", 1): _text("{0}.ljust({1})"),
    ("padEnd", 2): _text("{0}.ljust({1}, {2})"),
    ("charAt", 1): _text("{0}[{1}:][:1]"),
    ("substring", 1): _text("{0}[{1}:]"),
    ("substring", 2): _text("{0}[{1}:{2}]"),
    ("substr", 1): _text("{0}[{1}:]"),
    ("substr", 2): _text("{0}[{1}:][:{2}]"),
    ("toFixed", 1): _fixed,
    ("round", 0): _number("(({0})|round|int)"),
    ("floor", 0): lambda a: Term(MATH["floor"]([a]), is_number=True),
    ("ceil", 0): lambda a: Term(MATH["ceil"]([a]), is_number=True),
    ("abs", 0): lambda a: Term(MATH["abs"]([a]), is_number=True),
    ("sum", 0): _number("(({0} or [])|sum)"),
    ("average", 0): _number("(({0} or [])|sum / ({0} or [])|length)"),
    ("max", 0): _any("(({0} or [])|max|default(none))"),
    ("min", 0): _any("(({0} or [])|min|default(none))"),
    ("unique", 0): _any("(({0} or [])|unique(case_sensitive=true)|list)"),
    ("removeDuplicates", 0): _any("(({0} or [])|unique(case_sensitive=true)|list)"),
    ("reverse", 0): _any("(({0} or [])|reverse|list)"),
    ("concat", 1): _any("(({0} or []) + ({1} or []))"),
    ("keys", 0): _any("(({0} or {{}}).keys()|list)"),
    ("values", 0): _any("(({0} or {{}}).values()|list)"),
    ("slice", 1): lambda a, b: Term(f"({a.jinja} or '')[{b.jinja}:]", a.is_text),
    ("slice", 2): lambda a, b, c: Term(f"({a.jinja} or '')[{b.jinja}:{c.jinja}]", a.is_text),
}
