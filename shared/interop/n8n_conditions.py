"""When is a condition of n8n true? A Jinja expression, from the conditions of IF, Switch and Filter in all versions.

https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.if/
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from shared.interop import n8n_expressions as expressions
from shared.interop import n8n_patterns, n8n_terms
from shared.interop.n8n_names import Ask, Names
from shared.interop.n8n_terms import Term, Untranslated

_SAME = {
    "equal": "equals",
    "notequal": "notequals",
    "larger": "gt",
    "largerequal": "gte",
    "smaller": "lt",
    "smallerequal": "lte",
    "isempty": "empty",
    "isnotempty": "notempty",
}
"""Names of older versions."""
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_DATES = {
    "after": ">",
    "afterorequals": ">=",
    "before": "<",
    "beforeorequals": "<=",
    "equals": "==",
    "notequals": "!=",
}
_DEFAULTS = {"number": "smaller"}
"""What a condition of the first version means that names no operation; of other types: equal."""


def of(parameter: Any, names: Names, combined: Any = None) -> str:
    """``parameter``: of the second version ``{conditions: [{leftValue, rightValue, operator}], combinator}``, of the
    first ``{string: [{value1, operation, value2}], number: …}`` with ``combined`` ``all`` or ``any``."""
    if not isinstance(parameter, Mapping):
        raise Untranslated("it has no conditions")
    found = cast(Mapping[str, Any], parameter)
    listed = found.get("conditions")
    if isinstance(listed, list):
        options = _object(found.get("options"))
        tests = [_second(_object(one), names, options) for one in cast(list[Any], listed)]
        any_of = found.get("combinator") == "or"
    else:
        tests = [
            _first(type_, _object(one), names)
            for type_, several in found.items()
            if isinstance(several, list)
            for one in cast(list[Any], several)
        ]
        any_of = combined == "any"
    if not tests:
        raise Untranslated("it has no conditions")
    return f"({' or '.join(tests) if any_of else ' and '.join(tests)})"


def rule(type_: str, operation: str, left: Any, right: Any, names: Names) -> str:
    """One rule of a Switch of the first versions."""
    return _test(type_, operation, left, right, names, ignore_case=False)


def _second(one: Mapping[str, Any], names: Names, options: Mapping[str, Any]) -> str:
    operator = _object(one.get("operator"))
    type_, operation = str(operator.get("type", "string")), str(operator.get("operation", "equals"))
    ignore_case = options.get("caseSensitive") is False
    return _test(type_, operation, one.get("leftValue"), one.get("rightValue"), names, ignore_case=ignore_case)


def _first(type_: str, one: Mapping[str, Any], names: Names) -> str:
    operation = str(one.get("operation") or _DEFAULTS.get(type_, "equal"))
    return _test(type_, operation, one.get("value1"), one.get("value2"), names, ignore_case=False)


def _test(type_: str, operation: str, left: Any, right: Any, names: Names, *, ignore_case: bool) -> str:
    name = _SAME.get(operation.lower(), operation.lower())
    a, b = expressions.value(left, names), expressions.value(right, names)
    if name in ("exists", "notexists"):
        return f"({a.jinja} is {'not ' if name == 'exists' else ''}none)"
    if name in ("empty", "notempty"):
        test = f"({a.jinja} is none or {a.jinja} == '' or {a.jinja} == [] or {a.jinja} == {{}})"
        return test if name == "empty" else f"(not {test})"
    if type_ == "dateTime":
        return _date(name, a, b, names)
    if type_ == "boolean":
        return _boolean(name, a.jinja, b.jinja)
    if type_ == "number":
        return _number(name, a, b)
    if type_ == "array":
        return _array(name, a.jinja, b.jinja)
    if name in ("regex", "notregex"):
        return _pattern(name, a, b, names)
    return _string(name, n8n_terms.text(a), expressions.text(b), ignore_case=ignore_case)


def _boolean(name: str, a: str, b: str) -> str:
    def truth(jinja: str) -> str:
        return f"(text_of({jinja})|lower == 'true')"

    match name:
        case "true" | "false":
            return f"({'' if name == 'true' else 'not '}{truth(a)})"
        case "equals" | "notequals":
            return f"({truth(a)} {'==' if name == 'equals' else '!='} {truth(b)})"
        case _:
            raise Untranslated(f"the operation {name} has no counterpart")


def _number(name: str, a: Term, b: Term) -> str:
    if name in ("equals", "notequals"):
        return f"({n8n_terms.number(a)} {'==' if name == 'equals' else '!='} {n8n_terms.number(b)})"
    if name not in _SIGNS:
        raise Untranslated(f"the operation {name} has no counterpart")
    return f"({a.jinja} is not none and {n8n_terms.number(a)} {_SIGNS[name]} {n8n_terms.number(b)})"


def _date(name: str, a: Term, b: Term, names: Names) -> str:
    """By seconds since 1970; a date that is not there is neither before nor after."""
    if name not in _DATES:
        raise Untranslated(f"the operation {name} has no counterpart")
    seconds = [
        names.ask(
            Ask(block_type="PARSE_DATE", texts={"date": f"({n8n_terms.text(one)} or '1970-01-01')"}, pin="timestamp")
        )
        for one in (a, b)
    ]
    there = " and ".join(f"{one.jinja} is not none" for one in (a, b) if not one.is_text)
    test = f"{seconds[0]} {_DATES[name]} {seconds[1]}"
    return f"({there} and {test})" if there else f"({test})"


def _pattern(name: str, a: Term, b: Term, names: Names) -> str:
    """The right is a pattern, bare or between slashes (``/^a/i``), which is written out."""
    written = re.fullmatch(r"'(?:/(.+)/([a-z]*)|.*)'", b.jinja, re.DOTALL)
    if not b.is_text or written is None or set(written[2] or "") - set("giu"):
        raise Untranslated("a pattern that is computed has no counterpart")
    pattern = b.jinja if written[1] is None else f"'{written[1]}'"
    found = n8n_patterns.found(n8n_terms.text(a), pattern, names, ignore_case="i" in (written[2] or ""))
    return found.jinja if name == "regex" else f"(not {found.jinja})"


def _array(name: str, a: str, b: str) -> str:
    match name:
        case "contains" | "notcontains":
            return f"({b} {'' if name == 'contains' else 'not '}in ({a} or []))"
        case "lengthequals" | "lengthnotequals":
            return f"(({a} or [])|length {'==' if name == 'lengthequals' else '!='} ({b})|int)"
        case _ if name.removeprefix("length") in _SIGNS:
            return f"(({a} or [])|length {_SIGNS[name.removeprefix('length')]} ({b})|int)"
        case _:
            raise Untranslated(f"the operation {name} has no counterpart")


def _string(name: str, a: str, b: str, *, ignore_case: bool) -> str:
    if ignore_case:
        a, b = f"({a}|lower)", f"({b}|lower)"
    positive = name.removeprefix("not")
    tests = {
        "equals": f"{a} == {b}",
        "contains": f"{b} in {a}",
        "startswith": f"{a}.startswith({b})",
        "endswith": f"{a}.endswith({b})",
    }
    if positive not in tests:
        raise Untranslated(f"the operation {name} has no counterpart")
    return f"(not {tests[positive]})" if name.startswith("not") else f"({tests[positive]})"


def _object(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def listed(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects in a list."""
    return [_object(one) for one in cast(list[Any], value)] if isinstance(value, list) else []
