"""How much may a block make, and how much is much?

Some blocks make much out of little; they ask here before they build. What they emit is measured by the runner.
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from shared.domain import errors

MAX_ELEMENTS = 1_000_000
MAX_CHARACTERS = 10_000_000
LARGE = 20_000
"""Characters of JSON above which a value may take a block more than some milliseconds."""

One = TypeVar("One")


def check_elements(count: int, what: str) -> None:
    """BlockError, reason ``LIMIT_EXCEEDED``, where ``what`` ("The zipped list") would have too many elements."""
    if count > MAX_ELEMENTS:
        raise _limit(f"{what} would have {count:,} elements; the limit is {MAX_ELEMENTS:,}: give less at once")


def check_characters(count: int, what: str) -> None:
    """BlockError, reason ``LIMIT_EXCEEDED``, where ``what`` ("The text") would have too many characters."""
    if count > MAX_CHARACTERS:
        raise _limit(f"{what} would have {count:,} characters; the limit is {MAX_CHARACTERS:,}: give less at once")


def taken(values: Iterable[One], what: str) -> list[One]:
    """All of ``values``. BlockError, reason ``LIMIT_EXCEEDED``, as soon as there are too many."""
    found = list(itertools.islice(values, MAX_ELEMENTS + 1))
    if len(found) > MAX_ELEMENTS:
        raise _limit(f"{what} would have more than {MAX_ELEMENTS:,} elements, the limit: give less at once")
    return found


def is_large(value: Any) -> bool:
    return weight(value, LARGE) > LARGE


def weight(value: Any, up_to: int) -> int:
    """How many characters ``value`` has as JSON at least. What stands at several places counts at each; beyond
    ``up_to`` it is not looked at, so that the question is cheap whatever the value."""
    total = 0
    waiting = [value]
    while waiting and total <= up_to:
        one = waiting.pop()
        if isinstance(one, str):
            total += len(one) + 2
        elif isinstance(one, list | tuple):
            total += 2 * max(1, len(cast(list[Any], one)))
            waiting += cast(list[Any], one) if total <= up_to else ()
        elif isinstance(one, Mapping | BaseModel):
            entries = dict(iter(one)) if isinstance(one, BaseModel) else dict(cast(Mapping[Any, Any], one))
            total += 4 * max(1, len(entries))
            waiting += (*entries, *entries.values()) if total <= up_to else ()
        else:
            total += 1
    return total


def _limit(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="LIMIT_EXCEEDED")
