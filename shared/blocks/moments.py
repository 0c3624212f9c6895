"""What time does a text mean, and how is one written? Shared by the blocks of dates."""

import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo

from shared.domain import errors

MAX_TEXT = 200
MAX_FORMAT = 1_000


def zone(name: str) -> tzinfo:
    """The time zone ``Europe/Zurich``. BlockError, reason ``TIME_INVALID``."""
    try:
        return UTC if name.upper() in ("", "UTC", "Z") else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise errors.BlockError(
            f"There is no time zone {name[:100]!r}: give one like Europe/Zurich", reason="TIME_INVALID"
        ) from error


def read(text: str, *, format: str = "", timezone: str = "UTC", day_first: bool = False) -> datetime:
    """The moment that ``text`` means: by ``format`` (strftime), ISO 8601, seconds since 1970, or as people write it.
    Without a zone of its own it is in ``timezone``. BlockError, reason ``TIME_INVALID``."""
    text = text.strip()
    if len(text) > MAX_TEXT or len(format) > MAX_FORMAT:
        raise _invalid(text, "it is too long")
    try:
        found = datetime.strptime(text, format) if format else _guessed(text, day_first)  # noqa: DTZ007 - below
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise _invalid(text, str(error)) from error
    return found if found.tzinfo else found.replace(tzinfo=zone(timezone))


def _guessed(text: str, day_first: bool) -> datetime:
    if text.lstrip("-").replace(".", "", 1).isdecimal() and len(text.partition(".")[0]) > 8:
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if abs(seconds) > 1e11 else seconds, UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        from dateutil import parser

        return parser.parse(text, dayfirst=day_first, default=datetime(2000, 1, 1))  # noqa: DTZ001 - see read


def write(moment: datetime, format: str = "") -> str:
    """By a strftime format; without one ISO 8601, with Z for UTC."""
    if not format:
        return moment.isoformat().replace("+00:00", "Z")
    if len(format) > MAX_FORMAT:
        raise errors.BlockError(f"A format has at most {MAX_FORMAT:,} characters", reason="LIMIT_EXCEEDED")
    try:
        return moment.strftime(format)
    except (ValueError, UnicodeError) as error:
        raise errors.BlockError(f"{format[:100]!r} is no format: {error}", reason="TIME_INVALID") from error


def shifted(moment: datetime, days: float) -> datetime:
    try:
        return moment + timedelta(days=days)
    except (OverflowError, ValueError) as error:
        raise errors.BlockError("The date is out of range: years go from 1 to 9999", reason="TIME_INVALID") from error


def _invalid(text: str, why: str) -> errors.BlockError:
    return errors.BlockError(f"{text[:MAX_TEXT]!r} is no date: {why}", reason="TIME_INVALID")
