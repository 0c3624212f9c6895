"""Which blocks read, write, move and compare dates and times?"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import moments
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

DATE = "The date: ISO 8601, seconds since 1970, or as people write it."
ZONE = "The time zone of a date that names none, like Europe/Zurich."
MAX_SHIFT = 100_000_000


class Unit(Enum):
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


SECONDS: Mapping[Unit, float] = {
    Unit.SECONDS: 1,
    Unit.MINUTES: 60,
    Unit.HOURS: 3_600,
    Unit.DAYS: 86_400,
    Unit.WEEKS: 604_800,
}


class ParseDateBlock(Block):
    block_type = "PARSE_DATE"
    category = "DATES"
    description = "Reads a date or time, and says what it is made of."
    pure = True
    examples = [
        Example(
            title="As people write it",
            input={"date": "March 14, 2026 3pm", "timezone": "Europe/Zurich"},
            output=[
                ("date_time", "2026-03-14T15:00:00+01:00"),
                ("timestamp", 1773496800.0),
                (
                    "parts",
                    {
                        "year": 2026,
                        "month": 3,
                        "day": 14,
                        "hour": 15,
                        "minute": 0,
                        "second": 0,
                        "weekday": "Saturday",
                        "iso_week": 11,
                        "day_of_year": 73,
                        "quarter": 1,
                    },
                ),
            ],
        ),
        Example(title="No date", input={"date": "soon"}, fails="is no date"),
    ]

    class Input(BlockInput):
        date: str = Field(description=DATE)
        format: str = Field(default="", description="Its strftime format, like %d.%m.%Y; empty: found out.")
        timezone: str = Field(default="UTC", description=ZONE)
        day_first: bool = Field(default=False, description="Whether 3/4/2026 is in April.")

    class Output(BlockOutput):
        date_time: str = Field(description="In ISO 8601.")
        timestamp: float = Field(description="Seconds since 1970.")
        parts: dict[str, Any] = Field(description="Year, month, day, hour, weekday and so on.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        moment = moments.read(input.date, format=input.format, timezone=input.timezone, day_first=input.day_first)
        yield "date_time", moments.write(moment)
        yield "timestamp", moment.timestamp()
        yield (
            "parts",
            {
                **{name: getattr(moment, name) for name in ("year", "month", "day", "hour", "minute", "second")},
                "weekday": WEEKDAYS[moment.weekday()],
                "iso_week": moment.isocalendar().week,
                "day_of_year": moment.timetuple().tm_yday,
                "quarter": (moment.month + 2) // 3,
            },
        )


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class FormatDateBlock(Block):
    block_type = "FORMAT_DATE"
    category = "DATES"
    description = "Writes a date or time in a format, and in another time zone if asked."
    pure = True
    examples = [
        Example(
            title="For people elsewhere",
            input={"date": "2026-03-14T12:00:00Z", "format": "%d.%m.%Y %H:%M", "to_timezone": "Europe/Zurich"},
            output=[("formatted", "14.03.2026 13:00")],
        ),
        Example(title="In ISO 8601", input={"date": "1773489600"}, output=[("formatted", "2026-03-14T12:00:00Z")]),
    ]

    class Input(BlockInput):
        date: str = Field(description=DATE)
        format: str = Field(default="", description="A strftime format; empty: ISO 8601.")
        timezone: str = Field(default="UTC", description=ZONE)
        to_timezone: str = Field(default="", description="The time zone to write it in; empty: its own.")

    class Output(BlockOutput):
        formatted: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        moment = moments.read(input.date, timezone=input.timezone)
        yield "formatted", moments.write(_in_zone(moment, input.to_timezone), input.format)


class AddToDateBlock(Block):
    block_type = "ADD_TO_DATE"
    category = "DATES"
    description = "Moves a date by an amount of time; days, months and years by the calendar of its zone."
    pure = True
    examples = [
        Example(
            title="A month from the end of one",
            input={"date": "2026-01-31T09:00:00Z", "amount": 1, "unit": "months"},
            output=[("date_time", "2026-02-28T09:00:00Z")],
        ),
        Example(
            title="A day over a change of the clocks",
            input={"date": "2026-03-28T12:00:00", "amount": 1, "timezone": "Europe/Zurich"},
            output=[("date_time", "2026-03-29T12:00:00+02:00")],
        ),
        Example(
            title="24 hours over it",
            input={"date": "2026-03-28T12:00:00", "amount": 24, "unit": "hours", "timezone": "Europe/Zurich"},
            output=[("date_time", "2026-03-29T13:00:00+02:00")],
        ),
        Example(title="Out of range", input={"date": "9999-12-31", "amount": 1}, fails="out of range"),
    ]

    class Input(BlockInput):
        date: str = Field(description=DATE)
        amount: float = Field(ge=-MAX_SHIFT, le=MAX_SHIFT, description="How much; below 0: back.")
        unit: Unit = Field(default=Unit.DAYS, description="Of what.")
        timezone: str = Field(default="UTC", description=ZONE)

    class Output(BlockOutput):
        date_time: str = Field(description="In ISO 8601.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        moment = moments.read(input.date, timezone=input.timezone)
        try:
            yield "date_time", moments.write(_moved(moment, input.amount, input.unit))
        except (OverflowError, ValueError) as error:
            message = "The date is out of range: years go from 1 to 9999"
            raise errors.BlockError(message, reason="TIME_INVALID") from error


def _moved(moment: datetime, amount: float, unit: Unit) -> datetime:
    """By the calendar where the unit is of the calendar; else by the clock that never jumps."""
    if unit in (Unit.DAYS, Unit.WEEKS):
        return moment + timedelta(seconds=amount * SECONDS[unit])
    if unit in SECONDS:
        there = moment.astimezone(moments.zone("UTC")) + timedelta(seconds=amount * SECONDS[unit])
        return there.astimezone(moment.tzinfo)
    from dateutil import relativedelta

    whole = int(amount)
    step = (
        relativedelta.relativedelta(months=whole) if unit == Unit.MONTHS else relativedelta.relativedelta(years=whole)
    )
    return moment + step


class DateDifferenceBlock(Block):
    block_type = "DATE_DIFFERENCE"
    category = "DATES"
    description = "Says how much time lies between two dates."
    pure = True
    examples = [
        Example(
            title="Days and more",
            input={"start": "2026-01-31", "end": "2026-03-14T12:00:00Z"},
            output=[("difference", 42.5), ("seconds", 3672000.0), ("text", "1 month, 14 days, 12 hours")],
        ),
        Example(
            title="Back, in hours",
            input={"start": "2026-03-14T12:00:00Z", "end": "2026-03-14T13:30:00+02:00", "unit": "hours"},
            output=[("difference", -0.5), ("seconds", -1800.0), ("text", "-30 minutes")],
        ),
    ]

    class Input(BlockInput):
        start: str = Field(description=DATE)
        end: str = Field(description=DATE)
        unit: Unit = Field(default=Unit.DAYS, description="In what; months and years whole ones, by the calendar.")
        timezone: str = Field(default="UTC", description=ZONE)

    class Output(BlockOutput):
        difference: float = Field(description="From start to end, in the unit; below 0: the end is first.")
        seconds: float = Field(description="The same in seconds.")
        text: str = Field(description="The same in words.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        from dateutil import relativedelta

        utc = moments.zone("UTC")
        start, end = (moments.read(one, timezone=input.timezone).astimezone(utc) for one in (input.start, input.end))
        seconds = (end - start).total_seconds()
        apart = relativedelta.relativedelta(max(start, end), min(start, end))
        sign = -1 if seconds < 0 else 1
        months = sign * (apart.years * 12 + apart.months)
        whole = {Unit.MONTHS: months, Unit.YEARS: sign * apart.years}
        yield "difference", whole[input.unit] if input.unit in whole else seconds / SECONDS[input.unit]
        yield "seconds", seconds
        yield "text", ("-" if sign < 0 else "") + _words(apart)


def _words(apart: Any) -> str:
    parts = [(getattr(apart, unit), unit) for unit in ("years", "months", "days", "hours", "minutes", "seconds")]
    said = [f"{count} {unit if count != 1 else unit[:-1]}" for count, unit in parts if count]
    return ", ".join(said) or "0 seconds"


class Bound(Enum):
    START = "start"
    END = "end"


class Period(Enum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class RoundDateBlock(Block):
    block_type = "ROUND_DATE"
    category = "DATES"
    description = "Gives the start or the last moment of the hour, day, week, month, quarter or year of a date."
    pure = True
    examples = [
        Example(
            title="The month's start",
            input={"date": "2026-03-14T12:34:56Z", "period": "month"},
            output=[("date_time", "2026-03-01T00:00:00Z")],
        ),
        Example(
            title="The week's end",
            input={"date": "2026-03-14", "period": "week", "bound": "end"},
            output=[("date_time", "2026-03-15T23:59:59.999999Z")],
        ),
    ]

    class Input(BlockInput):
        date: str = Field(description=DATE)
        period: Period = Field(default=Period.DAY, description="Of what; weeks start on Monday.")
        bound: Bound = Field(default=Bound.START, description="Its start, or its end.")
        timezone: str = Field(default="UTC", description=ZONE)

    class Output(BlockOutput):
        date_time: str = Field(description="In ISO 8601.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        moment = moments.read(input.date, timezone=input.timezone)
        start = _STARTS[input.period](moment.replace(minute=0, second=0, microsecond=0, fold=0))
        if input.bound == Bound.START:
            yield "date_time", moments.write(start)
            return
        try:
            following = _STARTS[input.period](start + timedelta(days=_LONGER_THAN[input.period], hours=2))
        except (OverflowError, ValueError) as error:
            message = "The date is out of range: years go from 1 to 9999"
            raise errors.BlockError(message, reason="TIME_INVALID") from error
        if input.period == Period.HOUR:
            following = start + timedelta(hours=1)
        yield "date_time", moments.write(following - timedelta(microseconds=1))


_LONGER_THAN = {Period.HOUR: 0, Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31, Period.QUARTER: 92, Period.YEAR: 366}
_STARTS: Mapping[Period, Callable[[datetime], datetime]] = {
    Period.HOUR: lambda m: m,
    Period.DAY: lambda m: m.replace(hour=0),
    Period.WEEK: lambda m: m.replace(hour=0) - timedelta(days=m.weekday()),
    Period.MONTH: lambda m: m.replace(day=1, hour=0),
    Period.QUARTER: lambda m: m.replace(month=(m.month - 1) // 3 * 3 + 1, day=1, hour=0),
    Period.YEAR: lambda m: m.replace(month=1, day=1, hour=0),
}


def _in_zone(moment: datetime, name: str) -> datetime:
    return moment.astimezone(moments.zone(name)) if name else moment
