"""What does a value have under a name: properties, elements, methods?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from shared.javascript import values
from shared.javascript.budget import Budget
from shared.javascript.tree import Unsupported
from shared.javascript.values import UNDEFINED, Collection, FunctionValue, Space, Thrown, Value

Method: TypeAlias = Callable[..., Value]
"""``method(holder, given, run)``, the first of the type that has it."""
Methods: TypeAlias = Mapping[str, Method]


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """``names``: that stand for something by themselves; ``methods``: by the type that has them; ``makers``: what
    ``new`` makes."""

    names: Mapping[str, Value]
    methods: Mapping[type[Any], Methods]
    makers: Mapping[str, Callable[[Sequence[Value], Budget], Value]]

    def new(self, name: str, given: Sequence[Value], run: Budget) -> Value:
        return self.makers[name](given, run)

    def get(self, holder: Value, key: Value, run: Budget) -> Value:
        """A property. Thrown where there is nothing that could have any; Unsupported: what a prototype has."""
        if values.is_nothing(holder):
            raise Thrown(f"{values.text(holder, run)} has no property {values.text(key, run)}")
        if isinstance(holder, list | str) and values.is_number(key):
            return _element(cast(Sequence[Value], holder), key)
        name = values.key(key, run)
        match holder:
            case dict():
                own = cast(dict[str, Value], holder)
                return own[name] if name in own else self._inherited(holder, name)
            case list() | str():
                if name == "length":
                    return len(cast(Sequence[Value], holder))
                position = values.index(name)
                if position is not None:
                    return _element(cast(Sequence[Value], holder), position)
                return self._inherited(holder, name)
            case Space():
                return holder.held[name] if name in holder.held else self._inherited(holder, name)
            case Collection() if name == "size":
                return len(holder.items)
            case _:
                return self._inherited(holder, name)

    def _inherited(self, holder: Value, name: str) -> Value:
        if name in values.INHERITED or name in self._methods(holder):
            raise Unsupported(f"the property {name} has no counterpart where it is not called")
        return UNDEFINED

    def _methods(self, holder: Value) -> Methods:
        return self.methods.get(float if values.is_number(holder) else type(holder), {})

    def method(self, holder: Value, key: Value, run: Budget) -> Value:
        """What ``holder.key`` is where it is called."""
        if values.is_nothing(holder):
            raise Thrown(f"{values.text(holder, run)} has no property {values.text(key, run)}")
        name = values.key(key, run)
        held = holder.held if isinstance(holder, Space) else holder
        if isinstance(held, Mapping) and name in held:
            return cast(Mapping[str, Value], held)[name]
        write = self._methods(holder).get(name)
        if write is not None:
            return FunctionValue(name, lambda given: write(holder, given, run))
        if name in values.INHERITED:
            raise Unsupported(f"{name}() has no counterpart")
        return self.get(holder, name, run)

    def has(self, holder: Value, key: Value, run: Budget) -> bool:
        """``key in holder``."""
        name = values.key(key, run)
        match holder:
            case dict():
                return name in holder or name in values.INHERITED
            case list():
                position = values.index(name)
                return name == "length" or (position is not None and position < len(cast(list[Value], holder)))
            case _:
                raise Thrown(f"{values.kind(holder)} has no properties to look for")


def _element(holder: Sequence[Value], key: int | float) -> Value:
    if isinstance(key, float) and not key.is_integer():
        return UNDEFINED
    position = int(key)
    return holder[position] if 0 <= position < len(holder) else UNDEFINED
