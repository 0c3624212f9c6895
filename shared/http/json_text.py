"""What is JSON here? The one reader of request bodies and the one writer of answers.

Reading is strict: UTF-8, no NaN, at most ``MAX_DEPTH`` containers inside each other. An integer beyond 64
bits is read as the double nearest to it, as RFC 8259 section 6 lets interoperable software do. Writing never
fails on a value that a block made: a non-finite number is the text "NaN", "Infinity" or "-Infinity", as in
proto3 (https://protobuf.dev/programming-guides/json/), a time is RFC 3339 in UTC with ``Z``.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from shared.domain import errors

MAX_DEPTH = 100

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def loads(data: bytes) -> Any:
    """The value in a request body. InvalidArgument says where it is malformed, or that it is too deep."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _malformed(f"The request body is not valid JSON: {error}.") from None
    if is_deeper(value, MAX_DEPTH):
        raise _malformed(f"The request body nests deeper than {MAX_DEPTH} levels; flatten it.")
    return value


def _malformed(message: str) -> errors.InvalidArgument:
    violation = errors.Violation("body", message)
    return errors.InvalidArgument(message, reason="MALFORMED_JSON", violations=[violation])


def is_deeper(value: Any, limit: int) -> bool:
    """Whether more than ``limit`` lists and objects lie inside each other. Level by level: no recursion."""
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > limit:
            return True
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]
    return False


def dumps(value: Any) -> bytes:
    """The text of an answer. orjson writes non-finite numbers as null: only a text with a null is looked at
    twice. What orjson cannot write (integers beyond 64 bits, lone surrogates) the standard library does."""
    try:
        text = orjson.dumps(value, _other, _OPTIONS)
        return orjson.dumps(_finite(value), _other, _OPTIONS) if b"null" in text else text
    except orjson.JSONEncodeError:
        plain = json.dumps(_finite(value), default=_other, separators=(",", ":"), allow_nan=False)
        return plain.encode()


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z``, to the microsecond."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast(Sequence[Any], value)]
    return value


def _other(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        return dict(cast(Mapping[Any, Any], value))
    if isinstance(value, set | frozenset | Sequence) and not isinstance(value, str | bytes):
        return list(cast(Sequence[Any], value))
    raise TypeError(f"{type(value).__name__} has no JSON form")
