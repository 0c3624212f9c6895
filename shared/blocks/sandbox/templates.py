"""What text does a template of a user give?

Jinja2 in its sandbox, which keeps templates from the interpreter; the limits here keep them from its memory and
time: steps (turns of loops, calls, elements that filters take), the size of a text, bytes, and seconds. The same
values give the same text: nothing is drawn by lot, and what Python writes with its address has no text.
"""

import functools
import itertools
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, cast

import jinja2
from jinja2 import nodes, runtime, sandbox

from shared.blocks.sandbox import sizes
from shared.domain import errors

MAX_TEMPLATE = 100_000
"""Characters."""
MAX_OUTPUT = 5_000_000
MAX_BYTES = 200_000_000
"""Of all texts and lists that are made on the way."""
MAX_STEPS = 500_000
MAX_SECONDS = 10.0

_SHORT_TEXT = 60
"""Bytes."""
_HANDED_ON = frozenset({"attr", "d", "default", "first", "last"})
"""Filters that make nothing."""
_COMPARING = {"eq", "ne", "lt", "le", "gt", "ge", "in", "equalto", "lessthan", "greaterthan"} | {
    *("==", "!=", "<", "<=", ">", ">=", "filter", "test"),
}
_WRITING = {"lower", "upper"}
"""Tests that write what they are given."""


def render(template: str, values: Mapping[str, Any], *, escape_html: bool = False) -> str:
    """``template`` (Jinja2) filled with ``values``; what has no value is empty. BlockError, reason
    ``TEMPLATE_INVALID`` when it cannot be filled, ``LIMIT_EXCEEDED`` when it takes too much. It computes: call
    it in a thread."""
    if len(template) > MAX_TEMPLATE:
        raise _limit(f"it has more than {MAX_TEMPLATE:,} characters")
    try:
        return _Environment(escape_html).fill(template, values)
    except sizes.TooMuchError as error:
        raise _limit(str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise _limit("it nests too deep") from error
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise errors.BlockError(
            f"The template cannot be filled: {error}; correct it (Jinja2)", reason="TEMPLATE_INVALID"
        ) from error


def _limit(what: str) -> errors.BlockError:
    return errors.BlockError(f"The template takes too much: {what}", reason="LIMIT_EXCEEDED")


class _Environment(sandbox.ImmutableSandboxedEnvironment):
    """One rendering: it counts what the template takes."""

    intercepted_binops = frozenset({"*", "**", "+", "-", "%"})

    def __init__(self, escape_html: bool) -> None:
        # Unoptimized: a list of a million constants, written out for Python's compiler, takes it seconds.
        super().__init__(autoescape=escape_html, finalize=self._written, optimized=False)
        self.globals.pop("lipsum")
        self.filters = {name: self._bounded_filter(name, f) for name, f in self.filters.items() if name != "random"}
        self.filters["__turns"] = self._turns
        self.filters["__compared"] = sizes.compared
        self.tests = {name: _bounded_test(name, test) for name, test in self.tests.items()}
        self._steps = 0
        self._output = 0
        self._bytes = 0
        self._macro_size = 0
        self._macro_bytes = 0
        self._deadline = time.monotonic() + MAX_SECONDS

    def fill(self, source: str, values: Mapping[str, Any]) -> str:
        tree = self.parse(source)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                raise sizes.TooMuchError("recursive loops are not available")
            loop.iter = nodes.Filter(
                loop.iter,
                "__turns",
                [nodes.Const(_static_size(loop)), nodes.Const(_static_bytes(loop))],
                [],
                None,
                None,
                lineno=loop.lineno,
            )
        for compare in tree.find_all(nodes.Compare):
            compare.expr = nodes.Filter(compare.expr, "__compared", [], [], None, None, lineno=compare.lineno)
            for operand in compare.ops:
                operand.expr = nodes.Filter(operand.expr, "__compared", [], [], None, None, lineno=compare.lineno)
        for pair in tree.find_all(nodes.Pair):
            pair.key = nodes.Filter(pair.key, "__compared", [], [], None, None, lineno=pair.lineno)
        for concat in tree.find_all(nodes.Concat):
            concat.nodes = [nodes.Filter(nodes.List(concat.nodes), "join", [], [], None, None, lineno=concat.lineno)]
        macros = list(tree.find_all((nodes.Macro, nodes.CallBlock)))
        self._macro_size = sum(map(_static_size, macros))
        self._macro_bytes = sum(map(_static_bytes, macros))
        code = self.compile(tree)
        template = self.template_class.from_code(self, code, self.make_globals(None))
        return template.render(values)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        __self._step()
        if isinstance(__obj, runtime.Macro):
            __self._write(__self._macro_size)
            __self._charge(__self._macro_bytes)
        sizes.check_method(__obj, [*args, *kwargs.values()])
        result = sizes.checked(super().call(__context, __obj, *args, **kwargs))
        holder = getattr(__obj, "__self__", None)
        if isinstance(holder, str) and isinstance(result, list):
            __self._charge(_SHORT_TEXT * len(cast(list[Any], result)))
        return (
            result if isinstance(holder, dict) and getattr(__obj, "__name__", "") != "copy" else __self._made(result)
        )

    def getitem(self, obj: Any, argument: Any) -> Any:
        return super().getitem(obj, sizes.compared(argument))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapper = super().wrap_str_format(value)
        if wrapper is None:
            return None

        def formatted(*args: Any, **kwargs: Any) -> str:
            mappings = [one.values() for one in (*args, kwargs) if isinstance(one, Mapping)]
            sizes.check_format(value.__self__, [*args, *(one for values in mappings for one in values)])
            return wrapper(*args, **kwargs)

        return formatted

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        match operator:
            case "*" if isinstance(left, Sized) and isinstance(right, int):
                sizes.check_size(len(left) * right)
            case "*" if isinstance(right, Sized) and isinstance(left, int):
                sizes.check_size(len(right) * left)
            case "**" if isinstance(left, int) and isinstance(right, int):
                sizes.check_size(left.bit_length() * right)
            case "%" if isinstance(left, str):
                sizes.check_format(left, [right])
            case "-":
                sizes.compared([left, right])
            case _:
                pass
        return self._made(sizes.checked(super().call_binop(context, operator, left, right)))

    def _bounded_filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def bounded(*args: Any, **kwargs: Any) -> Any:
            given = [
                arg for arg in args if not isinstance(arg, jinja2.Environment | runtime.Context | nodes.EvalContext)
            ]
            self._step(
                len(given[0]) if given and isinstance(given[0], Sized) and not isinstance(given[0], str) else 1
            )
            sizes.check_filter(name, [*given, *kwargs.values()])
            result = function(*args, **kwargs)
            if isinstance(result, Iterator):
                result = self._listed(name, cast(Iterator[Any], result))
            return sizes.checked(result) if name in _HANDED_ON else self._made(sizes.checked(result))

        return bounded

    def _listed(self, name: str, values: Iterator[Any]) -> list[Any]:
        """What a filter would make one by one: a list can be written, gone through again, and counted."""
        listed = list(itertools.islice(values, sizes.MAX_TEXT + 1))
        if name in ("batch", "slice"):
            self._charge(sum(map(sys.getsizeof, listed)))
        if name == "list":
            self._charge(_SHORT_TEXT * len(listed))
        return listed

    def _turns(self, iterable: Iterable[Any], size: int, made: int) -> Iterator[Any]:
        for one in iterable:
            self._step()
            self._write(size)
            self._charge(made)
            yield one

    def _written(self, value: Any) -> Any:
        self._write(sizes.size(value, MAX_OUTPUT))
        return value

    def _made(self, value: Any) -> Any:
        self._charge(sys.getsizeof(value))
        return value

    def _charge(self, size: int) -> None:
        self._bytes += size
        if self._bytes > MAX_BYTES:
            raise sizes.TooMuchError(f"it makes more than {MAX_BYTES:,} bytes of texts and lists on the way")

    def _write(self, size: int) -> None:
        self._output += size
        if self._output > MAX_OUTPUT:
            raise sizes.TooMuchError(f"it writes more than {MAX_OUTPUT:,} characters")

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > MAX_STEPS:
            raise sizes.TooMuchError(f"it takes more than {MAX_STEPS:,} steps")
        if time.monotonic() > self._deadline:
            raise sizes.TooMuchError(f"it takes more than {MAX_SECONDS:.0f} seconds")


def _static_size(node: nodes.Node) -> int:
    return sum(len(data.data) for data in node.find_all(nodes.TemplateData))


def _static_bytes(node: nodes.Node) -> int:
    """What the lists and dictionaries that are written out in a template take at least, each time."""
    return sum(100 * (1 + len(one.items)) for one in node.find_all((nodes.List, nodes.Tuple, nodes.Dict)))


def _bounded_test(name: str, test: Callable[..., bool]) -> Callable[..., bool]:
    if name not in _COMPARING | _WRITING:
        return test
    judge = sizes.written if name in _WRITING else sizes.compared

    @functools.wraps(test)
    def bounded(*args: Any) -> bool:
        return test(*(one if isinstance(one, jinja2.Environment) else judge(one) for one in args))

    return bounded
