"""Where does a block wait for a process of its own? In a few threads, so that as many run at once, and not more.

Each such process may take some hundred megabytes, and the smallest function has 512; it serves many calls at a time.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MAX_AT_ONCE = 2

Answer = TypeVar("Answer")

_threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="sandbox")


def wait(call: Callable[[], Answer]) -> Answer:
    """The same for who is in a thread already, of another pool."""
    return _threads.submit(call).result()


async def run(call: Callable[[], Answer]) -> Answer:
    """What ``call`` gives, once it had its turn."""
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
