"""Which blocks read, write, convert and sum up numbers?"""

import math
import re
import statistics
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import rules
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class Style(Enum):
    PLAIN = "plain"
    PERCENT = "percent"
    COMPACT = "compact"
    BYTES = "bytes"
    ORDINAL = "ordinal"


class FormatNumberBlock(Block):
    block_type = "FORMAT_NUMBER"
    category = "NUMBERS"
    description = "Writes a number for people: separators, decimals, per cent, thousands and millions, bytes."
    pure = True
    examples = [
        Example(
            title="An amount",
            input={"number": 1234567.891, "decimals": 2, "prefix": "$"},
            output=[("text", "$1,234,567.89")],
        ),
        Example(
            title="As in Switzerland",
            input={"number": 1234.5, "decimals": 2, "thousands": "’", "suffix": " CHF"},
            output=[("text", "1’234.50 CHF")],
        ),
        Example(
            title="Per cent", input={"number": 0.1234, "style": "percent", "decimals": 1}, output=[("text", "12.3%")]
        ),
        Example(
            title="In short", input={"number": 1234567, "style": "compact", "decimals": 1}, output=[("text", "1.2M")]
        ),
    ]

    class Input(BlockInput):
        number: float = Field(description="The number.")
        decimals: int | None = Field(
            default=None, ge=0, le=15, description="Digits after the point; empty: as many as it has."
        )
        style: Style = Field(default=Style.PLAIN, description="How.")
        thousands: str = Field(default=",", max_length=3, description="Stands between thousands.")
        point: str = Field(default=".", max_length=3, description="Stands before decimals.")
        prefix: str = Field(default="", max_length=20, description="Before it.")
        suffix: str = Field(default="", max_length=20, description="Behind it.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        number, unit = _scaled(input.number, input.style)
        shown = (
            f"{number:,.{input.decimals}f}"
            if input.decimals is not None
            else f"{number:,.15g}"
            if abs(number) < 1e15
            else f"{number:,.0f}"
        )
        sign, digits = ("-", shown[1:]) if shown.startswith("-") else ("", shown)
        whole, _, rest = digits.partition(".")
        text = whole.replace(",", input.thousands) + (input.point + rest if rest else "")
        yield "text", f"{sign}{input.prefix}{text}{unit}{input.suffix}"


def _scaled(number: float, style: Style) -> tuple[float, str]:
    if not math.isfinite(number):
        raise errors.BlockError(f"{number} is no number that can be written out")
    match style:
        case Style.PERCENT:
            return number * 100, "%"
        case Style.COMPACT | Style.BYTES:
            step, units = (
                (1_000, ("", "K", "M", "B", "T"))
                if style == Style.COMPACT
                else (1_024, (" B", " KiB", " MiB", " GiB", " TiB"))
            )
            power = 0
            while abs(number) >= step and power < len(units) - 1:
                number, power = number / step, power + 1
            return number, units[power]
        case Style.ORDINAL:
            last, tens = abs(int(number)) % 10, abs(int(number)) % 100
            ending = "th" if 10 < tens < 14 else {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
            return int(number), ending
        case Style.PLAIN:
            return number, ""


class ParseNumberBlock(Block):
    block_type = "PARSE_NUMBER"
    category = "NUMBERS"
    description = "Reads the number in a text, like 1.234,50 € or (12%)."
    pure = True
    examples = [
        Example(title="With separators", input={"text": "about $1,234.50"}, output=[("number", 1234.5)]),
        Example(title="With a decimal comma", input={"text": "1.234,50 €"}, output=[("number", 1234.5)]),
        Example(title="A percentage", input={"text": "12%"}, output=[("number", 0.12)]),
        Example(title="None", input={"text": "many"}, fails="no number"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text; its first number counts.")

    class Output(BlockOutput):
        number: float = Field(description="The number.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        found = re.search(
            r"[-+(]?\s{0,3}[$€£¥]?\s{0,3}(\d[\d.,'’   ]{0,100})([eE][-+]?\d{1,3})?\s{0,3}(%?)", input.text
        )
        if found is None:
            raise errors.BlockError(f"There is no number in {input.text[:100]!r}")
        number = float(_normal(found[1]) + (found[2] or ""))
        sign = -1 if found[0].startswith(("-", "(")) else 1
        yield "number", sign * number / (100 if found[3] else 1)


def _normal(digits: str) -> str:
    """Of separators the last is the point, unless it comes again or three digits follow a comma."""
    digits = re.sub(r"['’   ]", "", digits).rstrip(".,")
    point = max(digits.rfind("."), digits.rfind(","))
    mark = digits[point] if point >= 0 else ""
    other = "," if mark == "." else "."
    groups = (
        digits.count(mark) > 1 or (mark == "," and other not in digits and len(digits) - point == 4) if mark else True
    )
    whole, rest = (digits, "") if groups else (digits[:point], digits[point + 1 :])
    return re.sub(r"[.,]", "", whole) + (f".{rest}" if rest else "")


class RoundNumberBlock(Block):
    block_type = "ROUND_NUMBER"
    category = "NUMBERS"
    description = "Rounds a number: to the nearest, up or down, to decimals or to a step."
    pure = True
    examples = [
        Example(title="To decimals, halves up", input={"number": 2.675, "decimals": 2}, output=[("result", 2.68)]),
        Example(title="Up to a step", input={"number": 12, "step": 5, "direction": "up"}, output=[("result", 15)]),
    ]

    class Direction(Enum):
        NEAREST = "nearest"
        UP = "up"
        DOWN = "down"

    class Input(BlockInput):
        number: float = Field(description="The number.")
        decimals: int = Field(
            default=0, ge=-15, le=15, description="Digits after the point; below 0: tens, hundreds."
        )
        step: float | None = Field(default=None, gt=0, description="To a multiple of this, and not to decimals.")
        direction: "RoundNumberBlock.Direction" = Field(
            default="nearest", validate_default=True, description="Where to."
        )

    class Output(BlockOutput):
        result: float = Field(description="The rounded number.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        import decimal

        ways = {"nearest": decimal.ROUND_HALF_UP, "up": decimal.ROUND_CEILING, "down": decimal.ROUND_FLOOR}
        number = decimal.Decimal(repr(input.number))
        step = decimal.Decimal(repr(input.step)) if input.step else decimal.Decimal(1).scaleb(-input.decimals)
        try:
            rounded = (number / step).to_integral_value(ways[input.direction.value]) * step
        except decimal.InvalidOperation as error:
            raise errors.BlockError(f"{input.number} cannot be rounded") from error
        yield "result", int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


class StatisticsBlock(Block):
    block_type = "STATISTICS"
    category = "NUMBERS"
    description = "Sums up numbers: count, sum, mean, median, spread, extremes, percentiles."
    pure = True
    examples = [
        Example(
            title="Five numbers",
            input={"numbers": [1, 2, 3, 4, "10"]},
            output=[
                (
                    "summary",
                    {
                        "count": 5,
                        "sum": 20,
                        "mean": 4,
                        "median": 3,
                        "min": 1,
                        "max": 10,
                        "deviation": 3.5355339059327378,
                        "p25": 2,
                        "p75": 4,
                        "p95": 8.8,
                    },
                ),
                ("mean", 4),
            ],
        ),
        Example(title="None", input={"numbers": ["x"]}, fails="no numbers"),
    ]

    class Input(BlockInput):
        numbers: list[Any] = Field(description="The numbers; what is none is passed over.")
        field: str = Field(default="", description="The field with the number, of records.")

    class Output(BlockOutput):
        summary: dict[str, float] = Field(description="count, sum, mean, median, min, max, deviation, p25, p75, p95.")
        mean: float = Field(description="The mean.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        found = sorted(
            number
            for one in input.numbers
            if (number := rules.as_number(rules.at(one, input.field))) is not None and math.isfinite(number)
        )
        if not found:
            raise errors.BlockError("There are no numbers to sum up")
        mean = statistics.fmean(found)
        yield (
            "summary",
            {
                "count": len(found),
                "sum": math.fsum(found),
                "mean": mean,
                "median": statistics.median(found),
                "min": found[0],
                "max": found[-1],
                "deviation": statistics.stdev(found) if len(found) > 1 else 0.0,
                **{f"p{share}": _percentile(found, share / 100) for share in (25, 75, 95)},
            },
        )
        yield "mean", mean


def _percentile(ordered: list[float], share: float) -> float:
    """Between the two that stand nearest, in proportion."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (ordered[above] - ordered[below]) * (place - below), 12)


class ConvertUnitsBlock(Block):
    block_type = "CONVERT_UNITS"
    category = "NUMBERS"
    description = (
        "Converts a quantity from one unit to another: lengths, masses, temperatures, speeds, data and more."
    )
    pure = True
    examples = [
        Example(
            title="Miles",
            input={"value": 26.2, "from_unit": "mile", "to_unit": "km"},
            output=[("result", 42.1648128)],
        ),
        Example(
            title="Temperatures",
            input={"value": 100, "from_unit": "degC", "to_unit": "degF"},
            output=[("result", 212)],
        ),
        Example(
            title="A speed", input={"value": 36, "from_unit": "km/hour", "to_unit": "m/s"}, output=[("result", 10)]
        ),
        Example(
            title="Of another kind",
            input={"value": 1, "from_unit": "m", "to_unit": "kg"},
            fails="cannot be converted",
        ),
    ]

    class Input(BlockInput):
        value: float = Field(description="How many.")
        from_unit: str = Field(description="Of what: km, mile, degC, km/hour, GiB …")
        to_unit: str = Field(description="Into what.")

    class Output(BlockOutput):
        result: float = Field(description="How many of the other.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        from shared.blocks.sandbox import units

        yield "result", units.convert(input.value, input.from_unit, input.to_unit)
