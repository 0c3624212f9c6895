"""Does a function serve no more requests at a time than it may?"""

import asyncio

from starlette.types import Receive, Scope, Send

from local.functions_host.concurrency import Limited


async def test_requests_beyond_the_concurrency_wait_for_their_turn() -> None:
    running, most, served = 0, 0, 0
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal running, most, served
        running += 1
        most = max(most, running)
        await go.wait()
        running -= 1
        served += 1

    async def nothing(*_: object) -> dict[str, object]:
        return {}

    limited = Limited(app, 3)
    calls = [asyncio.create_task(limited({"type": "http"}, nothing, nothing)) for _ in range(10)]
    while running < 3:
        await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*calls)
    assert (most, served) == (3, 10)
