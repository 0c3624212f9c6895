"""What does a StructuredQuery ask for?

Parses the message once into a ``Query`` that speaks of sort keys. Orders are made explicit: inequality fields that
are not ordered by, then those that are summed or averaged, then the name
(https://firebase.google.com/docs/firestore/query-data/order-limit-data and the comment of ``order_by`` in
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#structuredquery).
"""

from dataclasses import dataclass, replace
from functools import cached_property

from local.firestore import conditions, encoding, errors, field_paths, limits, names, query_rules, value_rules
from local.firestore.conditions import (
    ARRAYS,
    INEQUALITIES,
    LISTS,
    All,
    Any,
    Condition,
    Conjunction,
    FieldCondition,
    Operator,
    Subject,
)
from local.firestore.field_paths import FieldPath
from local.firestore.messages import Message
from local.firestore.names import Path

_NAME: FieldPath = (field_paths.NAME,)
_DESCENDING = 2


@dataclass(frozen=True, slots=True)
class Order:
    """One key of the order."""

    path: FieldPath
    descending: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position: sort keys of the first so many orders, already turned for descending ones."""

    keys: tuple[bytes, ...]
    before: bool


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query over one collection, or with ``all_descendants`` all of that id below ``parent``.

    ``collection_id`` "": collections of any id. ``projection`` None: whole documents.
    """

    database: str
    parent: Path
    collection_id: str
    all_descendants: bool
    condition: Condition
    orders: tuple[Order, ...]
    start: Cursor | None
    end: Cursor | None
    offset: int
    limit: int | None
    projection: tuple[FieldPath, ...] | None

    @cached_property
    def conjunctions(self) -> list[Conjunction]:
        """The condition in disjunctive normal form."""
        return conditions.disjunctions(self.condition)

    def covers(self, path: Path) -> bool:
        """Whether a document at ``path`` lies in what the query looks through."""
        if self.collection_id and path[-2] != self.collection_id:
            return False
        depth = len(self.parent)
        if path[:depth] != self.parent:
            return False
        return len(path) >= depth + 2 if self.all_descendants else len(path) == depth + 2

    def sort_key(self, subject: Subject) -> tuple[bytes, ...] | None:
        """Where the document stands in the order; None: nowhere, it lacks an ordered field."""
        keys: list[bytes] = []
        for order in self.orders:
            key = subject.key(order.path)
            if key is None:
                return None
            keys.append(encoding.descending(key) if order.descending else key)
        return tuple(keys)

    def within_cursors(self, key: tuple[bytes, ...]) -> bool:
        """Whether a place in the order is between the cursors."""
        if self.start is not None:
            head = key[: len(self.start.keys)]
            if head < self.start.keys or (head == self.start.keys and not self.start.before):
                return False
        if self.end is not None:
            head = key[: len(self.end.keys)]
            if head > self.end.keys or (head == self.end.keys and self.end.before):
                return False
        return True

    def place(self, subject: Subject) -> tuple[bytes, ...] | None:
        """Where a document stands among the results, were there no limit; None: it is none of them."""
        if not self.covers(subject.path) or not self.condition.holds(subject):
            return None
        key = self.sort_key(subject)
        return key if key is not None and self.within_cursors(key) else None


def parse(database: str, parent: Path, message: Message, aggregated: frozenset[FieldPath] = frozenset()) -> Query:
    """The query, of which the fields ``aggregated`` are added up. INVALID_ARGUMENT when it says nothing sensible."""
    selectors = message.from_
    if len(selectors) > 1:
        raise errors.invalid("A query may have at most one collection selector in 'from'.")
    condition = _condition(message.where) if message.HasField("where") else All(())
    orders = _orders(message.order_by, condition, aggregated)
    query = Query(
        database=database,
        parent=parent,
        collection_id=selectors[0].collection_id if selectors else "",
        all_descendants=selectors[0].all_descendants if selectors else False,
        condition=condition,
        orders=orders,
        start=_cursor(message.start_at, orders, len(message.order_by)),
        end=_cursor(message.end_at, orders, len(message.order_by)),
        offset=_natural(message.offset, "offset"),
        limit=_natural(message.limit.value, "limit") if message.HasField("limit") else None,
        projection=_projection(message.select) if message.HasField("select") else None,
    )
    query_rules.check(query)
    return query


def _natural(number: int, name: str) -> int:
    if number < 0:
        raise errors.invalid(f"{name} is negative")
    return number


def _projection(select: Message) -> tuple[FieldPath, ...]:
    """With no fields, or the name only, documents come without fields."""
    paths = [field_paths.parse(field.field_path) for field in select.fields]
    return tuple(path for path in paths if path != _NAME)


def _condition(message: Message) -> Condition:
    match message.WhichOneof("filter_type"):
        case "composite_filter":
            return _composite(message.composite_filter)
        case "field_filter":
            return _field(message.field_filter)
        case "unary_filter":
            return _unary(message.unary_filter)
        case _:
            raise errors.invalid("A filter of the query has no type.")


def _composite(message: Message) -> Condition:
    parts = tuple(_condition(part) for part in message.filters)
    match message.op:
        case 2 if not parts:
            raise errors.invalid("Composite filter must have at least one sub-filter.")
        case _ if not parts:
            return All(())
        case 1:
            return All(parts)
        case 2:
            return Any(parts)
        case _:
            raise errors.invalid("A composite filter of the query has no operator.")


_FIELD_OPERATORS = {
    1: Operator.LESS_THAN,
    2: Operator.LESS_THAN_OR_EQUAL,
    3: Operator.GREATER_THAN,
    4: Operator.GREATER_THAN_OR_EQUAL,
    5: Operator.EQUAL,
    6: Operator.NOT_EQUAL,
    7: Operator.ARRAY_CONTAINS,
    8: Operator.IN,
    9: Operator.ARRAY_CONTAINS_ANY,
    10: Operator.NOT_IN,
}
_UNARY_OPERATORS = {
    2: (Operator.EQUAL, encoding.NAN),
    3: (Operator.EQUAL, encoding.NULL),
    4: (Operator.NOT_EQUAL, encoding.NAN),
    5: (Operator.NOT_EQUAL, encoding.NULL),
}


def _field(message: Message) -> FieldCondition:
    path = field_paths.parse(message.field.field_path)
    operator = _FIELD_OPERATORS.get(message.op)
    if operator is None:
        raise errors.invalid(f"The filter on {message.field.field_path} has no operator.")
    value_rules.check(message.value)
    operands = [message.value]
    if operator in LISTS:
        query_rules.check_list(operator, message.value)
        operands = list(message.value.array_value.values)
    if path == _NAME:
        query_rules.check_names(operator, operands)
    keys = tuple(map(encoding.encode, operands))
    if any(limits.value_size(operand) > encoding.MAX_INDEXED_BYTES for operand in operands):
        raise errors.invalid(f"value for {message.field.field_path} is too large to be used in a query")
    compared = _compared(path, operator, keys)
    if operator in ARRAYS:
        return replace(compared, said=message.value.SerializeToString(deterministic=True))
    return compared


def _compared(path: FieldPath, operator: Operator, keys: tuple[bytes, ...]) -> FieldCondition:
    """Null and NaN are equal to nothing, and nothing is unequal to null; the unary filters find them."""
    if operator is Operator.NOT_EQUAL and keys == (encoding.NULL,):
        return FieldCondition(path, operator, keys, is_impossible=True)
    unequal = (encoding.NAN,) if operator is Operator.NOT_IN else (encoding.NAN, encoding.NULL)
    return FieldCondition(path, operator, tuple(key for key in keys if key not in unequal))


def _unary(message: Message) -> FieldCondition:
    found = _UNARY_OPERATORS.get(message.op)
    if found is None:
        raise errors.invalid(f"The filter on {message.field.field_path} has no operator.")
    operator, key = found
    if message.field.field_path == field_paths.NAME:
        raise errors.invalid("__key__ filter value must be a Key")
    return FieldCondition(field_paths.parse(message.field.field_path), operator, (key,))


def _orders(messages: Message, condition: Condition, aggregated: frozenset[FieldPath]) -> tuple[Order, ...]:
    orders = [Order(field_paths.parse(m.field.field_path), m.direction == _DESCENDING) for m in messages]
    descending = orders[-1].descending if orders else False
    query_rules.check_orders([order.path for order in orders])
    paths = {order.path for order in orders}
    found = conditions.field_conditions(condition)
    unequal = {c.path for c in found if c.operator in INEQUALITIES and (len(c.keys) > 1 or not c.is_never)}
    implicit = [*_sorted(unequal - paths - {_NAME}), *_sorted(aggregated - unequal - paths)]
    orders += [Order(path, descending) for path in implicit]
    if aggregated - unequal - paths and any(c.path == _NAME for c in found):
        raise errors.invalid("A sum or average with a filter on __name__ must be ordered by its field.")
    if _NAME not in paths:
        orders.append(Order(_NAME, descending))
    if orders[-1].path != _NAME:
        raise errors.invalid("order by clause cannot contain more fields after the key")
    return tuple(orders)


def _sorted(paths: frozenset[FieldPath] | set[FieldPath]) -> list[FieldPath]:
    return sorted(paths, key=lambda path: tuple(map(str.encode, path)))


def _cursor(message: Message, orders: tuple[Order, ...], explicit: int) -> Cursor | None:
    """``explicit``: so many of the orders were asked for; only for those may a cursor have values."""
    if not message.values:
        return None
    if len(message.values) > explicit:
        raise errors.invalid("Cursor has too many values.")
    keys: list[bytes] = []
    for value, order in zip(message.values, orders, strict=False):
        if order.path == _NAME and value.WhichOneof("value_type") != "reference_value":
            raise errors.invalid("Cursor __key__ value is not a document reference.")
        if order.path == _NAME:
            names.split_document(value.reference_value)
        value_rules.check(value)
        key = encoding.encode(value)
        keys.append(encoding.descending(key) if order.descending else key)
    return Cursor(tuple(keys), message.before)
