"""A limit across instances, on a real database: how much it allows, and how many writes that takes."""

import asyncio
import os
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared import clock
from shared.domain import rate_limits
from shared.domain.rate_limits import Batch, Taken
from shared.firestore import client
from shared.firestore import rate_limits as stored
from shared.services.rate_limits import Limiter

LIMIT = 60


async def test_four_instances_allow_sixty_a_minute_for_less_than_a_fifth_of_a_write_each(
    monkeypatch: pytest.MonkeyPatch,
):
    written = 0
    plain = stored.take

    async def counted(record: str, count: int, limit: int, now: datetime, before: Batch | None) -> Any:
        nonlocal written
        taken = await plain(record, count, limit, now, before)
        written += taken.batch is not None
        return taken

    limiters = [Limiter(counted) for _ in range(4)]
    subject, start, allowed = os.urandom(8).hex(), clock.now(), list[timedelta]()
    for tick in range(0, 240):  # four minutes, a second at a time; each instance asks twice a second
        now = start + timedelta(seconds=tick)
        asked = await asyncio.gather(*(one.ask("user", subject, LIMIT, now) for one in limiters * 2))
        allowed += [now - start for decision in asked if decision.allowed]
    seconds = [one.total_seconds() for one in allowed]
    by_minute = [sum(begin <= one < begin + 60 for one in seconds) for begin in range(180)]  # whenever it begins
    assert max(by_minute) <= 66
    assert 54 * 4 <= len(allowed) <= 66 * 4
    assert written / len(allowed) < 0.2, (written, len(allowed))


async def test_those_that_take_at_once_are_all_counted():
    record, now = stored.record_id("user", os.urandom(8).hex()), clock.now()
    taken = await asyncio.gather(*(stored.take(record, 2, 13, now) for _ in range(8)))
    assert sum(one.got for one in taken) == 13
    assert sorted(one.got for one in taken) == [0, 1, 2, 2, 2, 2, 2, 2]
    assert (await stored.take(record, 2, 13, now)).got == 0


async def test_what_is_spent_is_read_and_not_written_until_there_is_more():
    record, now = stored.record_id("user", os.urandom(8).hex()), clock.now()
    more_at = (await stored.take(record, 5, 5, now)).more_at
    assert timedelta(0) < more_at - now - rate_limits.WINDOW <= rate_limits.SLOT
    for _ in range(3):
        assert await stored.take(record, 5, 5, now) == Taken(free=0, more_at=more_at)
    assert (await stored.take(record, 5, 5, more_at)).got == 5
    much_later = more_at + timedelta(minutes=5)
    await stored.take(record, 5, 5, much_later)
    kept = await client.client().collection("rate_limits").document(record).get()
    assert kept.to_dict()["counts"] == {str(rate_limits.slot_of(much_later)): 5}  # what is over goes
