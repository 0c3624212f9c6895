"""By which ways is somebody told, and when again if one fails? What a user has not chosen follows from the kind."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain import cron
from shared.domain.notices import KINDS, Kind


class Channel(StrEnum):
    IN_APP = "in_app"  # the list of notifications
    PUSH = "push"  # to the user's devices
    EMAIL = "email"  # at once
    DIGEST = "digest"  # in the next daily or weekly e-mail
    WEBHOOK = "webhook"  # to the user's own addresses


class Frequency(StrEnum):
    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"


class State(StrEnum):
    """Of what is to be sent."""

    PENDING = "PENDING"
    SENT = "SENT"
    DROPPED = "DROPPED"  # there is nobody to send it to any more
    DEAD = "DEAD"  # it was given up, and can be sent again


WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

PAUSES = (5, 30, 120, 600, 3_600, 3 * 3_600, 12 * 3_600, 24 * 3_600)
"""Seconds before each further attempt, as Standard Webhooks asks: exponentially, over some days."""

Choices = Mapping[str, Mapping[str, bool]]
"""Kind -> channel -> whether; what is left out is as ``default`` has it."""


def default(kind: Kind, channel: Channel) -> bool:
    """What is urgent comes at once, the rest in a digest. A webhook that fails is not told of by webhook."""
    urgent = KINDS[kind].urgent
    match channel:
        case Channel.IN_APP:
            return True
        case Channel.PUSH | Channel.EMAIL:
            return urgent
        case Channel.DIGEST:
            return not urgent
        case _:
            return kind is not Kind.WEBHOOK_FAILING


def is_on(choices: Choices, kind: Kind, channel: Channel) -> bool:
    if channel is Channel.WEBHOOK and kind is Kind.WEBHOOK_FAILING:
        return False  # whoever does not answer is not told of it
    return choices.get(kind, {}).get(channel, default(kind, channel))


def table(choices: Choices) -> dict[str, dict[str, bool]]:
    """Every kind and channel, as it is for this user."""
    return {kind: {channel: is_on(choices, kind, channel) for channel in Channel} for kind in Kind}


def next_digest(frequency: Frequency, hour: int, weekday: str, zone: str, after: datetime) -> datetime | None:
    """The next time for a digest, later than ``after``: at an hour of the user's own day."""
    if frequency is Frequency.NONE:
        return None
    days = "*" if frequency is Frequency.DAILY else weekday
    return next(cron.after(f"0 {hour} * * {days}", zone, after))


def retry_at(attempts: int, now: datetime, wait: float | None = None) -> datetime | None:
    """When to try again after so many attempts; None: not any more. ``wait``: seconds that were asked for."""
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1]
    return now + timedelta(seconds=min(max(pause, wait or 0.0), PAUSES[-1]))
