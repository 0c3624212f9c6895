"""What does the engine take from outside? Time, ids, settings and the way out: one record, for tests to decide."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import clock, config
from shared.blocks.block import Outgoing


@dataclass(frozen=True, kw_only=True)
class World:
    now: Callable[[], datetime]
    random_id: Callable[[], str]
    settings: config.Settings
    http: Outgoing
    random_bytes: Callable[[int], bytes] = clock.random_bytes


class LazyOutgoing:
    """The guarded HTTP client, made when a block first calls out: its libraries are no part of a cold start."""

    def __init__(self, allow: str) -> None:
        self._allow = allow
        self._client: Outgoing | None = None

    async def request(self, method: str, url: str, **options: Any) -> Any:
        return await self._made().request(method, url, **options)

    async def addresses(self, host: str, port: int) -> list[str]:
        return await self._made().addresses(host, port)

    def _made(self) -> Outgoing:
        if self._client is None:
            from shared.gcp import outgoing

            self._client = outgoing.Client(allow=self._allow)
        return self._client


@functools.cache
def real() -> World:
    """The world of this process."""
    settings = config.settings()
    return World(
        now=clock.now, random_id=clock.random_id, settings=settings, http=LazyOutgoing(settings.outgoing_allow)
    )
