"""How do many calls run, but only some of them at a time?"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")


async def gather(calls: Sequence[Coroutine[Any, Any, _T]], most: int) -> list[_T]:
    """What they return, in order, ``most`` of them at a time. If one fails the others still run; then its error is
    raised, the first of several. Where the caller is cancelled, those that have not begun never do."""
    if len(calls) == 1:
        return [await calls[0]]
    gate = asyncio.Semaphore(most)

    async def one(call: Coroutine[Any, Any, _T]) -> _T:
        async with gate:
            return await call

    try:
        results = await asyncio.gather(*map(one, calls), return_exceptions=True)
    finally:
        for call in calls:
            call.close()
    returned: list[_T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        returned.append(result)
    return returned
