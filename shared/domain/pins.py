"""Which part of a pin's value does a dynamic pin name mean?

``values_#_key`` is an entry of the dictionary ``values``, ``entries_$_0`` an element of the list ``entries``,
``obj_@_attr`` an attribute of the object ``obj``; steps nest (``rows_$_0_#_name``). A sink puts the parts
together (``merge``), a source takes one out (``select``).

``tools_^_{node}_~_{field}`` is one argument of a call of a tool, which goes to that node as its input ``field``: of a
value ``{"arguments": {name: value}, "pins": {pin: name}, …}`` the argument that the call has for this very pin.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

MAX_INDEX = 9_999
"""The greatest list index that a pin name may carry: one link must not make a list of millions."""

TOOL = "_^_"
"""Stands in a tool pin before the node that is the tool."""

Kind = Literal["#", "$", "@", "^"]

_STEP = re.compile(r"_([#$@])_")
_INDEX = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step into a value: ``#`` an entry, ``$`` an element, ``@`` an attribute, ``^`` an argument of a call."""

    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a selection gave; ``value`` may well be None."""

    value: Any


def split(pin: str) -> tuple[str, tuple[Step, ...]]:
    """The base pin and the steps from it: ``a_#_b_$_0`` -> ``("a", (# b, $ 0))``; no steps: ordinary."""
    if TOOL in pin:
        base, _, rest_of_pin = pin.partition(TOOL)
        return base, (Step("^", rest_of_pin),)
    base, *rest = _STEP.split(pin)
    return base, tuple(Step(cast(Kind, kind), key) for kind, key in zip(rest[::2], rest[1::2], strict=True))


def base_name(pin: str) -> str:
    """The pin that a block declares: ``values_#_key`` -> ``values``."""
    return split(pin)[0]


def is_dynamic(pin: str) -> bool:
    return TOOL in pin or _STEP.search(pin) is not None


def merge(values: Mapping[str, Any]) -> dict[str, Any]:
    """Pin -> value with every dynamic pin put into its base pin, over what that holds as a literal.

    Shallower pins go first (``a_#_b`` before ``a_#_b_#_c``), then the order of ``values``. Lists are padded
    with null up to an index. Nothing of ``values`` is changed. ValueError names each pin that has no place:
    an index that is none, or above ``MAX_INDEX``, or a step into a value of another kind.
    """
    merged = {pin: value for pin, value in values.items() if not is_dynamic(pin)}
    problems: list[str] = []
    for pin in sorted(filter(is_dynamic, values), key=lambda name: len(split(name)[1])):
        base, steps = split(pin)
        try:
            merged[base] = _put(merged.get(base), steps, values[pin])
        except ValueError as error:
            problems.append(f"{pin}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return merged


def select(pin: str, value: Any) -> Found | None:
    """The part of ``value`` (that of the base pin) which ``pin`` names; None: there is no such part."""
    if TOOL in pin:
        return _argument(pin, value)
    for step in split(pin)[1]:
        part = _element(value, step.key) if step.kind == "$" else _entry(value, step.key)
        if part is None:
            return None
        value = part.value
    return Found(value)


def _argument(pin: str, call: Any) -> Found | None:
    """What a call has for a tool pin; null where it leaves out what it might have given."""
    names = cast(Mapping[str, Any], call).get("pins") if isinstance(call, Mapping) else None
    if not isinstance(names, Mapping) or pin not in names:
        return None
    arguments = cast(Mapping[str, Any], call["arguments"])
    return Found(arguments.get(cast(Mapping[str, str], names)[pin]))


def _put(current: Any, steps: Sequence[Step], value: Any) -> Any:
    """``current`` with ``value`` at the end of ``steps``: a copy along the way, the rest shared."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step.kind == "^":
        raise ValueError("a tool pin is one that a value comes out of")
    if step.kind == "$":
        return _put_element(current, _index(step.key), rest, value)
    if current is not None and not isinstance(current, Mapping):
        raise ValueError(f"it sets the key {step.key!r}, but the value there is {_kind(current)}")
    entries = dict(cast(Mapping[str, Any], current or {}))
    entries[step.key] = _put(entries.get(step.key), rest, value)
    return entries


def _put_element(current: Any, index: int, rest: Sequence[Step], value: Any) -> list[Any]:
    if current is not None and not isinstance(current, list):
        raise ValueError(f"it sets element {index}, but the value there is {_kind(current)}")
    elements = list(cast(list[Any], current or []))
    elements += [None] * (index + 1 - len(elements))
    elements[index] = _put(elements[index], rest, value)
    return elements


def _index(key: str) -> int:
    if not _INDEX.fullmatch(key):
        raise ValueError(f"{key!r} is not an index of a list; use 0, 1, 2 …")
    if int(key) > MAX_INDEX:
        raise ValueError(f"the index {key} is above {MAX_INDEX}")
    return int(key)


def _element(value: Any, key: str) -> Found | None:
    if not isinstance(value, list) or not _INDEX.fullmatch(key) or int(key) >= len(cast(list[Any], value)):
        return None
    return Found(value[int(key)])


def _entry(value: Any, key: str) -> Found | None:
    if not isinstance(value, Mapping) or key not in value:
        return None
    return Found(value[key])


def _kind(value: Any) -> str:
    names = {dict: "a dictionary", list: "a list", str: "a text", bool: "true or false"}
    return names.get(cast(type[Any], type(value)), "a number")
