"""Which queries are refused, whatever the indexes are?

https://firebase.google.com/docs/firestore/query-data/queries#limitations, in the words of Google's emulator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.firestore import errors, field_paths, names
from local.firestore.conditions import (
    ARRAYS,
    INEQUALITIES,
    Any,
    Condition,
    FieldCondition,
    Operator,
    field_conditions,
)
from local.firestore.field_paths import FieldPath
from local.firestore.messages import Message

if TYPE_CHECKING:
    from local.firestore.query import Query

MAX_DISJUNCTIONS = 30
MAX_NOT_IN = 10
MAX_INEQUALITY_FIELDS = 10

_NAME: FieldPath = (field_paths.NAME,)
_NEGATIVE = (Operator.NOT_EQUAL, Operator.NOT_IN)


def check(query: Query) -> None:
    """INVALID_ARGUMENT for a query that is never allowed."""
    if query.collection_id:
        names.check_segment(query.collection_id, query.collection_id, is_collection=True)
        if len(query.collection_id.encode()) > names.MAX_SEGMENT_BYTES:
            raise errors.invalid(f"The query kind is longer than {names.MAX_SEGMENT_BYTES} bytes.")
        if "/" in query.collection_id:
            raise errors.invalid(f'Collection id "{query.collection_id}" is invalid because it contains "/".')
    elif _has_fields(query) or query.orders[-1].descending:
        raise errors.invalid("kind is required for all orders except __key__ ascending")
    if query.collection_id and query.all_descendants and query.parent and _has_fields(query):
        raise errors.invalid("collection group queries are only allowed at the root parent")
    _check_negations(query.condition)
    _check_inequalities(query.condition)
    _check_equal_names(query.condition)
    if len(query.conjunctions) > MAX_DISJUNCTIONS:
        raise errors.invalid(
            f"The query has {len(query.conjunctions)} disjunctions in disjunctive normal form; "
            f"the maximum is {MAX_DISJUNCTIONS}."
        )
    if _array_filters(query.condition) > 1:
        raise errors.invalid("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")


def check_scan(query: Query) -> None:
    """Refuse a walk backwards by name alone, which needs an index ``__name__ DESCENDING`` of its own."""
    (*others, name) = query.orders
    if name.descending and not others and not _has_other_than_names(query.condition):
        raise errors.failed_precondition("Firestore does not support descending key scans")


def _has_fields(query: Query) -> bool:
    return bool(query.orders[:-1]) or _has_other_than_names(query.condition)


def _has_other_than_names(condition: Condition) -> bool:
    return any(c.path != _NAME for c in field_conditions(condition))


def _check_negations(condition: Condition) -> None:
    found = field_conditions(condition)
    if sum(c.operator in _NEGATIVE for c in found) > 1:
        raise errors.invalid(
            "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query."
        )
    lists = any(c.operator in (Operator.IN, Operator.ARRAY_CONTAINS_ANY) for c in found)
    if any(c.operator is Operator.NOT_IN for c in found) and (lists or _has_or(condition)):
        raise errors.invalid("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.")


def _unequal(condition: Condition) -> set[FieldPath]:
    """The fields of inequalities; one that nothing satisfies, as to be more than null, is none."""
    found = [c for c in field_conditions(condition) if c.operator in INEQUALITIES]
    return {c.path for c in found if len(c.keys) > 1 or not c.is_never}


def _check_inequalities(condition: Condition) -> None:
    found = _unequal(condition)
    if len(found) > MAX_INEQUALITY_FIELDS:
        raise errors.invalid(
            f"The query contains {len(found)} distinct inequality fields. "
            f"A query may not contain more than {MAX_INEQUALITY_FIELDS}."
        )


def _check_equal_names(condition: Condition) -> None:
    found = field_conditions(condition)
    unequal = _unequal(condition)
    if unequal and _NAME not in unequal and any(c.path == _NAME for c in found):
        raise errors.invalid("Equality on __name__ is not allowed beside inequality filters of other fields alone.")


def _array_filters(condition: Condition) -> int:
    """The most of them in one disjunction; what is said twice counts once."""
    if isinstance(condition, FieldCondition):
        return int(condition.operator in ARRAYS)
    counts = [_array_filters(part) for part in set(condition.parts)]
    return max(counts, default=0) if isinstance(condition, Any) else sum(counts)


def _has_or(condition: Condition) -> bool:
    if isinstance(condition, FieldCondition):
        return False
    if isinstance(condition, Any):
        return True
    return any(_has_or(part) for part in condition.parts)


def check_orders(paths: list[FieldPath]) -> None:
    """Refuse an order that names a field twice, or any after the name."""
    for position, path in enumerate(paths):
        if path in paths[:position]:
            raise errors.invalid(f"order by clause cannot contain duplicate fields {field_paths.render(path)}")
    if _NAME in paths[:-1]:
        raise errors.invalid("order by clause cannot contain more fields after the key")


def check_list(operator: Operator, value: Message) -> None:
    """Refuse an operand that must be a list of values and is not, or has too many."""
    if value.WhichOneof("value_type") != "array_value":
        raise errors.invalid(f"'{operator}' requires an ArrayValue.")
    count = len(value.array_value.values)
    if count == 0:
        raise errors.invalid(f"'{operator}' requires an non-empty ArrayValue.")
    most = MAX_NOT_IN if operator is Operator.NOT_IN else MAX_DISJUNCTIONS
    if count > most:
        raise errors.invalid(f"'{operator}' supports up to {most} comparison values.")


def check_names(operator: Operator, operands: list[Message]) -> None:
    """Refuse to compare names with anything but references to documents."""
    if operator in ARRAYS:
        raise errors.invalid("__name__ is not an array: it cannot be compared by ARRAY_CONTAINS.")
    for operand in operands:
        if operand.WhichOneof("value_type") != "reference_value":
            raise errors.invalid("__key__ filter value must be a Key")
        names.split_document(operand.reference_value)
