"""How is a value written as JSON, and what does JSON say? As ``JSON.stringify`` and ``JSON.parse`` have it."""

import json
import math
from collections.abc import Sequence
from typing import Any, cast

from shared.javascript import dates, numbers, units, values
from shared.javascript.budget import Budget
from shared.javascript.tree import Unsupported
from shared.javascript.values import UNDEFINED, Collection, FunctionValue, Moment, Space, Thrown, Undefined, Value


def stringified(given: Sequence[Value], run: Budget) -> Value:
    """``JSON.stringify(value, null, indent)``."""
    value, replacer, indent = (values.at(given, position) for position in range(3))
    if not values.is_nothing(replacer):
        raise Unsupported("JSON.stringify() with a replacer has no counterpart")
    gap = " " * min(10, max(0, values.whole(indent, run))) if values.is_number(indent) else ""
    gap = indent[:10] if isinstance(indent, str) else gap
    found = _json(value, gap, "\n", run)
    return UNDEFINED if found is None else run.made(found)


def json_text(value: Value, run: Budget) -> str:
    return run.made(_json(value, "", "\n", run) or "null")


def _json(value: Value, gap: str, line: str, run: Budget) -> str | None:
    """None: it has no JSON."""
    run.step()
    match value:
        case Undefined() | FunctionValue() | Space():
            return None
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return numbers.text(value) if math.isfinite(value) else "null"
        case str():
            return quoted(value)
        case Moment():
            return quoted(dates.iso(value)) if not math.isnan(value.time) else "null"
        case Collection():
            return "{}"
        case list():
            with run.deeper():
                parts = [_json(one, gap, line + gap, run) or "null" for one in cast(list[Value], value)]
            return _around("[", parts, "]", gap, line, run)
        case _:
            found: list[str] = []
            with run.deeper():
                for name, one in values.entries(value, run):
                    written = _json(one, gap, line + gap, run)
                    if written is not None:
                        found.append(f"{quoted(name)}:{' ' if gap else ''}{written}")
            return _around("{", found, "}", gap, line, run)


def _around(begin: str, parts: Sequence[str], end: str, gap: str, line: str, run: Budget) -> str:
    size = sum(map(len, parts)) + len(parts) * (1 + (len(line) + len(gap) if gap else 0))
    run.sized(size)
    run.step(1 + size // 200)
    if not gap or not parts:
        return f"{begin}{','.join(parts)}{end}"
    inner = line + gap
    return f"{begin}{inner}{f',{inner}'.join(parts)}{line}{end}"


def quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return units.HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", written)


def parsed(given: Sequence[Value], run: Budget) -> Value:
    """``JSON.parse(text)``."""
    if not values.is_nothing(values.at(given, 1)):
        raise Unsupported("JSON.parse() with a reviver has no counterpart")
    text = values.text(values.at(given, 0), run)
    run.step(1 + len(text) // 10)
    try:
        return taken(json.loads(units.joined(text), parse_constant=_no_constant), run)
    except (ValueError, RecursionError) as error:
        raise Thrown("the text is not JSON") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def taken(value: Any, run: Budget) -> Value:
    """JSON as a value of the interpreter: a copy, which an expression may change."""
    run.step()
    match value:
        case str():
            run.step(len(value) // 1_000)
            return units.split(value)
        case bool() | None:
            return value
        case int() | float():
            return numbers.plain(value)
        case list() | tuple():
            with run.deeper():
                return [taken(one, run) for one in cast(list[Any], value)]
        case dict():
            with run.deeper():
                found = cast(dict[str, Any], value)
                return {units.split(str(name)): taken(one, run) for name, one in found.items()}
        case _:
            raise Unsupported(f"a {type(value).__name__} is no JSON")


def given_back(value: Value, run: Budget) -> Any:
    """A value as JSON: what has none is null, and left out of objects."""
    run.step()
    match value:
        case str():
            return units.joined(value)
        case bool() | int() | None:
            return value
        case float():
            return (value or 0) if math.isfinite(value) else None
        case Moment():
            return None if math.isnan(value.time) else dates.iso(value)
        case list():
            with run.deeper():
                return [given_back(one, run) for one in cast(list[Value], value)]
        case dict():
            with run.deeper():
                return {
                    units.joined(name): given_back(one, run)
                    for name, one in values.entries(value, run)
                    if not isinstance(one, Undefined | FunctionValue | Space)
                }
        case Collection():
            return {}
        case _:
            return None
