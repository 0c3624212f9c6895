"""The documents whose vectors are nearest, through Google's client, on the local Firestore."""

import math
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import FieldFilter
from google.cloud.firestore_v1.base_vector_query import DistanceMeasure
from google.cloud.firestore_v1.vector import Vector

from local.firestore.index_file import IndexFile, Scope, VectorIndex

INDEX = {
    "collectionGroup": "notes",
    "queryScope": "COLLECTION",
    "fields": [
        {"fieldPath": "of", "order": "ASCENDING"},
        {"fieldPath": "v", "vectorConfig": {"dimension": 2, "flat": {}}},
    ],
}


def test_an_index_of_vectors_is_read() -> None:
    read = IndexFile.parse({"indexes": [INDEX]})
    assert read.vectors == (VectorIndex("notes", Scope.COLLECTION, frozenset({("of",)}), ("v",), 2),)
    assert read.composites == ()
    with pytest.raises(ValueError, match="not understood"):
        IndexFile.parse({"indexes": [{**INDEX, "fields": [{"fieldPath": "v", "vectorConfig": {}}]}]})


@pytest.fixture
async def notes(serve: Any, index_file: Any, connect: Any) -> Any:
    """A collection of four notes, three of them of a, in a database with the index."""
    async with serve(indexes=index_file([INDEX], [])) as address:
        collection = connect(address, "indexed").collection("notes")
        for id_, of, vector in (
            ("east", "a", [1.0, 0.0]),
            ("north", "a", [0.0, 2.0]),
            ("northeast", "a", [3.0, 3.0]),
            ("other", "b", [1.0, 0.0]),
            ("long", "a", [1.0, 0.0, 0.0]),
        ):
            await collection.document(id_).set({"of": of, "v": Vector(vector), "n": 1})
        await collection.document("none").set({"of": "a"})
        yield collection


async def found(query: Any, **options: Any) -> list[tuple[str, float]]:
    near = query.find_nearest(vector_field="v", distance_result_field="far", **options)
    return [(one.id, round(one.get("far"), 6)) async for one in near.stream()]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (DistanceMeasure.COSINE, [("east", 0.0), ("northeast", round(1 - math.sqrt(0.5), 6)), ("north", 1.0)]),
        (DistanceMeasure.EUCLIDEAN, [("east", 0.0), ("north", 2.236068), ("northeast", 3.605551)]),
        (DistanceMeasure.DOT_PRODUCT, [("northeast", 3.0), ("east", 1.0), ("north", 0.0)]),
    ],
)
async def test_the_nearest_come_first(notes: Any, measure: DistanceMeasure, expected: list[Any]) -> None:
    of_a = notes.where(filter=FieldFilter("of", "==", "a"))
    asked = {"query_vector": Vector([1.0, 0.0]), "distance_measure": measure}
    assert await found(of_a, limit=9, **asked) == expected
    assert await found(of_a, limit=2, **asked) == expected[:2]


async def test_what_is_too_far_is_left_out(notes: Any) -> None:
    of_a = notes.where(filter=FieldFilter("of", "==", "a"))
    asked = {"query_vector": Vector([1.0, 0.0]), "limit": 9}
    near = await found(of_a, distance_measure=DistanceMeasure.COSINE, distance_threshold=0.5, **asked)
    assert [id_ for id_, _ in near] == ["east", "northeast"]
    near = await found(of_a, distance_measure=DistanceMeasure.DOT_PRODUCT, distance_threshold=0.5, **asked)
    assert [id_ for id_, _ in near] == ["northeast", "east"]


async def test_fields_may_be_chosen(notes: Any) -> None:
    query = notes.where(filter=FieldFilter("of", "==", "b")).select(["n", "far"])
    near = query.find_nearest(
        vector_field="v", query_vector=Vector([0.0, 1.0]), distance_measure=DistanceMeasure.COSINE, limit=1,
        distance_result_field="far",
    )  # fmt: skip
    assert [one.to_dict() async for one in near.stream()] == [{"n": 1, "far": 1.0}]


@pytest.mark.parametrize("vector", [[1.0, 0.0, 0.0], [1.0]])
async def test_without_its_index_a_search_is_refused(notes: Any, vector: list[float]) -> None:
    with pytest.raises(exceptions.FailedPrecondition, match=f'"dimension": {len(vector)}'):
        await found(
            notes.where(filter=FieldFilter("of", "==", "a")),
            query_vector=Vector(vector), distance_measure=DistanceMeasure.COSINE, limit=1,
        )  # fmt: skip


async def test_another_filter_needs_another_index(notes: Any) -> None:
    with pytest.raises(exceptions.FailedPrecondition, match="Missing vector index"):
        await found(notes, query_vector=Vector([1.0, 0.0]), distance_measure=DistanceMeasure.COSINE, limit=1)


@pytest.mark.parametrize("limit", [0, 1_001])
async def test_a_limit_that_is_none_is_refused(notes: Any, limit: int) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="limit"):
        await found(
            notes.where(filter=FieldFilter("of", "==", "a")),
            query_vector=Vector([1.0, 0.0]), distance_measure=DistanceMeasure.COSINE, limit=limit,
        )  # fmt: skip
