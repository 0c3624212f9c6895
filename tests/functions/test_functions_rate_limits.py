"""A limit across instances, on a real database: how much it allows, and how many writes that takes."""

import asyncio
import os
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared import clock
from shared.firestore import rate_limits as stored
from shared.services.rate_limits import Limiter

LIMIT = 60


async def test_four_instances_allow_sixty_a_minute_for_less_than_a_fifth_of_a_write_each(
    monkeypatch: pytest.MonkeyPatch,
):
    written = 0
    plain = stored.take

    async def counted(record: str, count: int, limit: int, now: datetime) -> Any:
        nonlocal written
        window = await plain(record, count, limit, now)
        written += window.used - count < limit
        return window

    limiters = [Limiter(counted) for _ in range(4)]
    subject, start, allowed = os.urandom(8).hex(), clock.now(), list[timedelta]()
    for tick in range(0, 240):  # four minutes, a second at a time; each instance asks twice a second
        now = start + timedelta(seconds=tick)
        asked = await asyncio.gather(*(one.ask("user", subject, LIMIT, now) for one in limiters * 2))
        allowed += [now - start for decision in asked if decision.allowed]
    by_minute = [sum(minute * 60 <= one.total_seconds() < minute * 60 + 60 for one in allowed) for minute in range(4)]
    assert all(54 <= count <= 66 for count in by_minute), by_minute
    assert written / len(allowed) < 0.2, (written, len(allowed))


async def test_a_window_that_many_begin_at_once_counts_them_all():
    record, now = stored.record_id("user", os.urandom(8).hex()), clock.now()
    windows = await asyncio.gather(*(stored.take(record, 2, 100, now) for _ in range(8)))
    assert sorted(window.used for window in windows) == list(range(2, 17, 2))


async def test_one_that_is_spent_is_read_and_not_written():
    record, now = stored.record_id("user", os.urandom(8).hex()), clock.now()
    await stored.take(record, 5, 5, now)
    for _ in range(3):
        assert (await stored.take(record, 5, 5, now)).used == 10
    assert (await stored.take(record, 5, 5, now + timedelta(minutes=1))).used == 5
