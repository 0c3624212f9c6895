"""Is a text a JWT at all? Asked before a library takes it apart that expects one (RFC 7519 section 7.2).

Those libraries fail in their own ways on a header or claims that are no object, nest without end, or hold what no
UTF-8 can; here it is one question with one answer.
"""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

UNEXPECTED = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What a library may still raise that takes a claim for something else than it is."""


def check(token: str) -> None:
    """ValueError: it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("it is not a JWT: it has not three parts")
    for name, part in (("header", parts[0]), ("claims", parts[1])):
        if not isinstance(_decoded(name, part), Mapping):
            raise ValueError(f"it is not a JWT: its {name} is not a JSON object")


def _decoded(name: str, part: str) -> Any:
    try:
        return orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        raise ValueError(f"it is not a JWT: its {name} is not JSON in base64url") from None
