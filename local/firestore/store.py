"""Where are documents kept, and how are they found again by name?

What a commit writes goes to the ``journal``, and from memory to the ``tables``: when a query looks there, or a little
later. It knows nothing of transactions of clients, preconditions or versions: see ``commits`` and ``history``.
Nothing here awaits, so a scan is never interleaved with a write.
"""

import asyncio
from collections import deque
from contextlib import suppress
from itertools import islice, takewhile
from typing import NamedTuple

from local import database as local_database
from local.firestore import names
from local.firestore.index_file import IndexFile
from local.firestore.journal import Entry, Journal
from local.firestore.names import Path
from local.firestore.rows import Row
from local.firestore.tables import Moved, Tables

_MANY_ROWS, _SMALL = 4000, 4096
_SLICE = 64
"""Documents that are moved at once while others may wait: some milliseconds."""

_PAUSE = 0.1
"""Seconds between two slices."""

_REST = 5
"""Pauses for which a document has not been written before it moves: what is written again and again need not move."""

_MOST, _LARGEST = 4096, 16 * 1024 * 1024
"""Documents that wait, and their bytes; past them, whoever writes moves some."""

_LONGEST = 16 * 1024 * 1024
"""Bytes of the journal, past which too: it keeps all that was written since what waits longest."""


class _Waiting(NamedTuple):
    """A document that is not in its tables yet. ``number``: in the journal. ``before``: what the tables hold."""

    number: int
    before: Row | None
    after: Row | None

    def size(self) -> int:
        """Bytes that are kept for it."""
        before, after = self.before, self.after
        return (len(before.content) if before is not None else 0) + (len(after.content) if after is not None else 0)


class Store:
    """The documents of all databases."""

    def __init__(self, database: local_database.Database, index_file: IndexFile | None) -> None:
        self._database = database
        self.connection = database.connection
        self._rows: dict[tuple[str, Path], Row] = {}
        self._waiting: dict[tuple[str, str], dict[Path, _Waiting]] = {}
        """By database and collection id; of each, those first that were written first."""
        self._count = self._bytes = 0
        self._numbers: deque[int] = deque([0] * _REST, maxlen=_REST)
        """The last of the journal at each of the last slices."""
        self._slicing: asyncio.AbstractEventLoop | None = None
        """The loop in which a slice is due."""
        self._tables = Tables(database, index_file)
        self.policy = self._tables.policy
        self.index_file = self._tables.index_file
        self.find_scope = self._tables.find_scope
        with database.transaction():
            self._tables.create()
            self._journal = Journal(database, self._tables.mark())
            self._last_document = self._tables.last_document()
            self.last_time = self._tables.last_time()
            """The last commit time that was stored."""
            self._tables.rebuild()
        self._replay()

    def _replay(self) -> None:
        """Do what was written down and not done when the process ended."""
        with self._database.transaction():
            for entry in self._journal.left():
                self._do(entry)
            self.move_all()
            self._tables.rebuild()  # now it knows the databases that were only in the journal
        self._database.commit()
        self._journal.begin()

    def _do(self, entry: Entry) -> None:
        database, path = names.split(entry.name)
        before = self.find(database, path)
        if entry.content is not None:
            self.put(database, path, entry.name, before, entry.content, entry.created, entry.updated)
        elif before is not None:
            self.remove(database, path, entry.name, before, entry.updated)

    def collections(self, database: str, parent: Path, *, deep: bool) -> list[tuple[int, Path]]:
        """The numbers and paths of the collections right below a document, or anywhere below it, that ever held
        a document."""
        self.settle(database, None)
        return self._tables.collections(database, parent, deep=deep)

    def count(self, scope: int, most: int) -> int:
        """How many documents a collection of ``collections`` holds now, counted up to ``most``."""
        return self._tables.count(scope, most)

    # Documents

    def find(self, database: str, path: Path) -> Row | None:
        """The document at ``path``, or None."""
        row = self._rows.get((database, path))
        if row is not None:
            return row
        group = self._waiting.get((database, path[-2]))
        if group is not None and path in group:
            return group[path].after
        row = self._tables.read(database, path)
        return None if row is None else self._remember(database, path, row)

    def _remember(self, database: str, path: Path, row: Row) -> Row:
        """What was read or written is often read again soon. Large documents are not kept, for the memory."""
        rows, key = self._rows, (database, path)
        rows.pop(key, None)
        if len(row.content) <= _SMALL:
            if len(rows) >= _MANY_ROWS:
                del rows[next(iter(rows))]
            rows[key] = row
        return row

    def put(
        self, database: str, path: Path, name: str, before: Row | None, content: bytes, created: int, now: int
    ) -> Row:
        """Write the document ``name``, serialized ``content``, over ``before``, which was found."""
        group, waiting = self._take(database, path)
        held = before if waiting is None else waiting.before
        known = before or held
        if known is None:
            self._last_document += 1
        row = Row(known.document if known is not None else self._last_document, content, created, now)
        group[path] = waiting = _Waiting(self._journal.add(name, created, now, content), held, row)
        self._bytes += waiting.size()
        self._written(now)
        return self._remember(database, path, row)

    def remove(self, database: str, path: Path, name: str, before: Row, now: int) -> None:
        """Delete the document ``name``, which was found as ``before``."""
        group, waiting = self._take(database, path)
        held = before if waiting is None else waiting.before
        group[path] = waiting = _Waiting(self._journal.add(name, now, now, None), held, None)
        self._bytes += waiting.size()
        self._written(now)
        self._rows.pop((database, path), None)

    def _take(self, database: str, path: Path) -> tuple[dict[Path, _Waiting], _Waiting | None]:
        """Those that wait in its collections, and the document itself, which no longer does."""
        key = (database, path[-2])
        group = self._waiting.get(key)
        if group is None:
            group = self._waiting[key] = {}
        waiting = group.pop(path, None)
        if waiting is None:
            self._count += 1
        else:
            self._bytes -= waiting.size()
        return group, waiting

    def _written(self, now: int) -> None:
        self.last_time = now
        if self._slicing is None or self._slicing.is_closed():
            self._plan()

    # From memory to the tables

    def settle(self, database: str, collection_id: str | None) -> None:
        """Have the tables hold what was written to the collections of one id; None: of all."""
        if collection_id:
            if (database, collection_id) in self._waiting:
                self._move({(database, collection_id): None})
        elif groups := [key for key in self._waiting if key[0] == database]:
            self._move(dict.fromkeys(groups))

    def relieve(self) -> None:
        """Where too much waits, move what waited longest."""
        while self._count > _MOST or self._bytes > _LARGEST:
            self._move_some(self._journal.last)
        if self._waiting and self._journal.size > _LONGEST:
            oldest = min(self._waiting, key=lambda key: next(iter(self._waiting[key].values())).number)
            self._move({oldest: _SLICE})

    def move_all(self) -> None:
        """Have the tables hold everything."""
        if self._waiting:
            self._move(dict.fromkeys(self._waiting))

    def _plan(self) -> None:
        with suppress(RuntimeError):  # where no loop runs, others move it
            self._slicing = asyncio.get_running_loop()
            self._slicing.call_later(_PAUSE, self._slice)

    def _slice(self) -> None:
        self._slicing = None
        if self._database.is_closed:
            return
        last = self._numbers[0]
        self._numbers.append(self._journal.last)
        self._move_some(last)
        if self._waiting:
            self._plan()

    def _move_some(self, last: int) -> None:
        """A slice of what was written up to the number ``last``; where some of a collection id is left, its turn
        comes again after all others'."""
        groups: dict[tuple[str, str], int | None] = {}
        room = _SLICE
        for key, group in self._waiting.items():
            rested = takewhile(lambda one: one.number <= last, islice(group.values(), room))
            if count := sum(1 for _ in rested):
                groups[key] = count
                room -= count
            if not room:
                break
        self._move(groups)
        for key in groups:
            if key in self._waiting:
                self._waiting[key] = self._waiting.pop(key)

    def _move(self, groups: dict[tuple[str, str], int | None]) -> None:
        """Move so many of each group, None: all."""
        moved = [
            (path, Moved(key[0], path, waiting.before, waiting.after))
            for key, most in groups.items()
            for path, waiting in islice(self._waiting[key].items(), most)
        ]
        if moved:
            try:
                with self._database.transaction():
                    self._tables.move([one for _, one in moved], self.last_time)
            except BaseException:
                self._tables.forget()
                raise
        for path, one in moved:
            self._bytes -= self._waiting[one.database, path[-2]].pop(path).size()
            self._count -= 1
        for key in groups:
            if not self._waiting[key]:
                del self._waiting[key]
        self._forget()

    def _forget(self) -> None:
        """Let the journal go up to what waited longest."""
        self._journal.drop(min((next(iter(group.values())).number for group in self._waiting.values()), default=None))
