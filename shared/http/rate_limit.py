"""Does this caller ask too often? A token bucket for each user.

A bucket holds a minute's worth of requests and fills evenly. The buckets are those of one instance: with several
instances a user gets several buckets, so the setting is a protection of each instance and not a quota. A quota
across instances would cost a write to a shared store for each request.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass

from shared import clock, config
from shared.domain import errors
from shared.http import request

MAX_USERS = 10_000
"""Buckets kept; the longest unused is forgotten, which fills it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``retry_after``: seconds until the bucket has one request again (0: it has one)."""

    allowed: bool
    remaining: int
    full_after: float
    retry_after: float

    @property
    def reset(self) -> int:
        """Seconds, whole: when there is more to take than ``remaining``. After a refusal that is when another try
        may succeed, as the draft has Retry-After name no earlier time than RateLimit-Reset."""
        return max(1, math.ceil(self.full_after if self.allowed else self.retry_after))


class RateLimiter:
    """Buckets of ``per_minute`` requests. ``now`` in seconds of any clock that goes forward."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._rate = per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, user_id: str, now: float) -> Decision:
        """Take one request out of the user's bucket, if there is one."""
        level, at = self._buckets.pop(user_id, (float(self.per_minute), now))
        level = min(self.per_minute, level + (now - at) * self._rate)
        allowed = level >= 1
        level -= allowed
        self._buckets[user_id] = (level, now)
        if len(self._buckets) > MAX_USERS:
            self._buckets.popitem(last=False)
        return Decision(
            allowed=allowed,
            remaining=int(level),
            full_after=(self.per_minute - level) / self._rate,
            retry_after=0 if allowed else (1 - level) / self._rate,
        )


_limiter: RateLimiter | None = None


def check(user_id: str) -> None:
    """Count a request of a user; TooManyRequests when it is one too many. The answer, whatever it is, carries
    RateLimit-Limit, -Remaining and -Reset (seconds)
    (https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-03)."""
    global _limiter
    per_minute = config.settings().rate_limit_per_minute
    if per_minute == 0:
        return
    if _limiter is None or _limiter.per_minute != per_minute:
        _limiter = RateLimiter(per_minute)
    decision = _limiter.take(user_id, clock.monotonic())
    request.context().headers.update(
        {
            "RateLimit-Limit": str(per_minute),
            "RateLimit-Remaining": str(decision.remaining),
            "RateLimit-Reset": str(decision.reset),
        }
    )
    if not decision.allowed:
        raise errors.TooManyRequests(
            f"More than {per_minute} requests a minute; wait {decision.reset} s and try again.",
            metadata={"limit": str(per_minute)},
            retry_after=decision.retry_after,
        )
