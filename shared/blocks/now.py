"""Which blocks say what time it is?"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.blocks import moments
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example

TRIGGER = "Any text: when it comes, the block fires."
FORMAT = "strftime with a format, or iso8601; and the time zone."


class TimeFormat(BaseModel):
    """As imported agents have it. ``use_user_timezone``: of no effect, since users have none here."""

    model_config = ConfigDict(extra="ignore")

    discriminator: Literal["strftime", "iso8601"] = "strftime"
    format: str = ""
    timezone: str = "UTC"
    use_user_timezone: bool = False
    include_microseconds: bool = False


class GetCurrentTimeBlock(Block):
    block_type = "GET_CURRENT_TIME"
    category = "DATES"
    description = "Says what time of day it is."
    examples = [
        Example(title="Now", input={"trigger": "go"}, output=[("time", "12:00:00")]),
        Example(
            title="Elsewhere, for machines",
            input={"trigger": "", "format_type": {"discriminator": "iso8601", "timezone": "Asia/Kolkata"}},
            output=[("time", "17:30:00+05:30")],
        ),
        Example(
            title="For people",
            input={"trigger": "", "format_type": {"discriminator": "strftime", "format": "%I:%M %p"}},
            output=[("time", "12:00 PM")],
        ),
    ]

    class Input(BlockInput):
        trigger: str = Field(description=TRIGGER)
        format_type: TimeFormat = Field(default=TimeFormat(), description=FORMAT)

    class Output(BlockOutput):
        time: str = Field(description="The time.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        now = context.now().astimezone(moments.zone(input.format_type.timezone))
        if input.format_type.discriminator == "strftime":
            yield "time", moments.write(now, input.format_type.format or "%H:%M:%S")
        else:
            yield "time", _iso(now, input.format_type).partition("T")[2]


class GetCurrentDateBlock(Block):
    """The offset is subtracted, and what is no number counts as 0: so says the page that was written from what the
    platform does (docs/integrations/block-integrations/time_blocks.md, MIT); agents were built on it. A later page
    says that negative days are past."""

    block_type = "GET_CURRENT_DATE"
    category = "DATES"
    description = "Says what day it is, or was some days ago."
    examples = [
        Example(title="Today", input={"trigger": "go"}, output=[("date", "2026-03-14")]),
        Example(title="A week ago", input={"trigger": "", "offset": "7"}, output=[("date", "2026-03-07")]),
        Example(
            title="Tomorrow, for people",
            input={"trigger": "", "offset": -1, "format_type": {"discriminator": "strftime", "format": "%d.%m.%Y"}},
            output=[("date", "15.03.2026")],
        ),
        Example(title="No number is none", input={"trigger": "", "offset": "soon"}, output=[("date", "2026-03-14")]),
    ]

    class Input(BlockInput):
        trigger: str = Field(description=TRIGGER)
        offset: int | str = Field(default=0, description="How many days ago; below 0: how many days from now.")
        format_type: TimeFormat = Field(default=TimeFormat(), description=FORMAT)

    class Output(BlockOutput):
        date: str = Field(description="The date.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        now = context.now().astimezone(moments.zone(input.format_type.timezone))
        day = moments.shifted(now, -_days(input.offset))
        if input.format_type.discriminator == "strftime":
            yield "date", moments.write(day, input.format_type.format or "%Y-%m-%d")
        else:
            yield "date", day.date().isoformat()


class GetCurrentDateAndTimeBlock(Block):
    block_type = "GET_CURRENT_DATE_AND_TIME"
    category = "DATES"
    description = "Says what day and time it is."
    examples = [
        Example(title="Now", input={"trigger": "go"}, output=[("date_time", "2026-03-14 12:00:00")]),
        Example(
            title="Elsewhere, for machines",
            input={"trigger": "", "format_type": {"discriminator": "iso8601", "timezone": "America/New_York"}},
            output=[("date_time", "2026-03-14T08:00:00-04:00")],
        ),
        Example(
            title="No such zone",
            input={"trigger": "", "format_type": {"timezone": "Mars/Base"}},
            fails="no time zone",
        ),
    ]

    class Input(BlockInput):
        trigger: str = Field(description=TRIGGER)
        format_type: TimeFormat = Field(default=TimeFormat(), description=FORMAT)

    class Output(BlockOutput):
        date_time: str = Field(description="The date and time.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        now = context.now().astimezone(moments.zone(input.format_type.timezone))
        if input.format_type.discriminator == "strftime":
            yield "date_time", moments.write(now, input.format_type.format or "%Y-%m-%d %H:%M:%S")
        else:
            yield "date_time", _iso(now, input.format_type)


def _days(offset: int | str) -> int:
    try:
        return int(offset)
    except ValueError:
        return 0


def _iso(moment: datetime, asked: TimeFormat) -> str:
    return moment.isoformat(timespec="microseconds" if asked.include_microseconds else "seconds")
