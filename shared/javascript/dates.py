"""When is a ``Date``? By the texts that say one for certain; others are refused, as every engine reads them its way.

https://tc39.es/ecma262/#sec-date-time-string-format
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from shared.javascript import numbers, values
from shared.javascript.budget import Budget
from shared.javascript.numbers import Number
from shared.javascript.tree import Unsupported
from shared.javascript.values import Moment, Thrown, Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 8.64e15
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|[+-]\d{4})", re.ASCII
)


def of(value: Value, zone: str, run: Budget) -> Moment:
    """``new Date(value)``."""
    if isinstance(value, Moment):
        return Moment(value.time)
    plain = values.primitive(value, run)
    if isinstance(plain, str):
        return Moment(parsed(plain, zone))
    found = values.number(plain, run)
    return Moment(values.whole(found, run) if abs(found) <= _MOST else math.nan)


def parsed(text: str, zone: str) -> Number:
    """Milliseconds since 1970. NaN: it is no date; Unsupported: it might be one."""
    match = _ISO.fullmatch(text.strip())
    try:
        if match:
            return _milliseconds(_iso(match, zone))
        if _MAIL.fullmatch(text.strip()):
            return _milliseconds(parsedate_to_datetime(text.strip()))
    except (ValueError, OverflowError):
        return math.nan
    if any(one.isdecimal() for one in text):
        raise Unsupported(f"the date {text[:40]!r} is not written as ISO 8601 has it")
    return math.nan


def _iso(match: re.Match[str], zone: str) -> datetime:
    year, month, day, hour, minute, second = (int(match[n] or (1 if n < 4 else 0)) for n in range(1, 7))
    fraction = int((match[7] or "0").ljust(3, "0")[:3])
    of_day = timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=fraction)
    if not 1 <= day <= 31 or minute > 59 or second > 59 or hour > 24 or of_day > timedelta(days=1):
        raise ValueError(match[0])
    month_begins = datetime(year, month, 1, tzinfo=UTC)  # the 30th of February is the 2nd of March
    return (month_begins + timedelta(days=day - 1) + of_day).replace(tzinfo=_zone(match, zone))


def _zone(match: re.Match[str], zone: str) -> tzinfo:
    written = match[8]
    if written and written != "Z":
        return datetime.strptime(written, "%z").tzinfo or UTC
    return UTC if written or match[4] is None else ZoneInfo(zone)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso(moment: Moment) -> str:
    """Thrown: there is no time, or none with a year of four digits."""
    at = _at(moment, UTC)
    return f"{at.year:04}-{at:%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _at(moment: Moment, zone: tzinfo) -> datetime:
    try:
        return (_EPOCH + timedelta(milliseconds=moment.time)).astimezone(zone)
    except (OverflowError, ValueError) as error:
        raise Thrown("the time is out of range") from error


_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "FullYear": lambda at: at.year,
    "Month": lambda at: at.month - 1,
    "Date": lambda at: at.day,
    "Day": lambda at: at.isoweekday() % 7,
    "Hours": lambda at: at.hour,
    "Minutes": lambda at: at.minute,
    "Seconds": lambda at: at.second,
    "Milliseconds": lambda at: at.microsecond // 1000,
}


def methods(zone: str) -> Mapping[str, Callable[..., Value]]:
    """Of dates; ``zone``: whose clock ``getHours()`` reads."""

    def part(read: Callable[[datetime], int], where: tzinfo) -> Callable[..., Value]:
        return lambda m, g, run: math.nan if math.isnan(m.time) else read(_at(m, where))

    found: dict[str, Callable[..., Value]] = {
        "getTime": lambda m, g, run: m.time,
        "valueOf": lambda m, g, run: m.time,
        "toISOString": lambda m, g, run: iso(m),
        "toJSON": lambda m, g, run: None if math.isnan(m.time) else iso(m),
    }
    for name, read in _PARTS.items():
        found[f"getUTC{name}"] = part(read, UTC)
        found[f"get{name}"] = part(read, ZoneInfo(zone))
    return found


def parse(given: Sequence[Value], zone: str, run: Budget) -> Number:
    """``Date.parse(text)``."""
    return numbers.plain(parsed(values.text(values.at(given, 0), run), zone))
