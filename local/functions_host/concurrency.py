"""How many requests does one instance of a function serve at a time? As many as its manifest entry says, as on Cloud
Run; more wait for their turn (https://cloud.google.com/run/docs/about-concurrency).

Without it a queue of a thousand tasks would stand in the one event loop before every request of a client.
"""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send


class Limited:
    """An ASGI application of which at most ``concurrency`` calls run at a time."""

    def __init__(self, app: ASGIApp, concurrency: int) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(concurrency)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._turns:
            await self._app(scope, receive, send)
