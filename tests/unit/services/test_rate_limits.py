"""How much of a minute is left, and what several instances take of it at once?"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import errors, rate_limits
from shared.domain.rate_limits import Window
from shared.services import rate_limits as service
from shared.services.rate_limits import Limiter

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shared:
    """A window for all, in the memory of the test."""

    def __init__(self) -> None:
        self.window: Window | None = None
        self.writes = 0
        self.fails = False

    async def take(self, record: str, count: int, limit: int, now: datetime) -> Window:
        await asyncio.sleep(0)
        if self.fails:
            raise errors.Unavailable("not now")
        if self.window is None or self.window.ends <= now:
            self.window = Window(started=now, used=0)
        if self.window.used >= limit:
            return Window(started=self.window.started, used=self.window.used + count)
        self.writes += 1
        self.window = Window(started=self.window.started, used=self.window.used + count)
        return self.window


async def _allowed(limiter: Limiter, limit: int, times: int, now: datetime = NOW) -> list[bool]:
    return [(await limiter.ask("user", "ann", limit, now)).allowed for _ in range(times)]


@pytest.mark.parametrize("limit", [1, 3, 9, 10, 60, 61, 99])
async def test_as_many_as_the_limit_are_allowed_in_a_minute_and_then_again(limit: int):
    shared = Shared()
    limiter = Limiter(shared.take)
    for minute in range(3):
        now = NOW + timedelta(minutes=minute)
        assert sum(await _allowed(limiter, limit, 2 * limit, now)) == limit
    assert shared.writes <= 3 * (limit if limit < 20 else rate_limits.PARTS + 1)


async def test_a_refusal_says_when_the_minute_is_over():
    limiter = Limiter(Shared().take)
    await _allowed(limiter, 3, 3)
    refused = await limiter.ask("user", "ann", 3, NOW + timedelta(seconds=20.5))
    assert (refused.allowed, refused.remaining, refused.seconds, refused.reset) == (False, 0, 39.5, 40)


async def test_what_is_left_counts_down_to_nothing():
    limiter = Limiter(Shared().take)
    assert [(await limiter.ask("user", "ann", 12, NOW)).remaining for _ in range(12)] == list(range(11, -1, -1))


@pytest.mark.parametrize("instances", [2, 4, 10])
async def test_instances_together_allow_no_more_than_one(instances: int):
    shared = Shared()
    limiters = [Limiter(shared.take) for _ in range(instances)]
    counted = await asyncio.gather(*(_allowed(limiter, 60, 60) for limiter in limiters))
    assert sum(map(sum, counted)) == 60
    assert shared.writes <= 10


async def test_requests_that_come_at_once_are_each_counted():
    limiter = Limiter(Shared().take)
    asked = await asyncio.gather(*(limiter.ask("user", "ann", 60, NOW) for _ in range(100)))
    assert sum(one.allowed for one in asked) == 60


async def test_users_and_kinds_have_limits_of_their_own():
    limiter = Limiter()
    windows: dict[str, Shared] = {}

    async def take(record: str, count: int, limit: int, now: datetime) -> Window:
        return await windows.setdefault(record, Shared()).take(record, count, limit, now)

    limiter = Limiter(take)
    for kind, subject in (("user", "ann"), ("user", "bob"), ("key", "ann")):
        assert (await limiter.ask(kind, subject, 1, NOW)).allowed
        assert not (await limiter.ask(kind, subject, 1, NOW)).allowed


async def test_without_the_database_an_instance_goes_by_itself():
    shared = Shared()
    shared.fails = True
    assert sum(await _allowed(Limiter(shared.take), 10, 20)) == 10


async def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "MAX_SUBJECTS", 2)
    shared = Shared()
    limiter = Limiter(shared.take)
    for subject in ("a", "b", "c", "a"):
        await limiter.ask("user", subject, 60, NOW)
    assert shared.writes == 4
