"""What does an instance keep between calls? Clients of its event loop, and answers that never change."""

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


def per_loop(make: Callable[[], T]) -> Callable[[], T]:
    """One ``T`` for each running event loop: a gRPC channel belongs to the loop in which it was made."""
    made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    @functools.wraps(make)
    def get() -> T:
        loop = asyncio.get_running_loop()
        if loop not in made:
            made[loop] = make()
        return made[loop]

    return get


def immutable(size: int) -> Callable[[Callable[..., Awaitable[T]]], Callable[..., Awaitable[T]]]:
    """Keeps the last ``size`` answers of an async function. None and errors are not kept: they may change."""

    def decorate(read: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        kept: OrderedDict[tuple[object, ...], T] = OrderedDict()

        @functools.wraps(read)
        async def get(*key: object) -> T:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
            answer = await read(*key)
            if answer is not None:
                kept[key] = answer
                if len(kept) > size:
                    kept.popitem(last=False)
            return answer

        return get

    return decorate
