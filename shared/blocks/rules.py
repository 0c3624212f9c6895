"""Does a value keep a rule? The comparisons that ways, filters and orders share."""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from shared.domain import errors

MAX_FIELD = 1_000


class Operator(Enum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater_or_equal"
    LESS = "less"
    LESS_OR_EQUAL = "less_or_equal"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    IN = "in"
    NOT_IN = "not_in"
    MATCHES = "matches"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    TRUE = "true"
    FALSE = "false"


class Combination(Enum):
    ALL = "all"
    ANY = "any"


class Rule(BaseModel):
    """``field``: where the value is, ``a.b.0`` within it; empty: the value itself."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(
        default="", max_length=MAX_FIELD, description="The field, like customer.city; empty: all of it."
    )
    operator: Operator = Field(default=Operator.EQUALS, description="How it is compared.")
    value: Any = Field(default=None, description="With what.")


class _Missing:
    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


def at(value: Any, path: str) -> Any:
    """What stands at ``a.b.0`` in ``value``; ``MISSING`` where there is nothing. A key with dots counts first."""
    if not path or (isinstance(value, dict) and path in value):
        return cast(dict[str, Any], value)[path] if path else value
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = cast(dict[str, Any], value)[part]
        elif isinstance(value, list) and part.lstrip("-").isdecimal() and len(part) < 10:
            items, index = cast(list[Any], value), int(part)
            if not -len(items) <= index < len(items):
                return MISSING
            value = items[index]
        else:
            return MISSING
    return value


def all_keep(value: Any, rules: list[Rule], combination: Combination) -> bool:
    """Whether ``value`` keeps all of the rules, or any. Without rules: all are kept. It may take long where rules
    have patterns: call it in a thread."""
    kept = (keeps(at(value, rule.field), rule) for rule in rules)
    return all(kept) if combination == Combination.ALL or not rules else any(kept)


def keeps(value: Any, rule: Rule) -> bool:
    match rule.operator:
        case Operator.EXISTS | Operator.NOT_EXISTS:
            return (value is not MISSING and value is not None) == (rule.operator == Operator.EXISTS)
        case Operator.EMPTY | Operator.NOT_EMPTY:
            return _is_empty(value) == (rule.operator == Operator.EMPTY)
        case Operator.TRUE | Operator.FALSE:
            return _truth(value) == (rule.operator == Operator.TRUE)
        case Operator.EQUALS | Operator.NOT_EQUALS:
            return _equal(value, rule.value) == (rule.operator == Operator.EQUALS)
        case Operator.CONTAINS | Operator.NOT_CONTAINS:
            return _contains(value, rule.value) == (rule.operator == Operator.CONTAINS)
        case Operator.IN | Operator.NOT_IN:
            return _contains(rule.value, value) == (rule.operator == Operator.IN)
        case Operator.STARTS_WITH:
            return as_text(value).startswith(as_text(rule.value))
        case Operator.ENDS_WITH:
            return as_text(value).endswith(as_text(rule.value))
        case Operator.MATCHES:
            return _matches(value, rule.value)
        case _:
            return _ORDERS[rule.operator](value, rule.value)


def order_key(value: Any) -> tuple[int, Any]:
    """Values of any kind in an order: nothing, numbers and what reads as one, texts, all else by its JSON."""
    if value is MISSING or value is None:
        return (0, 0)
    if (number := as_number(value)) is not None:
        return (1, number)
    if isinstance(value, str):
        return (2, value)
    return (3, json.dumps(value, sort_keys=True))


def as_number(value: Any) -> float | None:
    """None for what is no number; not a number is none."""
    if isinstance(value, int | float):
        return value if value == value else None
    if isinstance(value, str) and len(value) <= 400:
        try:
            number = float(value)
        except ValueError:
            return None
        return number if number == number and "_" not in value else None
    return None


def as_text(value: Any) -> str:
    if value is MISSING or value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _equal(one: Any, other: Any) -> bool:
    """A number equals the text that reads as it; true and false are themselves alone."""
    if one is MISSING:
        return other is None
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other or (isinstance(one, str) and one.lower() == str(other).lower())
    if isinstance(one, int | float) != isinstance(other, int | float):
        numbers = as_number(one), as_number(other)
        return numbers[0] is not None and numbers[0] == numbers[1]
    return bool(one == other)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, list):
        return any(_equal(one, part) for one in cast(list[Any], whole))
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    return as_text(part) in as_text(whole) if whole is not MISSING and whole is not None else False


def _is_empty(value: Any) -> bool:
    return value is MISSING or value is None or (isinstance(value, str | list | dict) and not value)


def _truth(value: Any) -> bool:
    return value.strip().lower() in ("true", "1", "yes", "on") if isinstance(value, str) else bool(value)


def _matches(value: Any, pattern: Any) -> bool:
    from shared.blocks.sandbox import patterns

    return bool(patterns.find_all(as_text(pattern), as_text(value), limit=1))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def judge(one: Any, other: Any) -> bool:
        keys = order_key(one), order_key(other)
        return keys[0][0] == keys[1][0] and keys[0][0] in (1, 2) and compare(keys[0][1], keys[1][1])

    return judge


_ORDERS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GREATER: _ordered(lambda one, other: one > other),
    Operator.GREATER_OR_EQUAL: _ordered(lambda one, other: one >= other),
    Operator.LESS: _ordered(lambda one, other: one < other),
    Operator.LESS_OR_EQUAL: _ordered(lambda one, other: one <= other),
}


def need_records(items: list[Any], what: str) -> list[dict[str, Any]]:
    """``items``, all of which are dictionaries. BlockError names the first that is not."""
    for position, one in enumerate(items):
        if not isinstance(one, dict):
            raise errors.BlockError(f"Element {position} of {what} is no dictionary: give records")
    return items
