"""Do the things answer that everything depends on? Asked one by one, at the same time, each within a few seconds.

The answers are remembered for a moment: whoever asks needs no account, and must not be able to make others work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared import clock, config
from shared.domain import errors
from shared.firestore import client
from shared.gcp import accounts
from shared.services import vault

SECONDS = 5.0
REMEMBERED_SECONDS = 5.0
_NOBODY = "health-check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``duration`` in seconds."""

    healthy: bool
    duration: float
    timestamp: datetime


class Health:
    """What was asked last, and when."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._checks: Mapping[str, Check] = {}

    async def checks(self) -> Mapping[str, Check]:
        """Name of a dependency -> whether it answered."""
        if clock.monotonic() - self._asked_at > REMEMBERED_SECONDS:
            asked = _dependencies()
            answers = await asyncio.gather(*[_ask(call) for call in asked.values()])
            self._checks = dict(zip(asked, answers, strict=True))
            self._asked_at = clock.monotonic()
        return self._checks


here = Health()


def _dependencies() -> dict[str, Callable[[], Awaitable[object]]]:
    settings = config.settings()
    found: dict[str, Callable[[], Awaitable[object]]] = {"database": _database, "accounts": _accounts}
    if settings.credentials_kms_key or settings.credentials_key_file:
        found["secrets"] = _secrets
    return found


async def _database() -> None:
    await client.check(SECONDS)


async def _accounts() -> None:
    await accounts.find(_NOBODY)


async def _secrets() -> None:
    """What is sealed can be opened."""
    keys = vault.real()
    await keys.open(_NOBODY, _NOBODY, await keys.seal(_NOBODY, _NOBODY, b"health"))


async def _ask(call: Callable[[], Awaitable[object]]) -> Check:
    started, now = clock.monotonic(), clock.now()
    try:
        await asyncio.wait_for(call(), SECONDS)
        healthy = True
    except (errors.WeftlyError, TimeoutError):
        healthy = False
    return Check(healthy=healthy, duration=clock.monotonic() - started, timestamp=now)
