"""Does somebody ask too often? Instances lease requests from what all share, and give them out by themselves.

So a limit holds across instances without a write for each request. What an instance has leased and not given out
within a minute, lapses, and goes back when it takes again: a subject that asks many instances a little may be refused
some requests early.
"""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakValueDictionary

from shared.domain import errors, rate_limits
from shared.domain.rate_limits import Batch, Decision, Taken
from shared.firestore import rate_limits as stored

MAX_SUBJECTS = 10_000
"""Leases that an instance remembers; the longest unused is forgotten, and its rest lost."""

Take = Callable[[str, int, int, datetime, Batch | None], Awaitable[Taken]]
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lease:
    """``left``: what may still be given out before ``ends``; ``shared``: what was left for all when
    it was taken; ``more_at``: when there will be more for all; ``batch``: what was counted for it, or for the one
    before, where nothing was."""

    ends: datetime
    left: int
    shared: int
    more_at: datetime
    batch: Batch | None

    def is_used_up(self, now: datetime) -> bool:
        """Whether there may be more to take."""
        return self.ends <= now or (self.left == 0 and (self.shared > 0 or self.more_at <= now))

    def give(self, now: datetime) -> bool:
        """One of them. False: there is none left."""
        if self.left == 0:
            return False
        self.left -= 1
        if self.batch is not None:
            self.batch = replace(self.batch, used=self.batch.used + 1, last=rate_limits.slot_of(now))
        return True


class Limiter:
    """The leases of one instance. ``late``: by which part of a slot it waits longer than others where nothing is
    left: so not all of them come back for the next requests at the same moment."""

    def __init__(self, take: Take = stored.take, late: float | None = None) -> None:
        self._take = take
        self._late = rate_limits.SLOT * (os.urandom(1)[0] / 256 if late is None else late)
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._taking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, kind: str, subject: str, limit: int, now: datetime) -> Decision:
        """One more request of ``subject``, of which ``limit`` of this kind may be made in a minute."""
        lease = await self._lease(stored.record_id(kind, subject), limit, now)
        allowed = lease.give(now)
        remaining = min(limit, lease.left + lease.shared)
        return Decision(
            allowed=allowed, limit=limit, remaining=remaining, seconds=(lease.more_at - now).total_seconds()
        )

    async def _lease(self, record: str, limit: int, now: datetime) -> _Lease:
        """What is leased; more of it, if that is used up. Requests that come at once wait for the same."""
        lease = self._leases.get(record)
        if lease is not None and not lease.is_used_up(now):
            return lease
        lock = self._taking.setdefault(record, asyncio.Lock())
        async with lock:
            lease = self._leases.get(record)
            if lease is None or lease.is_used_up(now):
                lease = self._keep(record, await self._leased(record, limit, now, lease))
        return lease

    async def _leased(self, record: str, limit: int, now: datetime, before: _Lease | None) -> _Lease:
        ends = now + rate_limits.WINDOW
        batch = before.batch if before else None
        try:
            taken = await self._take(record, rate_limits.batch(limit), limit, now, batch)
        except errors.Unavailable as error:
            _log.warning("the rate limit goes by this instance alone: %s", error.message)
            return _Lease(ends=ends, left=limit, shared=0, more_at=ends, batch=None)
        more_at = taken.more_at + self._late
        return _Lease(ends=ends, left=taken.got, shared=taken.free, more_at=more_at, batch=taken.batch or batch)

    def _keep(self, record: str, lease: _Lease) -> _Lease:
        self._leases[record] = lease
        self._leases.move_to_end(record)
        if len(self._leases) > MAX_SUBJECTS:
            self._leases.popitem(last=False)
        return lease
