"""How fast may a queue dispatch, and how long does a failed task wait?"""

from typing import Any

from local import backoff

# https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
DEFAULT_MAX_ATTEMPTS = 100
DEFAULT_MIN_BACKOFF = 0.1
DEFAULT_MAX_BACKOFF = 3600.0
DEFAULT_MAX_DOUBLINGS = 16
# https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#ratelimits
DEFAULT_DISPATCHES_PER_SECOND = MAX_DISPATCHES_PER_SECOND = 500.0
DEFAULT_CONCURRENT_DISPATCHES = 1000
MAX_CONCURRENT_DISPATCHES = 5000
# https://cloud.google.com/tasks/docs/quotas
RETENTION_SECONDS = 31 * 86400.0
# https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#httprequest
CONGESTED = frozenset({429, 503})
SMALLEST_SHARE = 1 / 32
# The clock has a last digit, so a bucket that is asked again at the right moment may miss its token by a little. It
# goes into debt for as much, and the rate stays what it is.
_ROUNDING = 1e-4


def burst_size(dispatches_per_second: float) -> int:
    """How many dispatches an idle queue saves up: a fifth of a second's worth, as the service gives a queue
    of 500 a second a burst of 100, and never less than 10."""
    return max(10, int(dispatches_per_second / 5))


class TokenBucket:
    """Lets ``burst`` dispatches through at once and ``rate`` a second after that."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled_at = now

    def take(self, now: float, share: float = 1.0) -> float:
        """0.0: the caller may dispatch now. Else the seconds until it should ask again. ``share``: how much of the
        rate the bucket is filled with meanwhile."""
        rate = self._rate * share
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens >= 1.0 - _ROUNDING:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / rate


class Congestion:
    """How much of its rate a queue keeps after its handlers asked for less work (429 or 503).

    Google says that the queue then backs off more, and not how: here the share is halved, at most once a second, and
    doubled again for each second without such an answer.
    """

    def __init__(self) -> None:
        self._share = 1.0
        self._changed = 0.0

    def heard(self, status: int | None, now: float) -> None:
        """A handler answered ``status``."""
        if status not in CONGESTED:
            return
        share = self.share(now)
        if share == 1.0 or now - self._changed >= 1.0:
            self._share = max(SMALLEST_SHARE, share / 2)
            self._changed = now

    def share(self, now: float) -> float:
        """From ``SMALLEST_SHARE`` to 1."""
        if self._share < 1.0:
            quiet = int(now - self._changed)
            self._share = min(1.0, self._share * 2.0**quiet)
            self._changed += quiet
        return self._share


def retry_delay(retry_config: Any, failures: int) -> float:
    """Seconds to wait after the ``failures``-th failure (from 1)."""
    smallest, largest = _seconds(retry_config.min_backoff), _seconds(retry_config.max_backoff)
    return backoff.delay(smallest, largest, retry_config.max_doublings, failures)


def is_retained(task: Any, now: float) -> bool:
    """Whether the service still keeps the task, which it does for 31 days."""
    return now - _seconds(task.create_time) < RETENTION_SECONDS


def is_exhausted(retry_config: Any, attempts: int, first_attempt_at: float, now: float) -> bool:
    """Whether a task that failed ``attempts`` times is given up: both limits must be passed where both are
    set; ``max_attempts`` -1 and ``max_retry_duration`` 0 mean no limit."""
    duration = _seconds(retry_config.max_retry_duration)
    attempts_left = retry_config.max_attempts < 0 or attempts < retry_config.max_attempts
    if duration <= 0:
        return not attempts_left
    return now - first_attempt_at >= duration and (retry_config.max_attempts < 0 or not attempts_left)


def complete_limits(queue: Any) -> None:
    """Fill in what the queue leaves open, as the service does on create and update (in place)."""
    limits, retry = queue.rate_limits, queue.retry_config
    if not limits.max_dispatches_per_second:
        limits.max_dispatches_per_second = DEFAULT_DISPATCHES_PER_SECOND
    if not limits.max_concurrent_dispatches:
        limits.max_concurrent_dispatches = DEFAULT_CONCURRENT_DISPATCHES
    limits.max_burst_size = burst_size(limits.max_dispatches_per_second)
    if not retry.max_attempts:
        retry.max_attempts = DEFAULT_MAX_ATTEMPTS
    if not retry.HasField("min_backoff"):
        retry.min_backoff.FromMilliseconds(int(DEFAULT_MIN_BACKOFF * 1000))
    if not retry.HasField("max_backoff"):
        retry.max_backoff.FromSeconds(int(DEFAULT_MAX_BACKOFF))
    if not retry.max_doublings:
        retry.max_doublings = DEFAULT_MAX_DOUBLINGS


def _seconds(duration: Any) -> float:
    return duration.seconds + duration.nanos / 1e9
