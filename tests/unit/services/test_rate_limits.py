"""How much of a minute is left, and what several instances take of it at once?"""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import errors, rate_limits
from shared.domain.rate_limits import SLOT, WINDOW, Batch, Taken
from shared.services import rate_limits as service
from shared.services.rate_limits import Limiter

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shared:
    """What all instances share, in the memory of the test: between what one reads and writes, others write."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.writes = 0
        self.fails = False

    async def take(self, record: str, count: int, limit: int, now: datetime, before: Batch | None = None) -> Taken:
        if self.fails:
            raise errors.Unavailable("not now")
        slot = rate_limits.slot_of(now)
        changes = Counter(before.moved(slot) if before else {})
        read = Counter(self.counts)
        read.update(changes)
        asked = max(0, min(count, rate_limits.free(read, limit, slot)))
        await asyncio.sleep(0)
        if asked == 0 and not (before and before.is_late(slot)):
            return Taken(free=0, more_at=rate_limits.more_at(read, limit, slot))
        self.writes += 1
        changes[slot] += asked
        self.counts.update(changes)
        read[slot] = self.counts[slot]
        return rate_limits.taken(read, limit, slot, asked)


def _limiter(shared: Shared) -> Limiter:
    return Limiter(shared.take, late=0)


async def _allowed(limiter: Limiter, limit: int, times: int, now: datetime = NOW) -> list[bool]:
    return [(await limiter.ask("user", "ann", limit, now)).allowed for _ in range(times)]


@pytest.mark.parametrize("limit", [1, 3, 9, 10, 60, 61, 99])
async def test_as_many_as_the_limit_are_allowed_in_a_minute_and_then_again(limit: int):
    shared = Shared()
    limiter = _limiter(shared)
    for minute in range(3):
        now = NOW + (WINDOW + SLOT) * minute
        assert sum(await _allowed(limiter, limit, 2 * limit, now)) == limit
    assert shared.writes <= 3 * (limit if limit < 20 else rate_limits.PARTS + 1)


@pytest.mark.parametrize("seed", range(2))
async def test_no_minute_has_more_than_the_limit_whenever_it_begins_and_none_much_less(seed: int):
    """Four instances, each of which is asked again and again, from a moment in which some were used already."""
    dice = random.Random(seed)
    shared = Shared()
    limiters = [Limiter(shared.take, late=dice.random()) for _ in range(4)]
    moments: list[float] = []
    for tenth in range(2_400):
        now = NOW + timedelta(seconds=tenth / 10)
        asking = [one for one in limiters if dice.random() < (0.1 if tenth < 300 else 0.9)]
        asked = await asyncio.gather(*(one.ask("user", "ann", 60, now) for one in asking))
        moments += [tenth / 10] * sum(one.allowed for one in asked)
    busiest = max(sum(first <= one < first + 60 for one in moments) for first in moments)
    assert 54 <= busiest <= 66
    assert 54 * 4 <= len(moments) <= 66 * 4
    assert shared.writes / len(moments) < 0.2


async def test_a_refusal_says_when_there_is_more():
    limiter = _limiter(Shared())
    await _allowed(limiter, 3, 3)
    refused = await limiter.ask("user", "ann", 3, NOW + timedelta(seconds=20.5))
    assert (refused.allowed, refused.remaining, refused.seconds, refused.reset) == (False, 0, 41.5, 42)


async def test_what_is_left_counts_down_to_nothing():
    limiter = _limiter(Shared())
    assert [(await limiter.ask("user", "ann", 12, NOW)).remaining for _ in range(12)] == list(range(11, -1, -1))


@pytest.mark.parametrize("instances", [2, 4, 10])
async def test_instances_together_allow_no_more_than_one(instances: int):
    shared = Shared()
    limiters = [_limiter(shared) for _ in range(instances)]
    counted = await asyncio.gather(*(_allowed(limiter, 60, 60) for limiter in limiters))
    assert sum(map(sum, counted)) == 60
    assert shared.writes <= rate_limits.PARTS + instances  # each instance may come too late for the last once


async def test_requests_that_come_at_once_are_each_counted_and_take_together():
    shared = Shared()
    limiter = _limiter(shared)
    asked = await asyncio.gather(*(limiter.ask("user", "ann", 60, NOW) for _ in range(100)))
    assert sum(one.allowed for one in asked) == 60
    assert shared.writes == rate_limits.PARTS


async def test_what_was_leased_lapses_within_a_minute():
    shared = Shared()
    limiter = _limiter(shared)
    await limiter.ask("user", "ann", 60, NOW)
    assert shared.writes == 1
    await limiter.ask("user", "ann", 60, NOW + WINDOW)
    assert shared.writes == 2


async def test_users_and_kinds_have_limits_of_their_own():
    kept: dict[str, Shared] = {}

    async def take(record: str, count: int, limit: int, now: datetime, before: Batch | None) -> Taken:
        return await kept.setdefault(record, Shared()).take(record, count, limit, now, before)

    limiter = Limiter(take)
    for kind, subject in (("user", "ann"), ("user", "bob"), ("key", "ann")):
        assert (await limiter.ask(kind, subject, 1, NOW)).allowed
        assert not (await limiter.ask(kind, subject, 1, NOW)).allowed


async def test_without_the_database_an_instance_goes_by_itself():
    shared = Shared()
    shared.fails = True
    assert sum(await _allowed(_limiter(shared), 10, 20)) == 10


async def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "MAX_SUBJECTS", 2)
    shared = Shared()
    limiter = _limiter(shared)
    for subject in ("a", "b", "c", "a"):
        await limiter.ask("user", subject, 60, NOW)
    assert shared.writes == 4
