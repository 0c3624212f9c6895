"""Which values of a file are secrets, by the names that they stand under?"""

import re
from collections.abc import Mapping
from typing import Any, cast

_STRIPPED = ("credentials", "api_key", "password", "token", "secret")
_NAME = re.compile(
    r"(^|[-_. ])((api|access|account|private|secret|signing|encryption|subscription)[-_ ]?key"
    r"|token|secret|password|passwd|passphrase|pwd|credentials?|creds|authorization|cookie|jwt)$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(^|[-_])(key|apikey|token|secret|password|cookie|auth|authorization|signature)$", re.IGNORECASE
)
_HARMLESS = re.compile(r"(page|sync|continuation)[-_ ]?token$", re.IGNORECASE)
"""Where a list goes on: no key to anything."""
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMED = ("name", "key", "header", "field")
"""Of an object that is a pair: what says the name of its ``value``."""
_HARMLESS_HEADERS = frozenset({"idempotency-key"})


def is_stripped(name: str) -> bool:
    """Whether AutoGPT Platform leaves out what stands under this name when it exports, unless it is true or false."""
    return any(part in name.lower() for part in _STRIPPED)


def is_secret(name: str) -> bool:
    """Whether a value under this name of a pin or key is a secret, as under ``api_key`` or ``apiKey``, not
    under ``max_tokens``."""
    name = _HUMPS.sub("_", name)
    return _NAME.search(name) is not None and _HARMLESS.search(name) is None


def is_secret_header(name: str) -> bool:
    """Whether an HTTP header carries a key."""
    return name.lower() not in _HARMLESS_HEADERS and _HEADER.search(name) is not None


def without(value: Any) -> Any:
    """``value`` without what stands under the names of secrets, at any depth, be it as the ``value`` of a ``name``;
    true and false stay."""
    if isinstance(value, Mapping):
        entries = cast(Mapping[str, Any], value)
        hidden = {"value"} if names_secret(entries) else set[str]()
        return {
            name: without(one)
            for name, one in entries.items()
            if isinstance(one, bool) or not (name in hidden or is_secret(str(name)))
        }
    if isinstance(value, list):
        return [without(one) for one in cast(list[Any], value)]
    return value


def names_secret(pair: Mapping[str, Any]) -> bool:
    """Whether an object is a pair such as ``{"name": "Authorization", "value": …}``."""
    names = [name for one in _NAMED if isinstance(name := pair.get(one), str)]
    return "value" in pair and any(is_secret(name) or ("-" in name and is_secret_header(name)) for name in names)
