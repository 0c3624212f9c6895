"""Would production have an index for this query?

The rules, each conjunction of the query by itself (https://firebase.google.com/docs/firestore/query-data/index-overview
and https://firebase.google.com/docs/firestore/query-data/queries#compound_and_queries):

- Equalities, ``array_contains`` among them, are served by merging their single-field indexes.
- One ordered or unequal field, and nothing else, is served by its single-field index.
- All else needs composite indexes that end in the fields of the order, in its directions, after fields that are
  compared by equality. Several that share that end are merged.
- The name comes last in every index, in the direction of the field before it; no index is read backwards.
- In a collection group, single-field indexes exist only by an override of the index file.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from local.firestore import errors, field_paths
from local.firestore.conditions import Conjunction, Operator
from local.firestore.field_paths import FieldPath
from local.firestore.index_file import CompositeIndex, IndexedField, IndexFile, Mode, Scope
from local.firestore.query import Order, Query

_NAME: FieldPath = (field_paths.NAME,)


@dataclass(frozen=True, slots=True)
class Need:
    """What an index, or several merged, must serve."""

    collection_id: str
    scope: Scope
    equal: frozenset[IndexedField]
    ordered: tuple[IndexedField, ...]
    name: Mode

    def composite(self) -> CompositeIndex:
        """The one index that serves it all."""
        equal = sorted(self.equal, key=lambda one: (one.path, one.mode))
        fields = (*equal, *self.ordered)
        if self.name is not _last(fields):
            fields = (*fields, IndexedField(_NAME, self.name))
        return CompositeIndex(self.collection_id, self.scope, fields)


def check(query: Query, index_file: IndexFile) -> None:
    """FAILED_PRECONDITION, naming the index to add, when a query of the file's database lacks its index.

    Fields that are summed or averaged must be in the index too, as the query orders by them
    (https://firebase.google.com/docs/firestore/query-data/aggregation-queries#limitations).
    """
    if not query.collection_id:
        return
    for conjunction in query.conjunctions:
        if not any(c.path == _NAME and c.operator is Operator.EQUAL for c in conjunction):
            need = _need(query, conjunction)
            if not _is_served(need, index_file):
                _refuse(query, need)


def _need(query: Query, conjunction: Conjunction) -> Need:
    equal: set[IndexedField] = set()
    for condition in conjunction:
        if condition.operator is Operator.EQUAL:
            equal.add(IndexedField(condition.path, Mode.ASCENDING))
        elif condition.operator is Operator.ARRAY_CONTAINS:
            equal.add(IndexedField(condition.path, Mode.CONTAINS))
    fixed = {field.path for field in equal if field.mode is Mode.ASCENDING}
    *orders, name = query.orders
    ordered = tuple(IndexedField(order.path, _mode(order)) for order in orders if order.path not in fixed)
    scope = Scope.GROUP if query.all_descendants else Scope.COLLECTION
    return Need(query.collection_id, scope, frozenset(equal), ordered, _mode(name))


def _mode(order: Order) -> Mode:
    return Mode.DESCENDING if order.descending else Mode.ASCENDING


def _last(fields: tuple[IndexedField, ...]) -> Mode:
    """The direction of the name at the end of an index of these fields."""
    directions = [field.mode for field in fields if field.mode is not Mode.CONTAINS]
    return directions[-1] if directions else Mode.ASCENDING


def _is_served(need: Need, index_file: IndexFile) -> bool:
    if not need.equal and not need.ordered and need.name is Mode.ASCENDING:
        return True
    served = [*_singles(need, index_file), *_composites(need, index_file)]
    return bool(served) and frozenset[IndexedField]().union(*served) == need.equal


def _singles(need: Need, index_file: IndexFile) -> Iterator[frozenset[IndexedField]]:
    """The equalities that single-field indexes with the end of the order serve."""
    if len(need.ordered) > 1:
        return
    for field in need.ordered or need.equal:
        modes = index_file.single_field(need.collection_id, field.path)
        mode = Mode.CONTAINS if field.mode is Mode.CONTAINS else need.name
        is_direct = field.mode in (mode, Mode.ASCENDING) if not need.ordered else field.mode is mode
        if (need.scope, mode) in modes and is_direct and _last((IndexedField(field.path, mode),)) is need.name:
            yield frozenset() if need.ordered else frozenset((field,))


def _composites(need: Need, index_file: IndexFile) -> Iterator[frozenset[IndexedField]]:
    """The equalities that composite indexes with the end of the order serve."""
    for index in index_file.composites:
        if (index.collection_id, index.scope) != (need.collection_id, need.scope):
            continue
        fields, name = index.fields, _last(index.fields)
        if fields and fields[-1].path == _NAME:
            fields, name = fields[:-1], fields[-1].mode
        split = len(fields) - len(need.ordered)
        if split < 0 or fields[split:] != need.ordered or name is not need.name:
            continue
        head = frozenset(_compared(field) for field in fields[:split])
        if head <= need.equal:
            yield head


def _compared(field: IndexedField) -> IndexedField:
    """For an equality either direction does."""
    return field if field.mode is Mode.CONTAINS else IndexedField(field.path, Mode.ASCENDING)


def _refuse(query: Query, need: Need) -> None:
    index = need.composite()
    if len(index.fields) == 1 and index.fields[0].path != _NAME:
        field = index.fields[0]
        override = {
            "collectionGroup": index.collection_id,
            "fieldPath": field_paths.render(field.path),
            "indexes": [{"queryScope": index.scope.value, **_as_json(field)}],
        }
        advice = f'"fieldOverrides": {json.dumps(override)}'
    else:
        fields = [{"fieldPath": field_paths.render(field.path), **_as_json(field)} for field in index.fields]
        entry = {"collectionGroup": index.collection_id, "queryScope": index.scope.value, "fields": fields}
        advice = f'"indexes": {json.dumps(entry)}'
    raise errors.failed_precondition(
        f"The query requires an index. Database {query.database} has none that serves it: add to its index file, "
        f"in {advice}"
    )


def _as_json(field: IndexedField) -> dict[str, str]:
    return {"arrayConfig": "CONTAINS"} if field.mode is Mode.CONTAINS else {"order": field.mode.value}
