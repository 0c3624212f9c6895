"""What does a trigger do next? When it looks again, and which of what it found starts an execution.

Pure: the rules of polling a feed or a mailbox, which say nothing by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain import identity

MIN_MINUTES = 5
MAX_MINUTES = 1_440
MAX_ITEMS = 50
"""What one look starts, at most, however a trigger is set: the rest waits for the next."""
MAX_SEEN = 2_000
"""Items that a trigger remembers: more than a feed or a batch of letters has."""
MAX_BACKOFF = timedelta(days=1)
TOLD = 3
"""The failure in a row of which the user is told: one or two pass by themselves."""
MAX_FAILURES = 30
"""Looks in a row that may fail: then it stops, about a month after the first."""


class Kind(StrEnum):
    RSS = "rss"
    EMAIL = "email"


class State(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"  # it failed too often


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """``source``: where to look, as the kind needs it. ``cursor``: how far it has looked, as the kind keeps it;
    empty before the first look. ``seen``: what it has dealt with, or found at its first look. ``failures``: looks in
    a row that failed, ``last_error``: why. ``fence``: the document's update_time."""

    id: str
    user_id: str
    graph_id: str
    kind: Kind
    name: str
    source: Mapping[str, Any]
    every_minutes: int
    max_items: int
    input_name: str
    input_data: Mapping[str, Any]
    credentials: Mapping[str, str]
    state: State
    created_at: datetime
    updated_at: datetime
    next_at: datetime | None
    cursor: Mapping[str, Any]
    seen: Sequence[str] = ()
    failures: int = 0
    last_error: str = ""
    last_polled_at: datetime | None = None
    last_item_at: datetime | None = None
    fence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry or letter. ``id``: what tells it from others of its source; ``value``: what the graph gets."""

    id: str
    title: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look found, oldest first. ``cursor``: how far it looked. ``after``: not to look again before, as the
    source asks."""

    items: Sequence[Item]
    cursor: Mapping[str, Any]
    after: timedelta | None = None


def mark(item_id: str) -> str:
    """What is remembered of an item."""
    return identity.derive("item", item_id)


def _at(now: datetime, pause: timedelta) -> datetime:
    """``tick`` comes once a minute, a little later each time: what is due then is due at its beginning."""
    return now.replace(second=0, microsecond=0) + pause


def claimed(trigger: Trigger, now: datetime) -> Trigger:
    """While one looks nobody else does; who dies over it leaves the next look at its usual time."""
    return replace(trigger, next_at=_at(now, timedelta(minutes=trigger.every_minutes)))


def is_first(trigger: Trigger) -> bool:
    """What is there before the first look is old: it starts nothing."""
    return trigger.last_polled_at is None


def fresh(trigger: Trigger, found: Found) -> list[Item]:
    """What starts executions now, oldest first. What does not fit comes with the next look."""
    if is_first(trigger):
        return []
    seen = set(trigger.seen)
    new = {item.id: item for item in found.items if mark(item.id) not in seen}
    return list(new.values())[: trigger.max_items]


def looked(trigger: Trigger, found: Found, done: Sequence[Item], now: datetime) -> Trigger:
    """After a look that succeeded; ``done``: what was dealt with of what was ``fresh``. Where something is left the
    cursor stays, so that the next look finds it."""
    dealt = found.items if is_first(trigger) else done
    marks = [mark(item.id) for item in dealt]
    known = set(marks)
    still = {mark(item.id) for item in found.items}
    left = any(mark(item.id) not in known and mark(item.id) not in trigger.seen for item in found.items)
    # What is still there must not be forgotten; of the rest the latest.
    kept = [one for one in trigger.seen if one not in known]
    gone = [one for one in kept if one not in still]
    room = max(0, MAX_SEEN - len(marks) - (len(kept) - len(gone)))
    forgotten = set(gone[: max(0, len(gone) - room)])
    pause = max(timedelta(minutes=trigger.every_minutes), min(found.after or timedelta(0), MAX_BACKOFF))
    return replace(
        trigger,
        cursor=trigger.cursor if left else found.cursor,
        seen=tuple(one for one in kept if one not in forgotten) + tuple(marks),
        failures=0,
        last_error="",
        last_polled_at=now,
        last_item_at=now if done else trigger.last_item_at,
        next_at=_at(now, pause),
        updated_at=now,
    )


def failed(trigger: Trigger, why: str, now: datetime, after: timedelta | None = None) -> Trigger:
    """After a look that failed: the next comes ever later, and one day none."""
    failures = trigger.failures + 1
    doubled = timedelta(minutes=trigger.every_minutes) * 2 ** min(failures - 1, 10)
    pause = min(max(doubled, after or timedelta(0)), MAX_BACKOFF)
    stops = failures >= MAX_FAILURES
    return replace(
        trigger,
        failures=failures,
        last_error=why[:500],
        next_at=None if stops else _at(now, pause),
        state=State.STOPPED if stops else trigger.state,
        updated_at=now,
    )


def into(trigger: Trigger, state: State, now: datetime) -> Trigger:
    """Paused, or active again: then it looks at once, and what came meanwhile is old."""
    if trigger.state is state:
        return trigger
    if state is State.PAUSED:
        return replace(trigger, state=state, next_at=None, updated_at=now)
    return replace(
        trigger,
        state=state,
        next_at=now,
        failures=0,
        last_error="",
        last_polled_at=None,
        cursor={},
        updated_at=now,
    )
