"""What does an expression of JavaScript give, with these values? ``evaluate`` is the one way in."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.javascript import grammar, known, tree, writing
from shared.javascript.budget import Budget, TooMuch
from shared.javascript.library import library
from shared.javascript.running import Interpreter
from shared.javascript.values import UNDEFINED, Thrown


def read(code: str, names: Iterable[str]) -> tree.Node:
    """The tree of an expression that may name these. Unsupported: what it says is not known here."""
    node = grammar.read(code)
    try:
        known.check(node, names)
    except RecursionError as error:
        raise tree.Unsupported("it nests too deep") from error
    return node


def evaluate(
    code: str, names: Mapping[str, Any], *, zone: str, is_late: Callable[[], bool], forgiving: bool = False
) -> Any:
    """The value as JSON; undefined is null. ``zone``: whose clock dates go by. ``forgiving``: what JavaScript would
    throw gives null, as in n8n. Thrown, Unsupported, TooMuch."""
    node = read(code, names)
    run = Budget(is_late)
    try:
        given = {name: writing.taken(value, run) for name, value in names.items()}
        try:
            value = Interpreter(library(run, zone), run).evaluate(node, given)
        except Thrown:
            if not forgiving:
                raise
            value = UNDEFINED
        return writing.given_back(value, run)
    except (RecursionError, MemoryError) as error:
        raise TooMuch("it nests too deep") from error
