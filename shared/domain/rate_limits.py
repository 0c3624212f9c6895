"""How many requests may one still make? So many in any minute, whenever it begins.

Instances take requests a batch at a time, a sixth of the limit, and give them out by themselves: so a write is due
for every sixth of the limit, and not for every request. What they take is counted by slots of two seconds, until a
minute after its slot is over. Who takes again says when the batch before was used, which is when it counts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=1)
SLOT = timedelta(seconds=2)
SLOTS = WINDOW // SLOT
LATE = 2
PARTS = 6
"""Into so many batches a limit is divided; a limit below it goes one by one, and is exact to the request."""

Counts = Mapping[int, int]
"""Slot -> how many requests instances asked for in it: more than they got, where several asked at once for the last.
"""


def batch(limit: int) -> int:
    """How many an instance takes at a time."""
    return max(1, limit // PARTS)


def slot_of(now: datetime) -> int:
    return int(now.timestamp() // SLOT.total_seconds())


def is_over(slot: int, now: int) -> bool:
    """Whether what was taken in a slot counts no more in the slot ``now``, not even for what others got later."""
    return slot < now - 2 * SLOTS


def given(counts: Counts, limit: int) -> dict[int, int]:
    """How many requests instances got in each slot: never more than were left in the minute before it."""
    got: dict[int, int] = {}
    for slot in sorted(counts):
        left = limit - sum(some for one, some in got.items() if one >= slot - SLOTS)
        got[slot] = max(0, min(counts[slot], left))
    return got


def free(counts: Counts, limit: int, now: int) -> int:
    """How many are left in the slot ``now``. What an instance whose clock is ahead has taken counts already."""
    return limit - sum(some for slot, some in given(counts, limit).items() if slot >= now - SLOTS)


def got(counts: Counts, limit: int, now: int, asked: int) -> int:
    """What an instance got of ``asked``, which ``counts`` has as the last of the slot ``now``."""
    before = {**counts, now: counts[now] - asked}
    return max(0, min(asked, free(before, limit, now)))


def more_at(counts: Counts, limit: int, now: int) -> datetime:
    """When there is more than now: once the first slot that counts is a minute past."""
    counting = (slot for slot, some in given(counts, limit).items() if some and slot >= now - SLOTS)
    return datetime.fromtimestamp((min(counting, default=now) + SLOTS + 1) * SLOT.total_seconds(), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What an instance ``got`` in ``slot``, of which ``used`` were given out, the last of them in ``last``."""

    slot: int
    got: int
    used: int
    last: int

    def moved(self, now: int) -> dict[int, int]:
        """By what the counts of slots change, once it is known when it was used: so what was kept for long does not
        count too early, nor at all what was not used. The slot ``now`` stays as it is: what others take in it at this
        moment goes by its count."""
        last = min(self.last, now - 1)
        if not now - SLOTS <= self.slot < now:
            return {}
        if self.slot == last:
            return {last: self.used - self.got} if self.used < self.got else {}
        return {self.slot: -self.got, last: self.used}

    def is_late(self, now: int) -> bool:
        """Whether it was used so much later than it was taken that a correction is worth a write of its own."""
        return self.last >= self.slot + LATE and bool(self.moved(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many are ``free`` for all after that, and when there is more; ``batch``: None, if nothing was counted."""

    free: int
    more_at: datetime
    batch: Batch | None = None

    @property
    def got(self) -> int:
        return self.batch.got if self.batch else 0


def taken(counts: Counts, limit: int, now: int, asked: int) -> Taken:
    """What came of taking ``asked``, which ``counts`` has as the last of the slot ``now``."""
    batch = Batch(slot=now, got=got(counts, limit, now, asked), used=0, last=now)
    return Taken(free=max(0, free(counts, limit, now)), more_at=more_at(counts, limit, now), batch=batch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``remaining``: of the limit, as far as this instance knows; ``seconds``: until there is more."""

    allowed: bool
    limit: int
    remaining: int
    seconds: float

    @property
    def reset(self) -> int:
        """Whole seconds, one at least: when there is more to take."""
        return max(1, math.ceil(self.seconds))
