"""What text does a template of a user give?

Jinja2 in its sandbox, which keeps templates from the interpreter; the limits here keep them from its memory and
time: steps (turns of loops, calls, elements that filters take), the size of a text, and seconds.
"""

import functools
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, cast

import jinja2
from jinja2 import nodes, runtime, sandbox

from shared.domain import errors

MAX_TEMPLATE = 100_000
"""Characters."""
MAX_TEXT = 1_000_000
"""Characters of one text, or elements of one list, on the way."""
MAX_OUTPUT = 5_000_000
MAX_STEPS = 500_000
MAX_SECONDS = 10.0

_WIDE = re.compile(r"\d{6,}")
"""A width in a format that would make a text of a million characters."""


class TooMuchError(Exception):
    """A template went over a limit."""


def render(template: str, values: Mapping[str, Any], *, escape_html: bool = False) -> str:
    """``template`` (Jinja2) filled with ``values``; what has no value is empty. BlockError, reason
    ``TEMPLATE_INVALID`` when it cannot be filled, ``LIMIT_EXCEEDED`` when it takes too much. It computes: call
    it in a thread."""
    if len(template) > MAX_TEMPLATE:
        raise _limit(f"it has more than {MAX_TEMPLATE:,} characters")
    try:
        return _Environment(escape_html).fill(template, values)
    except TooMuchError as error:
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

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, escape_html: bool) -> None:
        super().__init__(autoescape=escape_html, finalize=self._written)
        self.globals.pop("lipsum")
        self.filters = {name: self._bounded_filter(name, f) for name, f in self.filters.items()}
        self.filters["__turns"] = self._turns
        self._steps = 0
        self._output = 0
        self._macro_size = 0
        self._deadline = time.monotonic() + MAX_SECONDS

    def fill(self, source: str, values: Mapping[str, Any]) -> str:
        tree = self.parse(source)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                raise TooMuchError("recursive loops are not available")
            loop.iter = nodes.Filter(
                loop.iter, "__turns", [nodes.Const(_static_size(loop))], [], None, None, lineno=loop.lineno
            )
        for concat in tree.find_all(nodes.Concat):
            concat.nodes = [nodes.Filter(nodes.List(concat.nodes), "join", [], [], None, None, lineno=concat.lineno)]
        self._macro_size = sum(_static_size(macro) for macro in tree.find_all((nodes.Macro, nodes.CallBlock)))
        code = self.compile(tree)
        template = self.template_class.from_code(self, code, self.make_globals(None))
        return template.render(values)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        __self._step()
        if isinstance(__obj, runtime.Macro):
            __self._write(__self._macro_size)
        _check_method(__obj, [*args, *kwargs.values()])
        return _checked(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapper = super().wrap_str_format(value)
        if wrapper is None:
            return None

        def formatted(*args: Any, **kwargs: Any) -> str:
            mappings = [one.values() for one in (*args, kwargs) if isinstance(one, Mapping)]
            _check_format(value.__self__, [*args, *(one for values in mappings for one in values)])
            return wrapper(*args, **kwargs)

        return formatted

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        match operator:
            case "*" if isinstance(left, Sized) and isinstance(right, int):
                _check_size(len(left) * right)
            case "*" if isinstance(right, Sized) and isinstance(left, int):
                _check_size(len(right) * left)
            case "**" if isinstance(left, int) and isinstance(right, int):
                _check_size(left.bit_length() * right)
            case "%" if isinstance(left, str):
                _check_format(left, [right])
            case _:
                pass
        return _checked(super().call_binop(context, operator, left, right))

    def _bounded_filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def bounded(*args: Any, **kwargs: Any) -> Any:
            given = [
                arg for arg in args if not isinstance(arg, jinja2.Environment | runtime.Context | nodes.EvalContext)
            ]
            self._step(
                len(given[0]) if given and isinstance(given[0], Sized) and not isinstance(given[0], str) else 1
            )
            _check_filter(name, [*given, *kwargs.values()])
            return _checked(function(*args, **kwargs))

        return bounded

    def _turns(self, iterable: Iterable[Any], size: int) -> Iterator[Any]:
        for one in iterable:
            self._step()
            self._write(size)
            yield one

    def _written(self, value: Any) -> Any:
        if not isinstance(value, str | runtime.Undefined | None):
            _check_size(_length(value))
        if isinstance(value, str):
            self._write(len(value))
        return value

    def _write(self, size: int) -> None:
        self._output += size
        if self._output > MAX_OUTPUT:
            raise TooMuchError(f"it writes more than {MAX_OUTPUT:,} characters")

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > MAX_STEPS:
            raise TooMuchError(f"it takes more than {MAX_STEPS:,} steps")
        if time.monotonic() > self._deadline:
            raise TooMuchError(f"it takes more than {MAX_SECONDS:.0f} seconds")


def _static_size(node: nodes.Node) -> int:
    return sum(len(data.data) for data in node.find_all(nodes.TemplateData))


def _check_size(size: int) -> None:
    if size > MAX_TEXT:
        raise TooMuchError(f"one value would have {size:,} characters or elements")


def _checked(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict):
        _check_size(len(cast(Sized, value)))
    if isinstance(value, int) and value.bit_length() > MAX_TEXT:
        raise TooMuchError("a number is too large")
    return value


def _check_arguments(arguments: list[Any]) -> None:
    for one in arguments:
        if isinstance(one, int) and abs(one) > MAX_TEXT:
            raise TooMuchError(f"{one} is too large an argument")


def _check_format(text: str, arguments: list[Any]) -> None:
    if _WIDE.search(text):
        raise TooMuchError("a format has too great a width")
    _check_arguments([part for one in arguments for part in (one if isinstance(one, tuple) else [one])])


def _check_method(function: Any, arguments: list[Any]) -> None:
    """Methods of texts that make much out of little."""
    text = getattr(function, "__self__", None)
    if not isinstance(text, str):
        return
    match getattr(function, "__name__", ""):
        case "replace" if len(arguments) >= 2:
            _check_replace(text, arguments[0], arguments[1])
        case "join" if arguments:
            _check_join(text, arguments[0])
        case "translate":
            raise TooMuchError("translate is not available; use replace")
        case _:
            _check_arguments(arguments)


def _check_filter(name: str, arguments: list[Any]) -> None:
    match name:
        case "replace" if len(arguments) >= 3:
            _check_replace(str(arguments[0]), arguments[1], arguments[2])
        case "join":
            _check_join(str(arguments[1]) if len(arguments) > 1 else "", arguments[0])
        case "indent" if len(arguments) > 1:
            width = arguments[1] if isinstance(arguments[1], int) else len(str(arguments[1]))
            _check_size(str(arguments[0]).count("\n") * width + width)
        case "format":
            _check_format(str(arguments[0]), arguments[1:])
        case _:
            _check_arguments(arguments[1:])


def _check_replace(text: str, old: Any, new: Any) -> None:
    _check_size(len(text) + text.count(str(old)) * len(str(new)))


def _check_join(separator: str, parts: Any) -> None:
    if isinstance(parts, list | tuple):
        sizes = sum(len(part) if isinstance(part, str) else 1 for part in cast(list[Any], parts))
        _check_size(len(separator) * len(cast(list[Any], parts)) + sizes)
    elif separator:
        _check_size(len(separator) * 1_000)


def _length(value: Any) -> int:
    return len(cast(Sized, value)) if isinstance(value, list | tuple | dict) else 1
