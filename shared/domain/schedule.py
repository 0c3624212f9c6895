"""What is a schedule to do now? Its occurrences, those that were missed, and those that overlap.

Pure: the rules of catching up and of overlapping, over the times that ``cron`` gives.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain import cron

LATE = timedelta(minutes=10)
"""An occurrence that is not started by then was missed."""

MAX_CAUGHT_UP = 100
"""Missed occurrences that are started in the end, at most, under ``ALL``; older ones are left out."""


class CatchUp(StrEnum):
    """What becomes of occurrences that were missed, because the platform was down or the schedule late."""

    NONE = "none"  # they are left out
    ONCE = "once"  # the latest of them is started
    ALL = "all"  # each is started, oldest first


class Overlap(StrEnum):
    """What becomes of an occurrence while an execution of the schedule has not ended."""

    ALLOW = "allow"  # it is started beside it
    SKIP = "skip"  # it is left out
    QUEUE = "queue"  # it is started when that one has ended; of several that wait, the latest


class State(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"  # nothing will ever occur again


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``next_at``: the first occurrence that is not dealt with; None: there is none. ``ends_at``: nothing occurs
    later. ``input_data`` and ``credentials`` as for an execution. ``fence``: the document's update_time."""

    id: str
    user_id: str
    graph_id: str
    name: str
    cron: str
    timezone: str
    input_data: Mapping[str, Any]
    credentials: Mapping[str, str]
    starts_at: datetime | None
    ends_at: datetime | None
    catch_up: CatchUp
    overlap: Overlap
    state: State
    next_at: datetime | None
    last_at: datetime | None
    last_execution_id: str | None
    created_at: datetime
    updated_at: datetime
    fence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """``at``: the occurrence to start, if any; ``missed``: how many before it are left out, the first of them at
    ``missed_from``; ``next_at``: the occurrence to look at after that."""

    at: datetime | None
    missed: int
    missed_from: datetime | None
    next_at: datetime | None


def next_after(schedule: Schedule, moment: datetime) -> datetime | None:
    """The first occurrence later than ``moment``, within the schedule's time."""
    if schedule.starts_at is not None and schedule.starts_at > moment:
        moment = schedule.starts_at - timedelta(microseconds=1)
    found = next(cron.after(schedule.cron, schedule.timezone, moment), None)
    return None if found is None or (schedule.ends_at is not None and found > schedule.ends_at) else found


def upcoming(schedule: Schedule, moment: datetime, count: int) -> list[datetime]:
    """The next ``count`` occurrences later than ``moment``."""
    found: list[datetime] = []
    while len(found) < count and (at := next_after(schedule, found[-1] if found else moment)) is not None:
        found.append(at)
    return found


def due(schedule: Schedule, now: datetime) -> Due:
    """What to do with what has occurred since ``next_at``. Nothing has: ``at`` is None, and ``next_at`` as it is."""
    first = schedule.next_at
    if first is None or first > now:
        return Due(at=None, missed=0, missed_from=None, next_at=first)
    passed = _passed(schedule, first, now)
    if schedule.catch_up is CatchUp.ALL:
        return _due(schedule, passed, passed[0] if len(passed) <= MAX_CAUGHT_UP else passed[-MAX_CAUGHT_UP])
    latest = passed[-1]
    waited = schedule.overlap is Overlap.QUEUE  # for an execution to end: that is not missing it
    wanted = waited or schedule.catch_up is CatchUp.ONCE or now - latest <= LATE
    return _due(schedule, passed, latest if wanted else None)


def _passed(schedule: Schedule, first: datetime, now: datetime) -> list[datetime]:
    """Occurrences from ``first`` to now, oldest first; of very many the latest, behind ``first``."""
    end = min(now, schedule.ends_at) if schedule.ends_at is not None else now
    latest_first = itertools.takewhile(lambda at: at > first, cron.until(schedule.cron, schedule.timezone, end))
    return [first, *reversed(list(itertools.islice(latest_first, MAX_CAUGHT_UP)))]


def _due(schedule: Schedule, passed: list[datetime], at: datetime | None) -> Due:
    left_out = [one for one in passed if at is None or one < at]
    following = next_after(schedule, at or passed[-1])
    return Due(at=at, missed=len(left_out), missed_from=left_out[0] if left_out else None, next_at=following)
