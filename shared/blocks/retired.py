"""Which model answers in the place of one that OpenAI has shut down?

A call of a model that OpenAI itself no longer has would fail for ever, in agents of years ago as in defaults that
cannot change. Other services may have a model of the same name: theirs is asked as it is called.
Dates and successors: https://developers.openai.com/api/docs/deprecations (as of November 2026); of its successors the
one that costs least for what the old one was good at.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final

_SMALL, _MIDDLE, _LARGE = "gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol"
_ENDS: Final[Mapping[date, Mapping[str, tuple[str, ...]]]] = {
    date(2026, 10, 23): {
        _SMALL: ("gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-4.1-nano", "gpt-4.1-nano-2025-04-14"),
        _MIDDLE: ("o3-mini", "o3-mini-2025-01-31", "o4-mini", "o4-mini-2025-04-16"),
        _LARGE: (
            *("gpt-4", "gpt-4-0613", "gpt-4-1106-preview", "gpt-4-turbo", "gpt-4-turbo-2024-04-09"),
            *("gpt-4o-2024-05-13", "o1", "o1-2024-12-17", "o1-pro", "o1-pro-2025-03-19"),
        ),
    },
    date(2026, 12, 11): {
        _SMALL: ("gpt-5-nano", "gpt-5-nano-2025-08-07"),
        _MIDDLE: ("gpt-5-mini", "gpt-5-mini-2025-08-07"),
        _LARGE: (
            *("gpt-5", "gpt-5-2025-08-07", "gpt-5-pro", "gpt-5-pro-2025-10-06"),
            *("o3", "o3-2025-04-16", "o3-pro", "o3-pro-2025-06-10"),
        ),
    },
    date(2027, 1, 14): {
        _SMALL: (
            *("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
            *("gpt-4.1", "gpt-4.1-2025-04-14", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
        ),
    },
}
_SUCCESSORS: Final = {
    name: (day, successor) for day, several in _ENDS.items() for successor, names in several.items() for name in names
}


def end_of(model: str) -> tuple[date, str] | None:
    """The day from which on OpenAI has no more of it, past or to come, and the model that answers from then on."""
    return _SUCCESSORS.get(model)


def answering(model: str, now: datetime) -> str:
    """The model that answers at OpenAI where this one is asked for: itself, as long as it is there."""
    end = end_of(model)
    return model if end is None or now < datetime.combine(end[0], time(), UTC) else end[1]
