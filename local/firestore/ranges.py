"""What did a transaction observe by a query, and would a change have altered it?

A query observes its results and also that nothing else matches: a document that comes to match (a phantom)
conflicts as much as one that changes. With a limit it observes the order only up to its last result.
"""

from dataclasses import dataclass

from local.firestore import messages, names
from local.firestore.conditions import Subject
from local.firestore.history import Change
from local.firestore.query import Query
from local.firestore.rows import Row


@dataclass(frozen=True, slots=True)
class Observed:
    """A query that ran. ``last``: the place of the last result when the limit cut off the rest, else None."""

    query: Query
    last: tuple[bytes, ...] | None

    def is_touched(self, change: Change) -> bool:
        """Whether the query might answer otherwise after ``change``."""
        if change.database != self.query.database or not self.query.covers(change.path):
            return False
        return self._observes(change.before, change) or self._observes(change.after, change)

    def _observes(self, row: Row | None, change: Change) -> bool:
        if row is None:
            return False
        fields = messages.Document.FromString(row.content).fields
        subject = Subject(fields, change.path, names.join(change.database, change.path))
        if not self.query.condition.holds(subject):
            return False
        key = self.query.sort_key(subject)
        if key is None or not self.query.within_cursors(key):
            return False
        return self.last is None or key <= self.last
