"""Does somebody ask too often? Instances lease requests from a shared window, and give them out by themselves.

So a limit holds across instances without a write for each request. What an instance has leased and not given out
when the window ends, lapses: a subject that asks many instances a little may be refused some requests early, never
late.
"""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain import errors, rate_limits
from shared.domain.rate_limits import Decision, Window
from shared.firestore import rate_limits as stored

MAX_SUBJECTS = 10_000
"""Leases that an instance remembers; the longest unused is forgotten, and its rest lost."""

Take = Callable[[str, int, int, datetime], Awaitable[Window]]
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lease:
    """``left``: what may still be given out before ``ends``; ``shared``: what was left for all when it was taken."""

    ends: datetime
    left: int
    shared: int


class Limiter:
    """The leases of one instance."""

    def __init__(self, take: Take = stored.take) -> None:
        self._take = take
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    async def ask(self, kind: str, subject: str, limit: int, now: datetime) -> Decision:
        """One more request of ``subject``, of which ``limit`` of this kind may be made in a minute."""
        record = stored.record_id(kind, subject)
        lease = self._leases.get(record)
        if lease is None or lease.ends <= now or (lease.left == 0 and lease.shared > 0):
            lease = await self._leased(record, limit, now, lease)
        allowed = lease.left > 0
        lease.left -= allowed
        remaining = min(limit, lease.left + lease.shared)
        return Decision(allowed=allowed, limit=limit, remaining=remaining, seconds=(lease.ends - now).total_seconds())

    async def _leased(self, record: str, limit: int, now: datetime, before: _Lease | None) -> _Lease:
        """A new lease. Requests of one subject may ask for it at once: what each gets adds up."""
        asked = rate_limits.batch(limit)
        try:
            window = await self._take(record, asked, limit, now)
        except errors.Unavailable as error:
            _log.warning("the rate limit goes by this instance alone: %s", error.message)
            window = Window(started=before.ends if before and before.ends <= now else now, used=limit)
            return self._keep(record, _Lease(ends=window.ends, left=limit, shared=0))
        got = rate_limits.granted(limit, asked, window.used)
        known = self._leases.get(record)
        if known is not None and known.ends == window.ends:
            got += known.left
        return self._keep(record, _Lease(ends=window.ends, left=got, shared=max(0, limit - window.used)))

    def _keep(self, record: str, lease: _Lease) -> _Lease:
        self._leases[record] = lease
        self._leases.move_to_end(record)
        if len(self._leases) > MAX_SUBJECTS:
            self._leases.popitem(last=False)
        return lease
