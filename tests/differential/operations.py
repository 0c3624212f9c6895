"""What is an operation: one call, as plain data, so that a sequence can be printed, run anywhere, and made shorter.

Requests are what the generated messages are built from, with placeholders for what a server makes up:

``"~/c/a"``              the name of a document; ``"~"`` the root of all
``("commit", 3)``        the time of the third commit of the sequence
``("version", "c/a")``   the update time of a document, as far as the client knows
``("transaction", 1)``   the id that the first transaction was given
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A call of ``method``. ``number``: of the transaction that it begins, or of the target that it is about."""

    method: str
    request: Request
    number: int = 0

    def __str__(self) -> str:
        number = f" #{self.number}" if self.number else ""
        return f"{self.method}{number} {self.request}"


def resolve(data: Any, documents: str, lookup: Callable[[str, Any], Any]) -> Any:
    """The request with every placeholder replaced; ``lookup(kind, key)`` knows those that are tuples.

    Where that says None, as there was no such thing, the request goes without.
    """
    match data:
        case str():
            return documents + data[1:] if data == "~" or data.startswith("~/") else data
        case tuple():
            return lookup(*data)
        case dict():
            resolved = {key: resolve(value, documents, lookup) for key, value in data.items()}
            return {key: value for key, value in resolved.items() if value is not None}
        case list():
            return [resolve(value, documents, lookup) for value in data]
        case _:
            return data
