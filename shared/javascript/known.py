"""Is everything known here that an expression names? Asked before it runs, so that nothing is refused halfway."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from shared.javascript import tree, values
from shared.javascript.budget import Budget
from shared.javascript.library import library
from shared.javascript.tree import Unsupported

MAX_DEPTH = 120
"""Of a tree: what nests deeper could not be gone through."""
_LIBRARY: Final = library(Budget(), "UTC")
_METHODS: Final = frozenset(name for methods in _LIBRARY.methods.values() for name in methods)

Part = tree.Statement | tree.Spread | tree.Pattern


def check(node: tree.Node, names: Iterable[str], given: Collection[Part] = ()) -> None:
    """``names``: those that it will be given; ``given``: parts that will have a name. Unsupported: another name,
    or a function, that is not known."""
    _visit(node, frozenset(names) | _LIBRARY.names.keys(), frozenset(map(id, given)), 0)


def nodes(node: Part) -> Iterator[Part]:
    """All of a tree, each before what is in it."""
    waiting = [(node, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise Unsupported("it nests too deep")
        yield one
        waiting += [(part, depth + 1) for part in reversed(parts(one))]


def parts(node: Part) -> Sequence[Part]:
    """What is in a node, in the order in which it is written."""
    match node:
        case tree.Template():
            found = list(node.parts)
        case tree.Array():
            found = list(node.items)
        case tree.Object():
            found = [part for one in node.entries for part in (one if isinstance(one, tuple) else (one,))]
        case tree.Unary() | tree.Spread() | tree.Chain():
            found = [node.node]
        case tree.Binary():
            found = [node.left, node.right]
        case tree.Choice():
            found = [node.test, node.yes, node.no]
        case tree.Member():
            found = [node.holder, node.key]
        case tree.Call():
            found = [node.callee, *node.given]
        case tree.New():
            found = list(node.given)
        case tree.Function():
            found = [*node.parameters, node.body]
        case tree.Pattern():
            found = [*(node.items or ()), *(one for _, one in node.entries or ()), node.default]
        case tree.Let():
            found = [node.pattern, node.value]
        case tree.Return():
            found = [node.value]
        case tree.If():
            found = [node.test, node.yes, node.no]
        case tree.Block():
            found = list(node.statements)
        case tree.Literal() | tree.Name():
            found = []
    return [one for one in found if one is not None]


def _visit(node: Part, names: frozenset[str], given: frozenset[int], depth: int) -> None:
    if id(node) in given:
        return
    if depth > MAX_DEPTH:
        raise Unsupported("it nests too deep")
    match node:
        case tree.Name() if node.id not in names:
            raise Unsupported(f"{node.id} has no counterpart")
        case tree.Unary() if node.sign == "typeof" and isinstance(node.node, tree.Name):
            return
        case tree.Member():
            _check_member(node)
        case tree.Call() if isinstance(node.callee, tree.Member):
            _check_method(node.callee)
        case tree.New(name="Date") if len(node.given) != 1:
            raise Unsupported("a date of now, or of several numbers, has no counterpart")
        case tree.Function():
            names |= _bound(node.parameters)
        case tree.Block():
            names |= _bound([one.pattern for one in node.statements if isinstance(one, tree.Let)])
        case _:
            pass
    for part in parts(node):
        _visit(part, names, given, depth + 1)


def _bound(patterns: Iterable[tree.Pattern]) -> frozenset[str]:
    """The names that patterns bind."""
    return frozenset(
        one.name for pattern in patterns for one in nodes(pattern) if isinstance(one, tree.Pattern) and one.name
    )


def _key(node: tree.Member) -> str | None:
    return node.key.value if isinstance(node.key, tree.Literal) and isinstance(node.key.value, str) else None


def _check_member(node: tree.Member) -> None:
    key = _key(node)
    if key in values.INHERITED and key not in _METHODS:
        raise Unsupported(f"{key} has no counterpart")
    held = _LIBRARY.names.get(node.holder.id) if isinstance(node.holder, tree.Name) else None
    if isinstance(held, values.Space) and key is not None and key not in held.held:
        raise Unsupported(f"{held.name}.{key} has no counterpart")


def _check_method(node: tree.Member) -> None:
    key = _key(node)
    is_space = isinstance(node.holder, tree.Name) and node.holder.id in _LIBRARY.names
    if key is not None and not is_space and key not in _METHODS:
        raise Unsupported(f"the function {key}() has no counterpart")
