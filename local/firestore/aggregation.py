"""What do count, sum and average of a query's results come to?

https://firebase.google.com/docs/firestore/query-data/aggregation-queries: values that are no numbers are left out;
a sum of integers is an integer unless it overflows; the average of nothing is null.
"""

import itertools
import math
from dataclasses import dataclass, replace

from local.firestore import errors, field_paths, messages
from local.firestore.field_paths import FieldPath
from local.firestore.messages import Fields, Message
from local.firestore.query import Query

MAX_AGGREGATIONS = 5


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One of them. ``path``: of the field, for ``sum`` and ``avg``; ``up_to``: where a count may stop."""

    alias: str
    kind: str
    path: FieldPath = ()
    up_to: int | None = None

    def value(self, results: list[Fields]) -> Message:
        """Its value over the fields of the results."""
        if self.kind == "count":
            count = len(results)
            return messages.Value(integer_value=count if self.up_to is None else min(count, self.up_to))
        numbers = [number for fields in results for number in _numbers(field_paths.find(fields, self.path))]
        if self.kind == "sum":
            return _sum(numbers)
        if not numbers:
            return messages.Value(null_value=0)
        return messages.Value(double_value=_total(numbers) / len(numbers))


def _numbers(value: Message | None) -> list[int | float]:
    kind = value.WhichOneof("value_type") if value is not None else None
    return [getattr(value, kind)] if kind in ("integer_value", "double_value") else []


def _total(numbers: list[int | float]) -> float:
    if all(math.isfinite(number) for number in numbers):
        return math.fsum(numbers)
    return float(sum(numbers))


def _sum(numbers: list[int | float]) -> Message:
    if all(isinstance(number, int) for number in numbers):
        total = sum(numbers)
        if -(2**63) <= total < 2**63:
            return messages.Value(integer_value=int(total))
    return messages.Value(double_value=_total(numbers))


def parse(message: Message) -> list[Aggregation]:
    """The aggregations of a StructuredAggregationQuery. INVALID_ARGUMENT: none, too many, or one twice."""
    found: list[Aggregation] = []
    unnamed = itertools.count(1)
    for one in message.aggregations:
        kind = one.WhichOneof("operator")
        alias = one.alias or f"field_{next(unnamed)}"
        match kind:
            case "count":
                up_to = one.count.up_to.value if one.count.HasField("up_to") else None
                if up_to is not None and up_to < 0:
                    raise errors.invalid("up_to of a count must be greater than or equal to zero.")
                found.append(Aggregation(alias, kind, up_to=up_to))
            case "sum" | "avg":
                found.append(Aggregation(alias, kind, _aggregated(getattr(one, kind).field.field_path)))
            case _:
                raise errors.invalid(f"The aggregation {alias} has no operator.")
    if not found:
        raise errors.invalid("Aggregations can not be empty.")
    if len(found) > MAX_AGGREGATIONS:
        raise errors.invalid(f"A query may have {MAX_AGGREGATIONS} aggregations, not {len(found)}.")
    for one in found:
        field_paths.check_alias(one.alias)
    if len({one.alias for one in found}) < len(found):
        raise errors.invalid("Aggregation aliases contain duplicate alias.")
    return found


def _aggregated(text: str) -> FieldPath:
    path = field_paths.parse(text)
    if path == (field_paths.NAME,):
        raise errors.invalid("Aggregations are not supported for __name__.")
    return path


def bounded(query: Query, wanted: list[Aggregation]) -> Query:
    """The query cut off where no count goes on."""
    ends = [one.up_to for one in wanted if one.up_to is not None]
    if len(ends) < len(wanted):
        return query
    limit = max(ends) if query.limit is None else min(query.limit, max(ends))
    return replace(query, limit=limit)


def evaluate(wanted: list[Aggregation], results: list[Fields]) -> dict[str, Message]:
    """The value of each by alias. The query orders by the aggregated fields, so every result has all of them."""
    return {one.alias: one.value(results) for one in wanted}
