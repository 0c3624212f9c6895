"""Would a value of a template be too large, before it is there? What Jinja2's sandbox admits and memory does not."""

import re
from collections.abc import ItemsView, KeysView, Sized, ValuesView
from typing import Any, cast

from jinja2 import runtime

MAX_TEXT = 1_000_000
"""Characters of one text, or elements of one list, on the way."""

_WIDTH = re.compile(r"\d+")
_WIDTH_OF_A_VALUE = re.compile(r"\{[^{}]*\{|%[^a-zA-Z%]*\*")
_UNAVAILABLE = {"translate", "encode", "to_bytes"}
"""Methods that nobody needs who fills a text, and that make what is not looked at here."""
_WRITTEN = (str, int, float, type(None), runtime.Undefined, range)
_VIEWS = (KeysView, ValuesView, ItemsView)
_COLLECTIONS = (dict, list, tuple, *_VIEWS)
_UNREAD = {"attr", "batch", "count", "d", "default", "first", "items", "last", "length", "list", "map"} | {
    *("reject", "rejectattr", "reverse", "select", "selectattr", "slice", "sum"),
}
"""Filters that neither write nor compare what is in the list that they are given."""


class TooMuchError(Exception):
    """A template went over a limit."""


def size(value: Any, limit: int, *, written: bool = True) -> int:
    """Characters and elements of ``value``, what stands at several places counted at each; unless it is to be
    ``written``, the elements alone. TooMuchError above ``limit``; TypeError for what has no text."""
    total = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, _COLLECTIONS):
            total += max(1, len(one))
        elif written and isinstance(one, str):
            total += len(one)
        else:
            total += 1 + one.bit_length() // 3 if isinstance(one, int) else 1
        if total > limit:
            raise TooMuchError(f"a value would have more than {limit:,} characters or elements, the limit")
        if isinstance(one, dict):
            waiting += (*one, *one.values())
        elif isinstance(one, _COLLECTIONS):
            waiting += one
        elif written and not isinstance(one, _WRITTEN):
            raise TypeError(f"a {type(one).__name__} has no text; call it, or write a value of it")
    return total


def compared(value: Any) -> Any:
    """Lists within lists, all the same few, may take a comparison for ever, and so a key that is looked up."""
    size(value, MAX_TEXT, written=False)
    return value


def written(value: Any) -> Any:
    """What makes a text of a value to judge it."""
    size(value, MAX_TEXT)
    return value


def check_size(size: int) -> None:
    if size > MAX_TEXT:
        raise TooMuchError(f"one value would have {size:,} characters or elements; the limit is {MAX_TEXT:,}")


def checked(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict):
        check_size(len(cast(Sized, value)))
    if isinstance(value, int) and value.bit_length() > MAX_TEXT:
        raise TooMuchError(f"a number would have more than {MAX_TEXT:,} bits, the limit")
    return value


def _check_arguments(arguments: list[Any]) -> None:
    for one in arguments:
        if isinstance(one, int) and abs(one) > MAX_TEXT:
            raise TooMuchError(f"an argument is a number above {MAX_TEXT:,}, the limit")


def check_format(text: str, arguments: list[Any]) -> None:
    if _WIDTH_OF_A_VALUE.search(text):
        raise TooMuchError("a format takes a width from a value; write the width as a number")
    fields = text.count("{") + text.count("%")
    widths = sum(int(width[:9]) for width in _WIDTH.findall(text))
    check_size(len(text) + widths + fields * size(arguments, MAX_TEXT))


def check_method(function: Any, arguments: list[Any]) -> None:
    """Methods of texts that make much out of little."""
    text = getattr(function, "__self__", None)
    if text is not None and getattr(function, "__name__", "") in _UNAVAILABLE:
        raise TypeError(f"{function.__name__} is not available in templates")
    if isinstance(text, list | tuple):  # index, count
        compared([text, arguments])
    elif not isinstance(text, str) and not isinstance(function, runtime.Macro):  # changed, get, dict(…)
        compared(arguments)
    if not isinstance(text, str):
        return
    match getattr(function, "__name__", ""):
        case "replace" if len(arguments) >= 2:
            _check_replace(text, arguments[0], arguments[1])
        case "join" if arguments:
            _check_join(text, arguments[0])
        case "expandtabs":
            _check_arguments(arguments)
            check_size(
                len(text) + text.count("\t") * max((one for one in arguments if isinstance(one, int)), default=8)
            )
        case _:
            _check_arguments(arguments)


def check_filter(name: str, arguments: list[Any]) -> None:
    for one in arguments if name not in _UNREAD else arguments[1:]:
        if not isinstance(one, str):
            size(one, MAX_TEXT)
    match name:
        case "sum" if not all(isinstance(one, int | float | str | None) for one in arguments[1:]):
            raise TypeError("sum adds numbers; its start is one too")
        case "replace" if len(arguments) >= 3:
            _check_replace(str(arguments[0]), arguments[1], arguments[2])
        case "join":
            _check_join(str(arguments[1]) if len(arguments) > 1 else "", arguments[0])
        case "indent" if len(arguments) > 1:
            width = arguments[1] if isinstance(arguments[1], int) else len(str(arguments[1]))
            check_size(str(arguments[0]).count("\n") * width + width)
        case "wordwrap" | "urlize" if any(isinstance(one, str) and len(one) > 100 for one in arguments[1:]):
            raise TooMuchError(f"{name} takes texts of 100 characters beside its own, at most")
        case "wordwrap":
            around = max((len(one) for one in arguments[1:] if isinstance(one, str)), default=1)
            check_size(len(str(arguments[0])) * around)
        case "tojson" if len(arguments) > 1 and isinstance(arguments[1], int):
            lines = size(arguments[0], MAX_TEXT, written=False)
            check_size(lines * arguments[1] * _depth(arguments[0]))
        case "pprint":
            size(arguments[0], 10_000)
        case "format":
            check_format(str(arguments[0]), arguments[1:])
        case _:
            _check_arguments(arguments[1:])


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        lists = [
            list(one.values()) if isinstance(one, dict) else one for one in level if isinstance(one, _COLLECTIONS)
        ]
        level = [inner for one in lists for inner in one]
        depth += 1
    return depth


def _check_replace(text: str, old: Any, new: Any) -> None:
    check_size(len(text) + text.count(str(old)) * len(str(new)))


def _check_join(separator: str, parts: Any) -> None:
    if isinstance(parts, Sized):
        check_size(len(separator) * len(parts) + size(parts, MAX_TEXT))
