"""Which index is read for a conjunction, and in which order do its documents come?

Every plan yields documents in the order of the query. A plan that walks an index of the first field of the order
sorts only within runs of equal values; one that looks up an equality under another order sorts all it finds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from local.firestore import encoding, field_paths, indexing, messages, names, scan
from local.firestore.conditions import RANGES, Conjunction, FieldCondition, Operator, Subject
from local.firestore.field_paths import FieldPath
from local.firestore.index_file import CompositeIndex, IndexedField, Mode, Scope
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.query import Cursor, Order, Query
from local.firestore.rows import Row
from local.firestore.store import Store

NAME: FieldPath = (field_paths.NAME,)

FEW = 500
"""So many documents are sooner sorted than found in a walk through another index."""


@dataclass(slots=True)
class Candidate:
    """A document that satisfies the query. ``key``: its place in the order."""

    row: Row
    document: Message
    path: Path
    key: tuple[bytes, ...]


def candidate(query: Query, row: Row) -> Candidate | None:
    """The document in ``row``, if it satisfies the query."""
    document = messages.Document.FromString(row.content)
    path = names.split(document.name)[1]
    if not query.covers(path):
        return None
    subject = Subject(document.fields, path, document.name)
    if not query.condition.holds(subject):
        return None
    key = query.sort_key(subject)
    if key is None or not query.within_cursors(key):
        return None
    return Candidate(row, document, path, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a plan reads. ``path``: of the collection; None: a collection group, whose keys are whole paths."""

    scope: int
    path: Path | None
    keys: scan.KeyRange


class Planner:
    """Plans one conjunction of a query in one place."""

    def __init__(self, store: Store, query: Query, conjunction: Conjunction, place: Place) -> None:
        self._store = store
        self._query = query
        self._conjunction = conjunction
        self._place = place
        collection_id = place.path[-1] if place.path else query.collection_id
        self._policy = store.policy(query.database, collection_id)

    def run(self) -> Iterator[Candidate]:
        """The documents that satisfy the query and, of it, this conjunction, in order."""
        fixed = {c.path: c.keys[0] for c in self._conjunction if c.operator is Operator.EQUAL}
        if NAME in fixed:
            return self._sorted(self._by_name())
        position = next(i for i, order in enumerate(self._query.orders) if order.path not in fixed)
        lead = self._query.orders[position]
        cursors = [c if self._applies(c, position, fixed) else None for c in (self._query.start, self._query.end)]
        low, high = _bounds(self._conjunction, lead, position, cursors)
        equalities = self._equalities()
        if lead.path == NAME:
            return self._grouped(self._named(lead, low, high, equalities))
        composite = self._composite(position)
        if composite is not None:
            return self._grouped(self._composed(composite, low, high, position))
        number = self._policy.find_single(lead.path, contains=False, group=self._place.path is None)
        if number is None or (equalities and self._are_few(equalities)):
            return self._sorted(self._looked_up(equalities, self._place.keys, reverse=False))
        return self._grouped(self._walk(number, low, high, lead.descending, equalities))

    def is_indexed(self) -> bool:
        """Whether an index of this place bears on the conjunction at all."""
        if any(self._equality(condition) is not None for condition in self._conjunction):
            return True
        lead = self._query.orders[0].path
        return lead != NAME and self._policy.find_single(lead, contains=False, group=True) is not None

    def _applies(self, cursor: Cursor | None, position: int, fixed: dict[FieldPath, bytes]) -> bool:
        if cursor is None or len(cursor.keys) <= position:
            return False
        before = zip(self._query.orders[:position], cursor.keys, strict=False)
        return all(key == _turned(fixed[order.path], order) for order, key in before)

    def _equalities(self) -> list[tuple[int, bytes]]:
        """Indexes with the value a document must have in each, the most selective first."""
        found: dict[tuple[int, bytes], int] = {}
        for condition in self._conjunction:
            number = self._equality(condition)
            if number is not None:
                found[number, encoding.truncate(condition.keys[0])] = 0
        if len(found) > 1:
            for number, value in found:
                found[number, value] = scan.count(self._store.connection, self._place.scope, number, value, FEW)
        return sorted(found, key=lambda pair: found[pair])

    def _equality(self, condition: FieldCondition) -> int | None:
        if condition.path == NAME or condition.operator not in (Operator.EQUAL, Operator.ARRAY_CONTAINS):
            return None
        contains = condition.operator is Operator.ARRAY_CONTAINS
        return self._policy.find_single(condition.path, contains=contains, group=self._place.path is None)

    def _are_few(self, equalities: list[tuple[int, bytes]]) -> bool:
        number, value = equalities[0]
        return scan.count(self._store.connection, self._place.scope, number, value, FEW) < FEW

    def _by_name(self) -> Iterator[tuple[bytes, Row]]:
        """The few documents that the conjunction names."""
        for key in {c.keys[0] for c in self._conjunction if c.path == NAME and c.operator is Operator.EQUAL}:
            database, path = names.split(encoding.referenced(key))
            row = self._store.find(database, path) if len(path) % 2 == 0 and path else None
            if row is not None and database == self._query.database:
                yield b"", row

    def _named(
        self, lead: Order, low: bytes, high: bytes, equalities: list[tuple[int, bytes]]
    ) -> Iterator[tuple[bytes, Row]]:
        keys = self._key_range(low, high)
        for _, row in self._looked_up(equalities, keys, reverse=lead.descending):
            yield row.document.to_bytes(8, "big"), row  # names differ: no two are in one run

    def _key_range(self, low: bytes, high: bytes) -> scan.KeyRange:
        """Bounds of references as bounds of the keys of this place."""
        place = self._place
        prefix = names.join(self._query.database, place.path or ())
        head = encoding.reference(prefix)[:-2]
        keys = place.keys
        if low.startswith(head):
            keys = scan.KeyRange(low=max(keys.low, low[len(head) :].removesuffix(b"\x00\x01")), high=keys.high)
        if high.startswith(head):
            keys = scan.KeyRange(low=keys.low, high=min(keys.high, high[len(head) :] + b"\x00"))
        return keys

    def _looked_up(
        self, equalities: list[tuple[int, bytes]], keys: scan.KeyRange, *, reverse: bool
    ) -> Iterator[tuple[bytes, Row]]:
        if not equalities:
            return scan.collection(self._store.connection, self._place.scope, keys, reverse=reverse)
        (number, value), *also = equalities
        wanted = scan.IndexRange(
            scope=self._place.scope,
            number=number,
            low=value,
            high=None,
            keys=keys,
            reverse=reverse,
            also=tuple(also),
        )
        return scan.index(self._store.connection, wanted)

    def _walk(
        self, number: int, low: bytes, high: bytes, reverse: bool, equalities: list[tuple[int, bytes]]
    ) -> Iterator[tuple[bytes, Row]]:
        wanted = scan.IndexRange(
            scope=self._place.scope,
            number=number,
            low=encoding.truncate(low),
            high=encoding.truncate(high) + b"\x00" if len(high) > encoding.MAX_INDEXED_BYTES else high,
            keys=self._place.keys,
            reverse=reverse,
            also=tuple(equalities),
        )
        return scan.index(self._store.connection, wanted)

    def _composite(self, position: int) -> CompositeIndex | None:
        """The composite index that holds most of the equalities, then the rest of the order."""
        scope = Scope.GROUP if self._place.path is None else Scope.COLLECTION
        ordered = tuple(
            IndexedField(order.path, Mode.DESCENDING if order.descending else Mode.ASCENDING)
            for order in self._query.orders[position:-1]
            if not self._is_fixed(order.path)
        )
        usable = [
            index
            for index in self._policy.composites()
            if index.scope is scope
            and index.fields[len(index.fields) - len(ordered) :] == ordered
            and all(self._value(field) is not None for field in index.fields[: len(index.fields) - len(ordered)])
        ]
        return max(usable, key=lambda index: len(index.fields), default=None)

    def _is_fixed(self, path: FieldPath) -> bool:
        return any(c.path == path and c.operator is Operator.EQUAL for c in self._conjunction)

    def _value(self, field: IndexedField) -> bytes | None:
        """The key that an index holds for a field which the conjunction compares by equality."""
        wanted = Operator.ARRAY_CONTAINS if field.mode is Mode.CONTAINS else Operator.EQUAL
        for condition in self._conjunction:
            if condition.path == field.path and condition.operator is wanted:
                key = encoding.truncate(condition.keys[0])
                return encoding.descending(key) if field.mode is Mode.DESCENDING else key
        return None

    def _composed(self, index: CompositeIndex, low: bytes, high: bytes, position: int) -> Iterator[tuple[bytes, Row]]:
        """The bounds of the first ordered field, a little widened, as bounds of a composite index."""
        lead = self._query.orders[position]
        values = [self._value(field) for field in index.fields]
        prefix = b"".join(value for value in values if value is not None)
        low, high = encoding.truncate(low)[:-1], encoding.truncate(high)[:-1]
        if lead.descending:
            low, high = encoding.descending(high), encoding.descending(low)
        wanted = scan.IndexRange(
            scope=self._place.scope,
            number=self._policy.numbering(indexing.composite_signature(index)),
            low=prefix + low,
            high=prefix + high + b"\xff\xff",
            keys=self._place.keys,
        )
        return scan.index(self._store.connection, wanted)

    def _sorted(self, rows: Iterator[tuple[bytes, Row]]) -> Iterator[Candidate]:
        found = (candidate(self._query, row) for _, row in rows)
        return iter(sorted((c for c in found if c is not None), key=lambda c: c.key))

    def _grouped(self, rows: Iterator[tuple[bytes, Row]]) -> Iterator[Candidate]:
        for _, run in groupby(rows, key=lambda found: found[0]):
            found = [c for c in (candidate(self._query, row) for _, row in run) if c is not None]
            yield from found if len(found) < 2 else sorted(found, key=lambda c: c.key)


def _turned(key: bytes, order: Order) -> bytes:
    return encoding.descending(key) if order.descending else key


def _bounds(
    conjunction: Conjunction, lead: Order, position: int, cursors: list[Cursor | None]
) -> tuple[bytes, bytes]:
    """Bounds of the field that leads the order, by its ranges and by the cursors."""
    low, high = b"", scan.LAST
    for condition in conjunction:
        if condition.path == lead.path and condition.operator in RANGES:
            below, above = condition.bounds()
            low, high = max(low, below), min(high, above)
    start, end = [_turned(c.keys[position], lead) if c is not None else None for c in cursors]
    if lead.descending:
        start, end = end, start
    if start is not None:
        low = max(low, start)
    if end is not None:
        high = min(high, end + b"\x00")
    return low, high
