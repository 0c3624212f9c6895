"""Is a value that a client sent of the right shape? Readers that note every violation and go on.

Each takes the object, the name of the field and the object's place, and returns the value, or a harmless one
where a violation was noted. A null is as good as nothing.
"""

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from shared.domain.errors import Violation

MAX_NAME = 200
"""Characters of an unknown name that a violation repeats."""
MAX_SUGGESTIONS = 20
"""Looking for the nearest name takes a while, and a client could send very many."""
MAX_LISTED = 20
"""Of how many names a violation says all, where none is near."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Fields:
    """Reads fields and collects what is wrong with them."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._suggested = 0

    def wrong(self, place: str, description: str) -> None:
        self.violations.append(Violation(place, description))

    def only(self, raw: Mapping[str, Any], known: Collection[str], place: str = "") -> None:
        """Note every field that is not known, and what is: what is misspelt must not be lost."""
        for name in raw:
            if name not in known:
                cut = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
                self.wrong(at(place, cut), f"There is no such field.{self._nearest(cut.lower(), known)}")

    def unknown(self, place: str, problem: str, name: str, known: Collection[str]) -> None:
        """Note that ``name`` is none of those that are known, and which of them it may be meant for."""
        self.wrong(place, f"{problem}{self._nearest(name, known)}")

    def _nearest(self, name: str, known: Collection[str]) -> str:
        if self._suggested == MAX_SUGGESTIONS:
            return ""
        self._suggested += 1
        if near := difflib.get_close_matches(name, known, n=1):
            return f" Did you mean {near[0]}?"
        return f" There are: {', '.join(sorted(known))}." if 0 < len(known) <= MAX_LISTED else ""

    def text(
        self,
        raw: Mapping[str, Any],
        name: str,
        place: str = "",
        *,
        least: int = 0,
        most: int,
        lines: bool = False,
    ) -> str:
        """A text of ``least`` to ``most`` characters; ``least`` above 0: it must be there. ``lines``: tabs and ends
        of lines may be in it, as no other control character may."""
        value = raw.get(name)
        where = at(place, name)
        if value is None and not least:
            return ""
        if value is None:
            self.wrong(where, "It is missing.")
        elif not isinstance(value, str):
            self.wrong(where, f"It must be a text, not {kind(value)}.")
        elif not least <= len(value) <= most:
            self.wrong(where, f"It must have {least} to {most} characters, not {len(value)}.")
        elif found := (_CONTROL_IN_LINES if lines else _CONTROL).search(value):
            self.wrong(where, f"It must have no control characters such as U+{ord(found[0]):04X}.")
        else:
            return value
        return ""

    def flag(self, raw: Mapping[str, Any], name: str, place: str = "", *, default: bool = False) -> bool:
        value = raw.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(at(place, name), f"It must be true or false, not {kind(value)}.")
        return default

    def number(
        self, raw: Mapping[str, Any], name: str, place: str, *, above: float = -math.inf, most: float
    ) -> float | None:
        """A number above ``above`` and at most ``most``."""
        value = raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(at(place, name), f"It must be a number, not {kind(value)}.")
        elif not above < value <= most:
            self.wrong(at(place, name), f"It must be above {above:g} and at most {most:g}, not {value:g}.")
        else:
            return value
        return None

    def integer(self, raw: Mapping[str, Any], name: str, place: str = "", *, least: int, most: int) -> int | None:
        value = raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(at(place, name), f"It must be a whole number, not {kind(value)}.")
        elif not least <= value <= most:
            self.wrong(at(place, name), f"It must be between {least} and {most}, not {value}.")
        else:
            return value
        return None

    def object(self, raw: Mapping[str, Any], name: str, place: str) -> Mapping[str, Any]:
        value = raw.get(name)
        if value is None or isinstance(value, Mapping):
            return cast(Mapping[str, Any], value or {})
        self.wrong(at(place, name), f"It must be an object, not {kind(value)}.")
        return {}

    def objects(self, raw: Mapping[str, Any], name: str) -> Sequence[tuple[str, int, Mapping[str, Any]]]:
        """The objects in a list, each with its place and its position; what is none is left out."""
        value = raw.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, f"It must be a list, not {kind(value)}.")
            return []
        found: list[tuple[str, int, Mapping[str, Any]]] = []
        for position, item in enumerate(cast(list[Any], value)):
            if isinstance(item, Mapping):
                found.append((f"{name}[{position}]", position, cast(Mapping[str, Any], item)))
            else:
                self.wrong(f"{name}[{position}]", f"It must be an object, not {kind(item)}.")
        return found


def at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def kind(value: Any) -> str:
    """What JSON calls a value."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(cast(type[Any], type(value)), "a number")
