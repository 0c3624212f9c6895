"""Which values are there, and how does one become another? Texts (``units``), numbers, lists, dictionaries, these.

A dictionary is an object without a prototype: it has what was put into it, and nothing else.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from shared.javascript import numbers, units
from shared.javascript.budget import Budget
from shared.javascript.numbers import Number
from shared.javascript.tree import Unsupported

Value = Any
Called = Callable[[Sequence[Value]], Value]


class Thrown(Exception):
    """What JavaScript throws, too: a mistake of the expression or its values."""


class Undefined:
    """There is one: ``UNDEFINED``."""

    __slots__ = ()


UNDEFINED: Final = Undefined()


@dataclass(slots=True, eq=False)
class FunctionValue:
    """A function: one that is written, or one that is there."""

    name: str
    call: Called


@dataclass(slots=True, eq=False)
class Space:
    """``Math`` and the like: what they hold. ``call``: where it is a function as well, as ``Number``."""

    name: str
    held: Mapping[str, Value]
    call: Called | None = None


@dataclass(slots=True, eq=False)
class Collection:
    """A ``Set``."""

    items: dict[Any, Value] = field(default_factory=dict[Any, Value])


@dataclass(slots=True, eq=False)
class Moment:
    """A ``Date``: milliseconds since 1970; NaN: none."""

    time: Number


INHERITED: Final = frozenset(
    {
        *("__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "prototype"),
        *("toLocaleString", "toString", "valueOf"),
        *("__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
    }
)
"""What objects of JavaScript have of their prototype: nothing that an expression may get hold of here."""


def is_nothing(value: Value) -> bool:
    return value is None or value is UNDEFINED


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_primitive(value: Value) -> bool:
    return is_nothing(value) or isinstance(value, bool | int | float | str)


def kind(value: Value) -> str:
    """``typeof``."""
    match value:
        case Undefined():
            return "undefined"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case FunctionValue():
            return "function"
        case Space():
            return "function" if value.call else "object"
        case _:
            return "object"


def truth(value: Value) -> bool:
    if is_nothing(value) or value is False or value == "":
        return False
    return not (is_number(value) and (value == 0 or math.isnan(value)))


def text(value: Value, run: Budget) -> str:
    run.step()
    match value:
        case str():
            return value
        case None:
            return "null"
        case Undefined():
            return "undefined"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return numbers.text(value)
        case list():
            listed = cast(list[Value], value)
            with run.deeper():
                parts = ["" if is_nothing(one) else text(one, run) for one in listed]
            return run.made(",".join(parts))
        case dict():
            return "[object Object]"
        case Collection():
            return "[object Set]"
        case _:
            raise Unsupported("the text of a date or function has no counterpart")


def number(value: Value, run: Budget) -> Number:
    match value:
        case bool():
            return int(value)
        case int() | float():
            return value
        case None:
            return 0
        case Undefined():
            return math.nan
        case str():
            return numbers.of_text(value)
        case Moment():
            return value.time
        case _:
            return numbers.of_text(text(value, run))


def whole(value: Value, run: Budget) -> int:
    """A whole number, as positions are; NaN: 0."""
    found = number(value, run)
    if isinstance(found, float):
        if math.isnan(found):
            return 0
        return int(found) if math.isfinite(found) else (2**53 if found > 0 else -(2**53))
    return found


def primitive(value: Value, run: Budget) -> Value:
    """What stands for an object where a text or number is asked for."""
    if isinstance(value, Moment):
        return text(value, run)
    return value if is_primitive(value) else text(value, run)


def is_same(left: Value, right: Value) -> bool:
    """``===``."""
    if is_number(left) and is_number(right):
        return left == right
    if type(left) is not type(right):
        return False
    return left == right if isinstance(left, str | bool) else left is right


def is_equal(left: Value, right: Value, run: Budget) -> bool:
    """``==``."""
    if is_nothing(left) or is_nothing(right):
        return is_nothing(left) and is_nothing(right)
    if isinstance(left, bool) and not isinstance(right, bool):
        return is_equal(int(left), right, run)
    if isinstance(right, bool) and not isinstance(left, bool):
        return is_equal(left, int(right), run)
    if is_primitive(left) and is_primitive(right):
        if type(left) is not type(right) and not (is_number(left) and is_number(right)):
            return number(left, run) == number(right, run)
        return is_same(left, right)
    if is_primitive(left) or is_primitive(right):
        return is_equal(primitive(left, run), primitive(right, run), run)
    return left is right


def is_less(left: Value, right: Value, run: Budget, *, or_equal: bool) -> bool:
    """``<`` and ``<=``: of two texts by their units, else by number."""
    a, b = (one if isinstance(one, Moment) else primitive(one, run) for one in (left, right))
    if isinstance(a, str) and isinstance(b, str):
        run.step(1 + min(len(a), len(b)) // 1_000)
        return a <= b if or_equal else a < b
    x, y = number(a, run), number(b, run)
    return x <= y if or_equal else x < y


def key(value: Value, run: Budget) -> str:
    """The name of a property."""
    return value if isinstance(value, str) else text(value, run)


def called(several: Sequence[Value], position: int) -> Called:
    """The function that is handed over at a position. Thrown: there is none."""
    value = several[position] if position < len(several) else UNDEFINED
    call = value.call if isinstance(value, FunctionValue | Space) else None
    if call is None:
        raise Thrown(f"{kind(value)} is not a function")
    return call


def at(several: Sequence[Value], position: int) -> Value:
    """An argument; undefined where it is left out."""
    return several[position] if position < len(several) else UNDEFINED


def identity(value: Value) -> Any:
    """What tells the elements of a Set apart: NaN is itself, and an object nobody else."""
    if is_number(value):
        return ("number", "nan" if math.isnan(value) else value)
    return (kind(value), value) if isinstance(value, str | bool) or is_nothing(value) else ("object", id(value))


def index(name: str) -> int | None:
    """The position that a property's name is, if it is one."""
    if name.isascii() and name.isdecimal() and len(name) <= 10 and (name == "0" or name[0] != "0"):
        found = int(name)
        return found if found < 2**32 - 1 else None
    return None


def keys(value: Mapping[str, Value]) -> list[str]:
    """In the order of JavaScript: those that are positions first, by number."""
    if not any(one[:1].isdecimal() for one in value):
        return list(value)
    positions = sorted((one for one in value if index(one) is not None), key=int)
    return [*positions, *(one for one in value if index(one) is None)]


def entries(value: Value, run: Budget) -> list[tuple[str, Value]]:
    """The own properties of a value that a spread copies and ``Object.entries`` lists."""
    if isinstance(value, dict | list | str):
        run.grown(len(cast(Sequence[Value], value)))
    match value:
        case dict():
            found = cast(dict[str, Value], value)
            pairs = [(name, found[name]) for name in keys(found)]
        case list() | str():
            pairs = [(str(position), one) for position, one in enumerate(cast(Sequence[Value], value))]
        case _:
            pairs = []
    return pairs


def iterated(value: Value, run: Budget) -> list[Value]:
    """What a loop would go over. Thrown: it cannot."""
    if isinstance(value, list | str):
        run.grown(len(cast(Sequence[Value], value)))
    match value:
        case list():
            found = list(cast(list[Value], value))
        case str():
            found = list[Value](units.characters(value))
        case Collection():
            run.grown(len(value.items))
            found = list(value.items.values())
        case _:
            raise Thrown(f"{kind(value)} is not iterable")
    return found


def collection(several: Sequence[Value]) -> Collection:
    found = Collection()
    for one in several:
        found.items.setdefault(identity(one), one)
    return found
