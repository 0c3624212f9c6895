"""Whom does a change concern?

Every target that is listened to is filed under keys, and a change is looked up by the same keys: the name of its
document, its collection, its collection id. Where a query compares a field by equality it is filed under the value,
so that a thousand queries of one collection that ask for different values cost a change no more than one of them.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeAlias, TypeVar

from local.firestore import field_paths, messages
from local.firestore.conditions import Conjunction, Operator, Subject
from local.firestore.field_paths import FieldPath
from local.firestore.history import Change
from local.firestore.names import Path
from local.firestore.query import Query
from local.firestore.rows import Row

T = TypeVar("T", bound=Hashable)

Place: TypeAlias = tuple[str, Path | str | None]
"""A database, and in it a path of a document or a collection, a collection id, or everything (None)."""

Key: TypeAlias = tuple[Place, FieldPath, bytes] | Place


def subject_of(row: Row, change_path: Path) -> Subject:
    """The document of a row, to be tested."""
    document = messages.Document.FromString(row.content)
    return Subject(document.fields, change_path, document.name)


class Interests(Generic[T]):
    """Targets by what they want to know of."""

    def __init__(self) -> None:
        self._filed: dict[Key, set[T]] = {}
        self._fields: dict[Place, dict[FieldPath, int]] = defaultdict(dict)

    def add(self, target: T, keys: set[Key]) -> None:
        """File a target."""
        for key in keys:
            self._filed.setdefault(key, set()).add(target)
            if len(key) == 3:
                place, path, _ = key
                self._fields[place][path] = self._fields[place].get(path, 0) + 1

    def remove(self, target: T, keys: set[Key]) -> None:
        """Take back what ``add`` did with the same keys."""
        for key in keys:
            self._filed[key].discard(target)
            if not self._filed[key]:
                del self._filed[key]
            if len(key) == 3:
                self._forget(key[0], key[1])

    def _forget(self, place: Place, path: FieldPath) -> None:
        fields = self._fields[place]
        fields[path] -= 1
        if not fields[path]:
            del fields[path]
        if not fields:
            del self._fields[place]

    def concerned(self, change: Change) -> set[T]:
        """The targets that ``change`` may matter to."""
        found: set[T] = set()
        if self._filed:
            for key in self._keys(change):
                found |= self._filed.get(key, set())
        return found

    def _keys(self, change: Change) -> Iterator[Key]:
        database, path = change.database, change.path
        yield database, path
        subjects: list[Subject] | None = None
        for place in ((database, path[:-1]), (database, path[-2]), (database, None)):
            yield place
            for field in self._fields.get(place, ()):
                if subjects is None:
                    subjects = [subject_of(row, path) for row in (change.before, change.after) if row is not None]
                for subject in subjects:
                    value = subject.key(field)
                    if value is not None:
                        yield place, field, value


def keys_of_documents(database: str, paths: set[Path]) -> set[Key]:
    """The keys of a target that names its documents."""
    return {(database, path) for path in paths}


def keys_of_query(query: Query) -> set[Key]:
    """The keys of a target that is a query: one for each of its conjunctions."""
    place: Place
    if query.collection_id and not query.all_descendants:
        place = query.database, (*query.parent, query.collection_id)
    else:
        place = query.database, query.collection_id or None
    return {_key(place, conjunction) for conjunction in query.conjunctions}


def _key(place: Place, conjunction: Conjunction) -> Key:
    for condition in conjunction:
        if condition.operator is Operator.EQUAL and condition.path != (field_paths.NAME,):
            return place, condition.path, condition.keys[0]
    return place
