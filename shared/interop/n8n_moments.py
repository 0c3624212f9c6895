"""Which blocks say what ``$now``, and a date out of an item, says in an expression of n8n, and what is made of it?

    {{ $now }}                                GET_CURRENT_DATE_AND_TIME
    {{ DateTime.fromISO($json.at).year }}     PARSE_DATE, FORMAT_DATE (twice)
    {{ $now.minus({days: 1}).toISODate() }}   and ADD_TO_DATE, FORMAT_DATE
    {{ $today.startOf('month').year }}        and ROUND_DATE (twice), FORMAT_DATE

n8n has the dates of Luxon: https://docs.n8n.io/code/cookbook/luxon/, https://moment.github.io/luxon/#/formatting
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Step = tuple[str, Mapping[str, Any], str]
"""A block, its literals beside ``date``, and the pin that goes on."""

_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
_PERIODS = ("hour", "day", "week", "month", "quarter", "year")
_DATE = "date_time"
_TOKENS = {
    "yyyy": "%Y", "yy": "%y", "LLLL": "%B", "MMMM": "%B", "LLL": "%b", "MMM": "%b", "LL": "%m", "MM": "%m",
    "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "a": "%p", "EEEE": "%A", "EEE": "%a", "cccc": "%A",
    "ccc": "%a", "ZZZ": "%z", "ooo": "%j", "WW": "%V", "E": "%u", "c": "%u",
}  # fmt: skip
_FORMAT = re.compile(r"'([^']*)'|([A-Za-z])\2*|.", re.DOTALL)
_PARTS = {
    "year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S", "weekday": "%u",
    "weekNumber": "%V", "ordinal": "%j",
}  # fmt: skip

_GETTERS = {
    "getFullYear": "year",
    "getDate": "day",
    "getHours": "hour",
    "getMinutes": "minute",
    "getSeconds": "second",
}
ZONE = "{zone}"
"""Where the time zone of the workflow goes."""


class Unknown(Exception):
    """What is asked of a moment that has no counterpart."""


@dataclass(frozen=True, slots=True)
class Moment:
    """``source``: a Jinja expression of the text that says the date; none: it is the time of the run. ``steps``:
    after the first block, which says when it is. ``write``: the Jinja expression of the value, of the name under
    which the last of them supplies it."""

    source: str | None = None
    steps: tuple[Step, ...] = ()
    write: Callable[[str], str] = str
    is_text: bool = True
    is_done: bool = False

    @classmethod
    def of(cls, text: str) -> "Moment":
        """The date that a text says, in the time zone of the workflow."""
        return cls(source=text, steps=(("FORMAT_DATE", {"to_timezone": ZONE}, "formatted"),))

    def then(self, block_type: str, input_data: Mapping[str, Any], pin: str = _DATE) -> "Moment":
        return replace(self, steps=(*self.steps, (block_type, input_data, pin)))

    def ends(self, block_type: str, input_data: Mapping[str, Any], pin: str) -> "Moment":
        return replace(self.then(block_type, input_data, pin), is_done=True)

    def property(self, name: str) -> "Moment":
        """``.year``, ``.weekday`` and so on: whole numbers."""
        if name not in _PARTS:
            raise Unknown(name)
        done = self.ends("FORMAT_DATE", {"format": _PARTS[name]}, "formatted")
        return replace(done, write=lambda t: f"({t}|int)", is_text=False)

    def method(self, name: str, given: list[Any]) -> "Moment":
        """``given``: what is written out as arguments: texts, numbers, objects of numbers."""
        match name, given:
            case "plus" | "minus", [amounts]:
                return self._moved(amounts if isinstance(amounts, dict) else {"milliseconds": amounts}, name)
            case "plus" | "minus", [int() | float() as amount, str(unit)]:
                return self._moved({unit: amount}, name)
            case "startOf" | "endOf", [str(period)] if period.removesuffix("s") in _PERIODS:
                bound = "start" if name == "startOf" else "end"
                return self.then("ROUND_DATE", {"period": period.removesuffix("s"), "bound": bound})
            case "setZone", [str(zone)]:
                return self.then("FORMAT_DATE", {"to_timezone": zone}, "formatted")
            case "toUTC" | "toISOString", []:
                moved = self.then("FORMAT_DATE", {"to_timezone": "UTC"}, "formatted")
                return replace(moved, is_done=name == "toISOString")
            case "toISO" | "toString" | "toJSON", []:
                return replace(self, is_done=True)
            case "toISODate", []:
                return self.ends("FORMAT_DATE", {"format": "%Y-%m-%d"}, "formatted")
            case "toISOTime", []:
                return self.ends("FORMAT_DATE", {"format": "%H:%M:%S%z"}, "formatted")
            case "toFormat" | "format", [str(format_)]:
                return self.ends("FORMAT_DATE", {"format": _strftime(format_)}, "formatted")
            case "toMillis" | "valueOf" | "getTime", []:
                done = self.ends("PARSE_DATE", {}, "timestamp")
                return replace(done, write=lambda t: f"(({t} * 1000)|int)", is_text=False)
            case "toSeconds" | "toUnixInteger", []:
                done = self.ends("PARSE_DATE", {}, "timestamp")
                return replace(done, write=lambda t: f"({t}|int)", is_text=False)
            case _ if name in _GETTERS and not given:
                return self.property(_GETTERS[name])
            case "getMonth" | "getDay", []:
                done = self.property("month" if name == "getMonth" else "weekday")
                return replace(done, write=lambda t: f"({t}|int - 1)" if name == "getMonth" else f"({t}|int % 7)")
            case _:
                raise Unknown(f"{name}()")

    def _moved(self, amounts: Mapping[str, Any], name: str) -> "Moment":
        found = self
        for unit, amount in amounts.items():
            if unit.removesuffix("s") not in _UNITS:
                raise Unknown(f"{name}({unit})")
            signed = amount if name == "plus" else -amount
            found = found.then("ADD_TO_DATE", {"amount": signed, "unit": f"{unit.removesuffix('s')}s"})
        return found


NOW = Moment()
TODAY = NOW.then("ROUND_DATE", {"period": "day", "bound": "start"})


def _strftime(format_: str) -> str:
    """Luxon's tokens in those of strftime."""
    found: list[str] = []
    for match in _FORMAT.finditer(format_):
        token = match[0]
        if match[2] is None:
            found.append((token if match[1] is None else match[1]).replace("%", "%%"))
        elif token in _TOKENS:
            found.append(_TOKENS[token])
        else:
            raise Unknown(f"the format {token}")
    return "".join(found)
