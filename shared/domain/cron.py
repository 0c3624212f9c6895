"""When does a schedule occur? Cron expressions in a time zone.

Five fields, as crontab(5) has them, with names of months and days, ``L`` and ``#``; or ``@hourly`` and its like.
Where a zone changes its clocks it is as in Debian's cron (https://manpages.debian.org/cron.8): what falls into an
hour that is left out occurs at its end, what falls into an hour that comes twice occurs once. Expressions whose
minute or hour begins with ``*`` follow the clock: not at all in the one, twice in the other.
"""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

MAX_EXPRESSION = 200
_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST_CHANGE = timedelta(hours=25)  # Samoa left out a day
_NOWHERE = ("localtime", "Factory")


class CronError(ValueError):
    """Not an expression; the message says what is wrong with it."""


def check(expression: str) -> None:
    """CronError unless the expression can be read, and occurs at all: then it does again and again."""
    if len(expression) > MAX_EXPRESSION:
        raise CronError(f"It must have {MAX_EXPRESSION} characters at most.")
    text = _fields(expression)
    if len(text.split()) != 5:
        raise CronError("It must be minute, hour, day of month, month and day of week, or be like @daily.")
    try:
        CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - a wall clock's
    except CronSimError as error:
        raise CronError(f"{error}; an expression is like */15 9-17 * * MON-FRI.") from error


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name in the IANA database; not where this machine happens to be."""
    return name in zoneinfo.available_timezones() and name not in _NOWHERE


def after(expression: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """Every occurrence later than ``moment``, in UTC, as far as there are any in the next decades."""
    return (at for at in _occurrences(expression, zone, moment, reverse=False) if at > moment)


def until(expression: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """Every occurrence not later than ``moment``, latest first, in UTC."""
    return (at for at in _occurrences(expression, zone, moment, reverse=True) if at <= moment)


def _fields(expression: str) -> str:
    return _ALIASES.get(expression.strip().lower(), expression)


def _occurrences(expression: str, zone: str, moment: datetime, *, reverse: bool) -> Iterator[datetime]:
    """In order, each once; some before the moment, too. Near a change of the clocks, where the order of the wall
    clock is not that of time, occurrences are held until it is past."""
    text, tz = _fields(expression), zoneinfo.ZoneInfo(zone)
    follows_clock = any(field.startswith("*") for field in text.split()[:2])
    wall = moment.astimezone(tz).replace(tzinfo=None)
    margin = _LONGEST_CHANGE if _changes_near(wall, tz) else timedelta(minutes=1)
    held: set[datetime] = set()
    walls = CronSim(text, wall + margin if reverse else wall - margin, reverse=reverse)
    for found in walls:  # pragma: no branch - they never end
        if _changes_near(found, tz):
            held |= set(_instants(found, tz, follows_clock))
            continue
        yield from sorted(held, reverse=reverse)
        held.clear()
        yield found.replace(tzinfo=tz).astimezone(UTC)


def _changes_near(wall: datetime, tz: zoneinfo.ZoneInfo) -> bool:
    return tz.utcoffset(wall - _LONGEST_CHANGE) != tz.utcoffset(wall + _LONGEST_CHANGE)


def _instants(wall: datetime, tz: zoneinfo.ZoneInfo, follows_clock: bool) -> list[datetime]:
    """When a wall clock shows this, in UTC: once, twice, or (in what is left out) at its end or never."""
    first, second = (wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1))
    if second < first:  # it is left out
        return [] if follows_clock else [_end_of_gap(second, first, tz)]
    return [first, second] if follows_clock else [first]


def _end_of_gap(before: datetime, behind: datetime, tz: zoneinfo.ZoneInfo) -> datetime:
    """The moment between the two at which the clock changes."""
    offset = before.astimezone(tz).utcoffset()
    while behind - before > timedelta(seconds=1):
        middle = before + (behind - before) / 2
        before, behind = (middle, behind) if middle.astimezone(tz).utcoffset() == offset else (before, middle)
    return behind.replace(microsecond=0)
