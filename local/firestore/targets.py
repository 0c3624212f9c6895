"""What does a target of Listen match, and what has changed of that?

A target is a set of documents by name, or a query. Without a limit a query keeps nothing of its results: a change is
tested before and after. With a limit it keeps the places of its results, and runs again when a change touches them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from local.firestore import interests, queries
from local.firestore.conditions import Subject
from local.firestore.field_paths import FieldPath
from local.firestore.history import Change, History
from local.firestore.interests import Key
from local.firestore.names import Path
from local.firestore.query import Query
from local.firestore.ranges import Observed
from local.firestore.rows import Row
from local.firestore.store import Store


@dataclass(slots=True)
class Delta:
    """A document between two snapshots of a stream. None: it did, or does, not exist."""

    path: Path
    before: Row | None
    after: Row | None
    _subjects: dict[bool, Subject] = field(default_factory=dict[bool, Subject])

    def subject(self, *, after: bool) -> Subject | None:
        """The document before or after, to be tested."""
        row = self.after if after else self.before
        if row is None:
            return None
        if after not in self._subjects:
            self._subjects[after] = interests.subject_of(row, self.path)
        return self._subjects[after]


@dataclass(slots=True)
class Found:
    """What a document is for a target now: one of it, or not, for which ``row`` None says that it is gone."""

    path: Path
    row: Row | None
    matches: bool


class DocumentsTarget:
    """Documents by name."""

    projection: tuple[FieldPath, ...] | None = None

    def __init__(self, database: str, paths: set[Path]) -> None:
        self.database = database
        self.paths = paths
        self.keys: set[Key] = interests.keys_of_documents(database, paths)

    def all(self, store: Store, history: History, time: int) -> list[Found]:
        """Every document as it is at ``time``, those that do not exist among them."""
        found = [(path, history.find(self.database, path, time)) for path in sorted(self.paths)]
        return [Found(path, row, row is not None) for path, row in found]

    def changed(self, deltas: Iterable[Delta], store: Store, history: History) -> list[Found]:
        """What the deltas come to."""
        return [Found(d.path, d.after, d.after is not None) for d in deltas if d.path in self.paths]

    def count(self, store: Store, history: History, time: int) -> int:
        """How many documents matched at ``time``."""
        return sum(found.matches for found in self.all(store, history, time))

    def restore(self, store: Store, history: History, time: int) -> None:
        """Take up what the client knew at ``time``."""


class QueryTarget:
    """The results of a query."""

    def __init__(self, query: Query) -> None:
        self.database = query.database
        self.projection = query.projection
        self.keys: set[Key] = interests.keys_of_query(query)
        self._query = query
        self._is_windowed = query.limit is not None or query.offset > 0
        self._window: dict[Path, Row] = {}
        self._observed: Observed | None = None

    def all(self, store: Store, history: History, time: int) -> list[Found]:
        """The results at ``time``, in order."""
        return [Found(path, row, True) for path, row in self._run(store, history, time).items()]

    def _run(self, store: Store, history: History, time: int | None) -> dict[Path, Row]:
        results = queries.run(store, history, self._query, time)
        rows = {found.path: found.row for found in results}
        if self._is_windowed:
            self._window, self._observed = rows, queries.observe(self._query, results)
        return rows

    def count(self, store: Store, history: History, time: int) -> int:
        """How many documents matched at ``time``."""
        return len(queries.run(store, history, self._query, time))

    def restore(self, store: Store, history: History, time: int) -> None:
        """Take up what the client knew at ``time``."""
        if self._is_windowed:
            self._run(store, history, time)

    def changed(self, deltas: Iterable[Delta], store: Store, history: History) -> list[Found]:
        """What the deltas come to."""
        if self._is_windowed:
            return self._rerun(list(deltas), store, history)
        return [found for delta in deltas if (found := self._test(delta)) is not None]

    def _test(self, delta: Delta) -> Found | None:
        before, after = delta.subject(after=False), delta.subject(after=True)
        if after is not None and self._query.place(after) is not None:
            return Found(delta.path, delta.after, True)
        if before is not None and self._query.place(before) is not None:
            return Found(delta.path, delta.after, False)
        return None

    def _rerun(self, deltas: list[Delta], store: Store, history: History) -> list[Found]:
        observed = self._observed
        changes = (Change(0, self.database, delta.path, delta.before, delta.after) for delta in deltas)
        if observed is not None and not any(map(observed.is_touched, changes)):
            return []
        old = self._window
        new = self._run(store, history, None)
        found = [Found(path, row, True) for path, row in new.items() if old.get(path) != row]
        gone = [path for path in old if path not in new]
        return found + [Found(path, store.find(self.database, path), False) for path in gone]


Target = DocumentsTarget | QueryTarget
