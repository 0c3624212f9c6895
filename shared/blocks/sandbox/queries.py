"""What does a JMESPath query of a user find?

A query may write out the same data again and again (``[@,@]``, piped into itself forty times) and so make more than
any memory holds. What it makes is weighed on the way, and its steps are counted.
"""

from collections.abc import Iterable
from typing import Any, cast

import jmespath
from jmespath import exceptions, functions, visitor

from shared.blocks import bounds
from shared.domain import errors

MAX_QUERY = 10_000
MAX_STEPS = 5_000_000
MAX_MADE = 10_000_000
"""Characters of JSON of all lists and dictionaries that a query writes out."""


def search(query: str, data: Any) -> Any:
    """What ``query`` finds in ``data``; None: nothing. BlockError, reason ``QUERY_INVALID``, ``LIMIT_EXCEEDED``.
    It computes: call it in a thread."""
    if len(query) > MAX_QUERY:
        raise _limit(f"it has more than {MAX_QUERY:,} characters")
    try:
        parsed = jmespath.compile(query).parsed
        return _Interpreter().visit(parsed, data)
    except RecursionError as error:
        raise _limit("it nests too deep") from error
    except exceptions.JMESPathError as error:
        raise errors.BlockError(
            f"The query {query[:200]!r} cannot be answered: {error}", reason="QUERY_INVALID"
        ) from error
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise errors.BlockError(
            f"The query {query[:200]!r} cannot be answered: {error or type(error).__name__}", reason="QUERY_INVALID"
        ) from error


class _Budget:
    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.made = MAX_MADE

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise _limit(f"it takes more than {MAX_STEPS:,} steps")

    def make(self, value: Any) -> Any:
        self.spend(bounds.weight(value, self.made))
        return value

    def spend(self, characters: int) -> None:
        self.made -= characters
        if self.made < 0:
            raise _limit(f"it makes more than {MAX_MADE:,} characters on the way")


class _Interpreter(visitor.TreeInterpreter):
    """One answer: it counts."""

    def __init__(self) -> None:
        self._budget = _Budget()
        super().__init__(visitor.Options(custom_functions=_Functions(self._budget)))

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._budget.step()
        return super().visit(node, *args, **kwargs)

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        return self._budget.make(super().visit_multi_select_list(node, value))

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        return self._budget.make(super().visit_multi_select_dict(node, value))


class _Functions(functions.Functions):
    """Those of JMESPath; what makes a text, or looks through all of its data, is paid for."""

    def __init__(self, budget: _Budget) -> None:
        self._budget = budget

    def call_function(self, function_name: str, resolved_args: Iterable[Any]) -> Any:
        arguments = list(resolved_args)
        for argument in arguments:
            self._budget.spend(bounds.weight(argument, self._budget.made) // 8)
        if function_name == "join" and len(arguments) == 2 and isinstance(arguments[1], list):
            self._budget.spend(len(str(arguments[0])) * len(cast(list[Any], arguments[1])))
        return super().call_function(function_name, arguments)


def _limit(what: str) -> errors.BlockError:
    return errors.BlockError(f"The query takes too much: {what}; ask for less at once", reason="LIMIT_EXCEEDED")
