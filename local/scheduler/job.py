"""What is a job of Cloud Scheduler: when is it due, and how often is a failed run tried again?

Fields and defaults: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

import dataclasses
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from local import backoff

MIN_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS = 15.0, 1800.0
MAX_RETRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How a run that failed is tried again: ``retry_count`` times, and for ``max_retry_duration`` where that is set;
    both have to be passed. All times in seconds."""

    retry_count: int = 0
    max_retry_duration: float = 0.0
    min_backoff: float = 5.0
    max_backoff: float = 3600.0
    max_doublings: int = 5

    def wait(self, failures: int, since_first: float) -> float | None:
        """Seconds until the run is tried again after its ``failures``-th failure (from 1), ``since_first`` after its
        first attempt; None: it is given up."""
        is_counted_out = failures > self.retry_count
        is_late = self.max_retry_duration <= 0 or since_first >= self.max_retry_duration
        if is_counted_out and (is_late or self.retry_count == 0):
            return None
        return backoff.delay(self.min_backoff, self.max_backoff, self.max_doublings, failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``cron`` has five fields and is read in ``time_zone``; ``url`` is as production has it; without an e-mail no
    token is sent."""

    name: str
    cron: str
    time_zone: str
    url: str
    service_account_email: str
    attempt_deadline: float = 180.0
    retries: Retries = Retries()

    def check(self, now: float) -> None:
        """ValueError: a field is not valid; the message says which."""
        next(self.times(now))
        if not MIN_DEADLINE_SECONDS <= self.attempt_deadline <= MAX_DEADLINE_SECONDS:
            raise ValueError(f"job {self.name}: attempt_deadline must be 15 to 1800 s; got {self.attempt_deadline}")
        if not 0 <= self.retries.retry_count <= MAX_RETRIES:
            raise ValueError(f"job {self.name}: retry_count must be 0 to 5; got {self.retries.retry_count}")
        if not 0 < self.retries.min_backoff <= self.retries.max_backoff:
            raise ValueError(f"job {self.name}: min_backoff must be above 0 and not above max_backoff")

    def times(self, after: float) -> Iterator[datetime.datetime]:
        """The moments it falls due, later than ``after`` (seconds since 1970). ValueError: not a cron or zone."""
        if len(self.cron.split()) != 5:
            raise ValueError(f"job {self.name}: the cron {self.cron!r} must have five fields")
        try:
            return CronSim(self.cron, datetime.datetime.fromtimestamp(after, ZoneInfo(self.time_zone)))
        except (CronSimError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"job {self.name}: {self.cron!r} in {self.time_zone!r}: {error}") from error

    def as_record(self) -> dict[str, Any]:
        """What is kept of it."""
        return dataclasses.asdict(self)


def from_record(record: Mapping[str, Any]) -> Job:
    """The job that ``as_record`` gave."""
    fields: dict[str, Any] = {**record, "retries": Retries(**record["retries"])}
    return Job(**fields)
