"""How is a range of an index, or of a collection, read from SQLite?

Each function yields rows lazily, in the order of the index, so that a query with a limit reads no more than it
returns. A scan must be used up before anything awaits: nobody may write while it is open.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from local.firestore.rows import Row

LAST = b"\xff\xff"
"""Above every sort key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """A range of the names in a scope: ``low <= key < high``."""

    low: bytes = b""
    high: bytes = LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRange:
    """A range of an index: ``low <= value < high``, or with ``high`` None ``value == low``.

    ``also``: numbers of other indexes with the value that a document must have in each.
    """

    scope: int
    number: int
    low: bytes
    high: bytes | None
    keys: KeyRange = KeyRange()
    reverse: bool = False
    also: tuple[tuple[int, bytes], ...] = ()


_COLUMNS = "d.document, d.content, d.created, d.updated"
_ALSO = """ AND EXISTS (SELECT 1 FROM firestore_entries o
            WHERE o.scope = e.scope AND o.number = ? AND o.value = ? AND o.key = e.key)"""


def index(connection: sqlite3.Connection, wanted: IndexRange) -> Iterator[tuple[bytes, Row]]:
    """The documents in a range of an index, with the value that the index holds, in its order."""
    direction = "DESC" if wanted.reverse else "ASC"
    value = "e.value = ?" if wanted.high is None else "e.value >= ? AND e.value < ?"
    values = (wanted.low,) if wanted.high is None else (wanted.low, wanted.high)
    order = f"e.key {direction}" if wanted.high is None else f"e.value {direction}, e.key {direction}"
    sql = (
        f"SELECT e.value, {_COLUMNS} FROM firestore_entries e CROSS JOIN firestore_documents d "  # noqa: S608
        f"ON d.document = e.document WHERE e.scope = ? AND e.number = ? AND {value} "
        f"AND e.key >= ? AND e.key < ?{_ALSO * len(wanted.also)} ORDER BY {order}"
    )
    also = [part for pair in wanted.also for part in pair]
    arguments = (wanted.scope, wanted.number, *values, wanted.keys.low, wanted.keys.high, *also)
    for found in connection.execute(sql, arguments):
        yield found[0], Row(*found[1:])


def count(connection: sqlite3.Connection, scope: int, number: int, value: bytes, most: int) -> int:
    """How many documents have the value in the index, counted up to ``most``."""
    sql = """SELECT count(*) FROM (SELECT 1 FROM firestore_entries
             WHERE scope = ? AND number = ? AND value = ? LIMIT ?)"""
    (found,) = connection.execute(sql, (scope, number, value, most)).fetchone()
    return found


def collection(
    connection: sqlite3.Connection, scope: int, keys: KeyRange, *, reverse: bool
) -> Iterator[tuple[bytes, Row]]:
    """The documents of a collection by name."""
    direction = "DESC" if reverse else "ASC"
    sql = (
        f"SELECT d.id, {_COLUMNS} FROM firestore_documents d "  # noqa: S608
        f"WHERE d.scope = ? AND d.id >= ? AND d.id < ? ORDER BY d.id {direction}"
    )
    for found in connection.execute(sql, (scope, keys.low, keys.high)):
        yield found[0], Row(*found[1:])
