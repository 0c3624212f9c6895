"""Which documents of a query have the vectors that are nearest to one?

By comparing with all of them: what production finds through an index of vectors, a laptop finds by looking. Without
such an index in the index file the query is refused, as there
(https://cloud.google.com/firestore/docs/vector-search). Of equal distances the document whose name is first comes
first; production leaves that open.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local.firestore import encoding, errors, field_paths, limits
from local.firestore.conditions import Operator, field_conditions
from local.firestore.field_paths import FieldPath
from local.firestore.index_file import IndexFile, Scope, VectorIndex
from local.firestore.messages import Message
from local.firestore.planner import Candidate
from local.firestore.query import Query

MAX_DIMENSIONS = 2_048
MAX_LIMIT = 1_000

Vector = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """``distance_field`` "": the distance is not wanted. ``threshold``: none that is farther."""

    path: FieldPath
    vector: Vector
    measure: int
    limit: int
    distance_field: str
    threshold: float | None


def parse(message: Message) -> Nearest:
    """INVALID_ARGUMENT when it says nothing sensible."""
    vector = _numbers(message.query_vector)
    if not vector or len(vector) > MAX_DIMENSIONS:
        raise errors.invalid(f"find_nearest needs a query_vector of 1 to {MAX_DIMENSIONS} dimensions.")
    limits.check_vector(message.query_vector, "query_vector")
    if message.distance_result_field:
        field_paths.check_alias(message.distance_result_field)
    if message.distance_measure not in _DISTANCES:
        raise errors.invalid("find_nearest has no distance_measure.")
    if not 1 <= message.limit.value <= MAX_LIMIT:
        raise errors.invalid(f"The limit of find_nearest is from 1 to {MAX_LIMIT}.")
    if message.HasField("distance_threshold") and not math.isfinite(message.distance_threshold.value):
        raise errors.invalid("The distance_threshold of find_nearest must be a finite number.")
    return Nearest(
        path=field_paths.parse(message.vector_field.field_path),
        vector=vector,
        measure=message.distance_measure,
        limit=message.limit.value,
        distance_field=message.distance_result_field,
        threshold=message.distance_threshold.value if message.HasField("distance_threshold") else None,
    )


def check(asked: Nearest, query: Query, index_file: IndexFile) -> None:
    """FAILED_PRECONDITION, naming the index to add, when the file has none for this search."""
    equal = {c.path for c in field_conditions(query.condition) if c.operator is Operator.EQUAL}
    scope = Scope.GROUP if query.all_descendants else Scope.COLLECTION
    needed = VectorIndex(query.collection_id, scope, frozenset(equal), asked.path, len(asked.vector))
    if needed not in index_file.vectors:
        fields = [{"fieldPath": field_paths.render(path), "order": "ASCENDING"} for path in sorted(equal)]
        vector = {"dimension": needed.dimension, "flat": {}}
        fields.append({"fieldPath": field_paths.render(asked.path), "vectorConfig": vector})  # type: ignore[dict-item]
        entry = {"collectionGroup": query.collection_id, "queryScope": scope.value, "fields": fields}
        raise errors.failed_precondition(
            f"Missing vector index configuration. Add to the index file: {json.dumps(entry)}"
        )


def rank(asked: Nearest, found: Sequence[Candidate]) -> list[tuple[Candidate, float]]:
    """The nearest, each with its distance."""
    distance = _DISTANCES[asked.measure]
    sign = -1 if asked.measure == _DOT_PRODUCT else 1
    near: list[tuple[float, Candidate]] = []
    for one in found:
        vector = _vector_at(one.document, asked.path)
        if len(vector) != len(asked.vector):
            continue
        far = distance(vector, asked.vector)
        if asked.threshold is None or sign * far <= sign * asked.threshold:
            near.append((sign * far, one))
    near.sort(key=lambda pair: (math.isnan(pair[0]), pair[0]))
    return [(one, sign * far) for far, one in near[: asked.limit]]


def with_distance(document: Message, field: str, distance: float) -> Message:
    """The document with the distance in ``field``."""
    if field:
        document.fields[field].double_value = distance
    return document


def _vector_at(document: Message, path: FieldPath) -> Vector:
    fields = document.fields
    for name in path[:-1]:
        if name not in fields:
            return ()
        fields = fields[name].map_value.fields
    return _numbers(fields[path[-1]]) if path[-1] in fields else ()


def _numbers(value: Message) -> Vector:
    """Of what is no vector: none."""
    if not encoding.is_vector(value):
        return ()
    values = value.map_value.fields["value"].array_value.values
    return [
        one.double_value if one.WhichOneof("value_type") == "double_value" else one.integer_value for one in values
    ]


def _dot(one: Vector, other: Vector) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _cosine(one: Vector, other: Vector) -> float:
    lengths = math.sqrt(_dot(one, one) * _dot(other, other))
    return 1 - _dot(one, other) / lengths if lengths else math.nan


_DOT_PRODUCT = 3
_DISTANCES: Mapping[int, Callable[[Vector, Vector], float]] = {1: math.dist, 2: _cosine, _DOT_PRODUCT: _dot}
