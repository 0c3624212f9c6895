"""What was a document at an earlier time, and what has changed since?

The tables hold the present. The recent past is kept here, in memory: for each commit the documents before and
after it. A snapshot of the past is the present with the changes since then taken back, so keeping it costs
nothing until somebody writes. What is older than the horizon, and needed by no open transaction, is dropped.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from local.firestore.names import Path
from local.firestore.rows import Row
from local.firestore.store import Store

HORIZON = 60_000_000
"""Microseconds for which any past time can be read; production without point-in-time recovery keeps an hour."""

MAX_BYTES = 256 * 1024 * 1024
"""Of documents kept; past it the oldest are dropped, and their times can no longer be read."""


class Change(NamedTuple):
    """One document in one commit. ``time`` in microseconds; None: it did not exist."""

    time: int
    database: str
    path: Path
    before: Row | None
    after: Row | None

    def size(self) -> int:
        """Bytes that are kept for it, roughly."""
        before, after = self.before, self.after
        return 500 + (len(before.content) if before else 0) + (len(after.content) if after else 0)


class History:
    """The changes of the recent past, oldest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changes: deque[Change] = deque()
        self._of: dict[tuple[str, Path], deque[Change]] = {}
        self._size = 0
        self.last = store.last_time
        self.oldest = self.last
        """The earliest time that can be read."""
        self.watchers: list[Callable[[list[Change]], None]] = []
        """Told all changes of each commit, once they can be read and will not be undone. They must not fail."""

    def advance(self, now: int) -> int:
        """A time that is neither before ``now`` nor before any that was given out: to read at."""
        self.last = max(self.last, now)
        return self.last

    def next(self, now: int) -> int:
        """A time after every time given out: to commit at."""
        self.last = max(self.last + 1, now)
        return self.last

    def add(self, changes: list[Change]) -> None:
        """Record the changes of a commit, later than all before it, and tell who watches."""
        for change in changes:
            self._changes.append(change)
            key = (change.database, change.path)
            of = self._of.get(key)
            if of is None:
                of = self._of[key] = deque()
            of.append(change)
            self._size += change.size()
        for watch in self.watchers:
            watch(changes)

    def trim(self, needed: int) -> None:
        """Drop what is older than ``needed``, the time of the oldest open snapshot, and than the horizon."""
        keep = min(needed, self.last - HORIZON)
        while self._changes and (self._changes[0].time <= keep or self._size > MAX_BYTES):
            change = self._changes.popleft()
            self._size -= change.size()
            self.oldest = max(self.oldest, change.time)
            key = (change.database, change.path)
            self._of[key].popleft()
            if not self._of[key]:
                del self._of[key]

    def find(self, database: str, path: Path, time: int | None) -> Row | None:
        """The document as it was just after ``time`` (None: as it is), or None."""
        if time is not None and time < self.last:
            next_one = None
            for change in reversed(self._of.get((database, path), ())):  # mostly it is a time shortly ago
                if change.time <= time:
                    break
                next_one = change
            if next_one is not None:
                return next_one.before
        return self._store.find(database, path)

    def changed_since(self, database: str, path: Path, time: int) -> bool:
        """Whether a document was written after ``time``."""
        changes = self._of.get((database, path))
        return bool(changes) and changes[-1].time > time

    def since(self, time: int) -> Iterator[Change]:
        """The changes after ``time``, oldest first."""
        first = bisect_right(self._changes, time, key=lambda change: change.time)
        for position in range(first, len(self._changes)):
            yield self._changes[position]
