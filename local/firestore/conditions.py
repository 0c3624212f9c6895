"""Does a document satisfy the filter of a query?

Semantics: https://firebase.google.com/docs/firestore/query-data/queries#limitations and the observed answers of
Google's emulator. A condition on a field that the document lacks is never satisfied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from local.firestore import encoding, field_paths
from local.firestore.field_paths import FieldPath
from local.firestore.messages import Fields
from local.firestore.names import Path


class Operator(StrEnum):
    """How a field is compared; unary operators are EQUAL or NOT_EQUAL with null or NaN."""

    EQUAL = "EQUAL"
    NOT_EQUAL = "NOT_EQUAL"
    LESS_THAN = "LESS_THAN"
    LESS_THAN_OR_EQUAL = "LESS_THAN_OR_EQUAL"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_OR_EQUAL = "GREATER_THAN_OR_EQUAL"
    IN = "IN"
    NOT_IN = "NOT_IN"
    ARRAY_CONTAINS = "ARRAY_CONTAINS"
    ARRAY_CONTAINS_ANY = "ARRAY_CONTAINS_ANY"


RANGES = frozenset(
    (
        Operator.LESS_THAN,
        Operator.LESS_THAN_OR_EQUAL,
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_OR_EQUAL,
    )
)
INEQUALITIES = RANGES | {Operator.NOT_EQUAL, Operator.NOT_IN}
ARRAYS = frozenset((Operator.ARRAY_CONTAINS, Operator.ARRAY_CONTAINS_ANY))
LISTS = frozenset((Operator.IN, Operator.NOT_IN, Operator.ARRAY_CONTAINS_ANY))


class Subject:
    """A document under test: its fields, and the sort keys of those that were looked at."""

    __slots__ = ("_keys", "fields", "path", "reference")

    def __init__(self, fields: Fields, path: Path, reference: str) -> None:
        self.fields = fields
        self.path = path
        self.reference = reference
        self._keys: dict[FieldPath, bytes | None] = {}

    def key(self, path: FieldPath) -> bytes | None:
        """The sort key of a field, None when there is none. Of ``__name__``: that of a reference to it."""
        if path not in self._keys:
            self._keys[path] = self._encode(path)
        return self._keys[path]

    def _encode(self, path: FieldPath) -> bytes | None:
        if path == (field_paths.NAME,):
            return encoding.reference(self.reference)
        value = field_paths.find(self.fields, path)
        return None if value is None else encoding.encode(value)

    def elements(self, path: FieldPath) -> set[bytes]:
        """The sort keys of the elements of an array."""
        value = field_paths.find(self.fields, path)
        return set() if value is None else {encoding.encode(element) for element in value.array_value.values}


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """One comparison. ``keys``: the sort keys of the operand, or of each element of an operand that is a list.

    Without keys nothing satisfies it, unless it is negative: then whatever is not null does.
    ``is_impossible``: nothing satisfies it, whatever the keys are. ``said``: the operand of a filter of arrays as the
    client wrote it: what 0 and 0.0 ask for is the same, and yet said by two filters.
    """

    path: FieldPath
    operator: Operator
    keys: tuple[bytes, ...]
    is_impossible: bool = False
    said: bytes = b""

    def holds(self, subject: Subject) -> bool:
        """Whether the document satisfies it."""
        if self.is_never:
            return False
        if self.operator in ARRAYS:
            return not subject.elements(self.path).isdisjoint(self.keys)
        key = subject.key(self.path)
        return key is not None and self._compare(key)

    def _compare(self, key: bytes) -> bool:
        match self.operator:
            case Operator.EQUAL | Operator.IN:
                return key in self.keys
            case Operator.NOT_EQUAL | Operator.NOT_IN:
                return key != encoding.NULL and key not in self.keys
            case _:
                low, high = self.bounds()
                return low <= key < high

    @property
    def is_never(self) -> bool:
        """Whether no document satisfies it."""
        if self.operator is Operator.NOT_IN:
            return encoding.NULL in self.keys
        return self.is_impossible or (not self.keys and self.operator is not Operator.NOT_EQUAL)

    def bounds(self) -> tuple[bytes, bytes]:
        """Of a range: the least key, and the least above all keys, that satisfy it."""
        (operand,) = self.keys
        low, high = encoding.bracket(operand)
        match self.operator:
            case Operator.LESS_THAN:
                return low, operand
            case Operator.LESS_THAN_OR_EQUAL:
                return low, operand + b"\x00"
            case Operator.GREATER_THAN:
                return operand + b"\x00", high
            case _:
                return operand, high


@dataclass(frozen=True, slots=True)
class All:
    """Holds when each of its parts does; with no parts, always."""

    parts: "tuple[Condition, ...]"

    def holds(self, subject: Subject) -> bool:
        """Whether the document satisfies it."""
        return all(part.holds(subject) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any:
    """Holds when one of its parts does."""

    parts: "tuple[Condition, ...]"

    def holds(self, subject: Subject) -> bool:
        """Whether the document satisfies it."""
        return any(part.holds(subject) for part in self.parts)


Condition: TypeAlias = FieldCondition | All | Any
Conjunction: TypeAlias = tuple[FieldCondition, ...]


def field_conditions(condition: Condition) -> list[FieldCondition]:
    """All comparisons in it."""
    if isinstance(condition, FieldCondition):
        return [condition]
    return [found for part in condition.parts for found in field_conditions(part)]


def disjunctions(condition: Condition) -> list[Conjunction]:
    """The disjunctive normal form: the condition holds exactly when one of the conjunctions does.

    IN and ARRAY_CONTAINS_ANY become a disjunction of their elements
    (https://firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries).
    """
    match condition:
        case FieldCondition():
            return [(single,) for single in _split(condition)]
        case Any():
            return [conjunction for part in condition.parts for conjunction in disjunctions(part)]
        case All():
            product: list[Conjunction] = [()]
            for part in condition.parts:
                product = [left + right for left in product for right in disjunctions(part)]
            return product


_ELEMENTWISE: Mapping[Operator, Operator] = {
    Operator.IN: Operator.EQUAL,
    Operator.ARRAY_CONTAINS_ANY: Operator.ARRAY_CONTAINS,
}


def _split(condition: FieldCondition) -> list[FieldCondition]:
    if condition.is_never:
        return []
    operator = _ELEMENTWISE.get(condition.operator)
    if operator is None:
        return [condition]
    return [FieldCondition(condition.path, operator, (key,)) for key in dict.fromkeys(condition.keys)]
