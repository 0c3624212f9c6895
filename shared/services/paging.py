"""How much fits on a page of a list? As many items as were asked for, unless they are large: a page may be shorter
(https://google.aip.dev/158), and has one item at least.

What is read or made for a page that does not fit any more is lost, so it is made a few items at a time.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import orjson

PAGE_BYTES = 8_000_000
BATCH = 8
"""Items that are made at a time."""

Resource = dict[str, Any]
T = TypeVar("T")
C = TypeVar("C")


def fitting(sizes: Sequence[int]) -> int:
    """How many of items of these sizes (bytes) a page holds."""
    total = 0
    for position, size in enumerate(sizes):
        total += size
        if total > PAGE_BYTES and position:
            return position
    return len(sizes)


async def fill(
    found: Sequence[T], most: int, view: Callable[[T], Awaitable[Resource]], cursor: Callable[[T], C]
) -> tuple[list[Resource], C | None]:
    """At most ``most`` items, each as ``view`` makes it, and the cursor of the last; None: there are no
    more in ``found``."""
    items: list[Resource] = []
    sizes: list[int] = []
    while len(items) < min(most, len(found)) and sum(sizes) <= PAGE_BYTES:
        made = await asyncio.gather(*(view(one) for one in found[len(items) : min(most, len(items) + BATCH)]))
        items += made
        sizes += [_size(item) for item in made]
    shown = fitting(sizes)
    return items[:shown], cursor(found[shown - 1]) if shown < len(found) else None


def _size(item: Resource) -> int:
    """Bytes of JSON, near enough."""
    try:
        return len(orjson.dumps(item, default=str, option=orjson.OPT_NON_STR_KEYS))
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, half a character
        return len(json.dumps(item, default=str))
