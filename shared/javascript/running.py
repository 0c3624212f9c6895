"""What does a tree of an expression give? Each node, by its values; every step is counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.javascript import numbers, tree, values
from shared.javascript.budget import Budget
from shared.javascript.members import Library
from shared.javascript.values import UNDEFINED, FunctionValue, Thrown, Value

_GONE: Final = object()
"""What ``?.`` has found nothing for: the rest of the chain is passed over."""


@dataclass(slots=True)
class Scope:
    names: dict[str, Value] = field(default_factory=dict[str, Value])
    outer: "Scope | None" = None

    def find(self, name: str) -> "Scope | None":
        found: Scope | None = self
        while found is not None and name not in found.names:
            found = found.outer
        return found


@dataclass(slots=True)
class _Returned:
    value: Value


class Interpreter:
    """``library``: what is there beside the names that an expression is given."""

    def __init__(self, library: Library, run: Budget) -> None:
        self._library, self._run = library, run

    def evaluate(self, node: tree.Node, names: Mapping[str, Value]) -> Value:
        return self._value(node, Scope(dict(names)))

    def _value(self, node: tree.Node, scope: Scope) -> Value:
        found = self._any(node, scope)
        return UNDEFINED if found is _GONE else found

    def _any(self, node: tree.Node, scope: Scope) -> Any:
        self._run.step()
        match node:
            case tree.Literal():
                return node.value
            case tree.Name():
                return self._name(node.id, scope)
            case tree.Member():
                return self._member(node, scope)
            case tree.Call():
                return self._call(node, scope)
            case tree.Binary():
                return self._binary(node, scope)
            case tree.Unary():
                return self._unary(node, scope)
            case tree.Choice():
                return self._value(node.yes if values.truth(self._value(node.test, scope)) else node.no, scope)
            case tree.Chain():
                return self._value(node.node, scope)
            case tree.Template():
                return self._run.made("".join(values.text(self._value(one, scope), self._run) for one in node.parts))
            case tree.Array():
                return self._list(node.items, scope)
            case tree.Object():
                return self._object(node, scope)
            case tree.Function():
                return self._function(node, scope)
            case tree.New():
                return self._library.new(node.name, self._list(node.given, scope), self._run)

    def _name(self, name: str, scope: Scope) -> Value:
        found = scope.find(name)
        if found is not None:
            return found.names[name]
        if name in self._library.names:
            return self._library.names[name]
        raise Thrown(f"{name} is not defined")

    def _list(self, items: Iterable[tree.Node | tree.Spread], scope: Scope) -> list[Value]:
        found: list[Value] = []
        for one in items:
            if isinstance(one, tree.Spread):
                found += values.iterated(self._value(one.node, scope), self._run)
                self._run.grown(len(found))
            else:
                found.append(self._value(one, scope))
        self._run.grown(len(found))
        return found

    def _object(self, node: tree.Object, scope: Scope) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for one in node.entries:
            if isinstance(one, tree.Spread):
                found.update(values.entries(self._value(one.node, scope), self._run))
            else:
                found[values.key(self._value(one[0], scope), self._run)] = self._value(one[1], scope)
        self._run.grown(len(found))
        return found

    def _member(self, node: tree.Member, scope: Scope) -> Any:
        holder = self._any(node.holder, scope)
        if holder is _GONE or (node.optional and values.is_nothing(holder)):
            return _GONE
        return self._library.get(holder, self._value(node.key, scope), self._run)

    def _call(self, node: tree.Call, scope: Scope) -> Any:
        if isinstance(node.callee, tree.Member):
            holder = self._any(node.callee.holder, scope)
            if holder is _GONE or (node.callee.optional and values.is_nothing(holder)):
                return _GONE
            key = self._value(node.callee.key, scope)
            called = self._library.method(holder, key, self._run)
        else:
            called, key = self._any(node.callee, scope), ""
        if called is _GONE or (node.optional and values.is_nothing(called)):
            return _GONE
        given = self._list(node.given, scope)
        if not isinstance(called, FunctionValue | values.Space) or called.call is None:
            raise Thrown(f"{values.text(key, self._run) or 'what is called'} is not a function")
        with self._run.deeper():
            return called.call(given)

    def _unary(self, node: tree.Unary, scope: Scope) -> Value:
        if node.sign == "typeof" and isinstance(node.node, tree.Name) and not self._is_known(node.node.id, scope):
            return "undefined"
        value = self._value(node.node, scope)
        match node.sign:
            case "typeof":
                return values.kind(value)
            case "!":
                return not values.truth(value)
            case "+":
                return values.number(value, self._run)
            case _:
                found = values.number(value, self._run)
                return -0.0 if found == 0 and isinstance(found, int) else numbers.plain(-found)

    def _is_known(self, name: str, scope: Scope) -> bool:
        return scope.find(name) is not None or name in self._library.names

    def _binary(self, node: tree.Binary, scope: Scope) -> Value:
        left = self._value(node.left, scope)
        match node.sign:
            case "&&":
                return self._value(node.right, scope) if values.truth(left) else left
            case "||":
                return left if values.truth(left) else self._value(node.right, scope)
            case "??":
                return self._value(node.right, scope) if values.is_nothing(left) else left
            case _:
                return self._computed(node.sign, left, self._value(node.right, scope))

    def _computed(self, sign: str, left: Value, right: Value) -> Value:
        run = self._run
        match sign:
            case "===" | "!==":
                return values.is_same(left, right) == (sign == "===")
            case "==" | "!=":
                return values.is_equal(left, right, run) == (sign == "==")
            case "<" | "<=":
                return values.is_less(left, right, run, or_equal=sign == "<=")
            case ">" | ">=":
                return values.is_less(right, left, run, or_equal=sign == ">=")
            case "in":
                return self._library.has(right, left, run)
            case "+":
                a, b = values.primitive(left, run), values.primitive(right, run)
                if isinstance(a, str) or isinstance(b, str):
                    x, y = values.text(a, run), values.text(b, run)
                    run.sized(len(x) + len(y))
                    return run.made(x + y)
                return numbers.plain(values.number(a, run) + values.number(b, run))
            case _:
                return _OPERATORS[sign](values.number(left, run), values.number(right, run))

    def _function(self, node: tree.Function, scope: Scope) -> FunctionValue:
        def call(given: Sequence[Value]) -> Value:
            inner = Scope(outer=scope)
            self._bind_all(node.parameters, given, inner)
            with self._run.deeper():
                if not isinstance(node.body, tree.Block):
                    return self._value(node.body, inner)
                returned = self._block(node.body, inner)
            return returned.value if returned else UNDEFINED

        return FunctionValue("", call)

    def _bind_all(self, patterns: Sequence[tree.Pattern | None], given: Sequence[Value], scope: Scope) -> None:
        for position, pattern in enumerate(patterns):
            if pattern is None:
                continue
            if pattern.rest:
                self._bind(pattern, list(given[position:]), scope)
            else:
                self._bind(pattern, given[position] if position < len(given) else UNDEFINED, scope)

    def _bind(self, pattern: tree.Pattern, value: Value, scope: Scope) -> None:
        self._run.step()
        if value is UNDEFINED and pattern.default is not None:
            value = self._value(pattern.default, scope)
        if pattern.items is not None:
            self._bind_all(pattern.items, values.iterated(value, self._run), scope)
        elif pattern.entries is not None:
            if values.is_nothing(value):
                raise Thrown(f"{values.text(value, self._run)} has no properties")
            taken = {key for key, _ in pattern.entries}
            for key, one in pattern.entries:
                if one.rest:
                    left = {name: held for name, held in values.entries(value, self._run) if name not in taken}
                    self._bind(one, left, scope)
                else:
                    self._bind(one, self._library.get(value, key, self._run), scope)
        else:
            scope.names[pattern.name] = value

    def _block(self, block: tree.Block, scope: Scope) -> _Returned | None:
        inner = Scope(outer=scope)
        for statement in block.statements:
            returned = self._statement(statement, inner)
            if returned is not None:
                return returned
        return None

    def _statement(self, statement: tree.Statement, scope: Scope) -> _Returned | None:
        self._run.step()
        match statement:
            case tree.Return():
                return _Returned(UNDEFINED if statement.value is None else self._value(statement.value, scope))
            case tree.Let():
                value = UNDEFINED if statement.value is None else self._value(statement.value, scope)
                self._bind(statement.pattern, value, scope)
            case tree.If():
                way = statement.yes if values.truth(self._value(statement.test, scope)) else statement.no
                return self._statement(way, scope) if way else None
            case tree.Block():
                return self._block(statement, scope)
            case _:
                self._value(statement, scope)
        return None


_OPERATORS: Mapping[str, Callable[[Any, Any], Value]] = {
    "-": lambda a, b: numbers.plain(a - b),
    "*": lambda a, b: numbers.plain(a * b),
    "/": numbers.quotient,
    "%": numbers.remainder,
    "**": numbers.power,
}
