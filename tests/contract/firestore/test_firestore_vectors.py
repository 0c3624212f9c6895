"""The documents nearest to a vector."""

import math

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.base_vector_query import DistanceMeasure
from google.cloud.firestore_v1.vector import Vector

STORED = {
    "a": {"e": Vector([1.0, 2.0, 3.0]), "m": 1},
    "b": {"e": Vector([2.0, 2.0, 3.0]), "m": 1},
    "c": {"e": Vector([3.0, 4.0, 5.0]), "m": 2},
    "flat": {"e": Vector([1.0, 2.0]), "m": 1},
    "none": {"m": 1},
    "list": {"e": [1.0, 2.0, 3.0], "m": 1},
    "zero": {"e": Vector([0.0, 0.0, 0.0]), "m": 3},
}


@pytest.fixture
async def vectors(client):
    batch = client.batch()
    for name, fields in STORED.items():
        batch.set(client.document("vectors", name), fields)
    await batch.commit()
    return client.collection("vectors")


async def near(query, measure=DistanceMeasure.EUCLIDEAN, limit=5, **more):
    found = await query.find_nearest("e", Vector([1.0, 2.0, 3.0]), limit, distance_measure=measure, **more).get()
    return {snapshot.id: snapshot.to_dict().get("far") for snapshot in found}


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (DistanceMeasure.EUCLIDEAN, {"a": 0.0, "b": 1.0, "c": math.sqrt(12), "zero": math.sqrt(14)}),
        (DistanceMeasure.COSINE, {"a": 0.0, "c": 1 - 26 / math.sqrt(700), "b": 1 - 15 / math.sqrt(238)}),
        (DistanceMeasure.DOT_PRODUCT, {"c": 26.0, "b": 15.0, "a": 14.0, "zero": 0.0}),
    ],
)
async def test_the_nearest_come_first_with_their_distances(vectors, measure, expected):
    found = await near(vectors, measure, limit=len(expected), distance_result_field="far")
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "threshold", "expected"),
    [
        (DistanceMeasure.EUCLIDEAN, 1.0, ["a", "b"]),
        (DistanceMeasure.COSINE, 0.02, ["a", "c"]),
        (DistanceMeasure.DOT_PRODUCT, 15.0, ["c", "b"]),
        (DistanceMeasure.EUCLIDEAN, -1.0, []),
    ],
)
async def test_none_is_farther_than_the_threshold(vectors, measure, threshold, expected):
    assert list(await near(vectors, measure, distance_threshold=threshold)) == expected


async def test_a_search_is_among_what_the_filter_leaves(vectors):
    equal = firestore.FieldFilter("m", "==", 1)
    assert list(await near(vectors.where(filter=equal))) == ["a", "b"]
    assert list(await near(vectors.where(filter=firestore.FieldFilter("m", ">", 1)), limit=1)) == ["c"]


async def test_a_search_goes_through_a_collection_group(client, vectors):
    await client.document("other/x/vectors/d").set({"e": Vector([1.0, 2.0, 2.5])})
    assert list(await near(client.collection_group("vectors"), limit=2)) == ["a", "d"]


async def test_the_distance_is_projected_like_a_field(api, vectors):
    for selected, expected in ((["far"], {"far"}), (["m"], {"m"})):
        fields = [{"field_path": path} for path in selected]
        found = await search(api, select={"fields": fields})
        assert {name for response in found for name in response.document.fields} == expected


def vector(*elements):
    return {"__type__": "__vector__", "value": list(elements)}


async def search(api, limit=3, measure=1, value=None, **query):
    nearest = {
        "vector_field": {"field_path": "e"},
        "query_vector": api.value(value if value is not None else vector(1.0, 2.0, 3.0)),
        "distance_measure": measure,
        "limit": limit,
        "distance_result_field": "far",
    }
    structured = types.StructuredQuery(from_=[{"collection_id": "vectors"}], find_nearest=nearest, **query)
    return await api.all("run_query", parent=api.documents, structured_query=structured)


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": 1001},
        {"measure": 0},
        {"value": [1.0]},
        {"value": vector()},
        {"value": vector(1, 2)},
        {"value": vector(*map(float, range(2049)))},
        {"offset": 1},
    ],
    ids=lambda asked: str(asked)[:30],
)
async def test_a_search_that_makes_no_sense_is_refused(api, asked):
    with pytest.raises(exceptions.InvalidArgument):
        await search(api, **asked)


@pytest.mark.parametrize(
    "value",
    [
        vector(),
        vector(1),
        vector(*map(float, range(2049))),
        {**vector(1.0), "more": 1},
        {"__type__": "__vector__"},
        {"__type__": "other", "value": [1.0]},
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_no_vector_is_not_stored(api, value):
    with pytest.raises(exceptions.InvalidArgument):
        await api.commit(api.update("vectors/x", e=value))


async def test_a_search_needs_its_index(serve, api_of, index_file):
    """Production's requirement, of the database that the index file names."""
    of_vectors = {"fieldPath": "e", "vectorConfig": {"dimension": 3, "flat": {}}}
    indexes = [
        {"collectionGroup": "vectors", "queryScope": "COLLECTION", "fields": [of_vectors]},
        {
            "collectionGroup": "vectors",
            "queryScope": "COLLECTION",
            "fields": [{"fieldPath": "m", "order": "ASCENDING"}, of_vectors],
        },
    ]
    file = index_file(indexes)
    async with serve(indexes=file) as address, api_of(address) as api:
        object.__setattr__(api, "database", "projects/indexed/databases/(default)")
        await api.commit(api.update("vectors/a", e=vector(1.0, 2.0, 3.0), m=1))
        equal = {"field_filter": {"field": {"field_path": "m"}, "op": "EQUAL", "value": {"integer_value": 1}}}
        other = {"field_filter": {"field": {"field_path": "n"}, "op": "EQUAL", "value": {"integer_value": 1}}}
        assert len(await search(api)) == len(await search(api, where=equal)) == 1
        with pytest.raises(exceptions.FailedPrecondition, match=r'"fieldPath": "n".*"vectorConfig": {"dimension": 3'):
            await search(api, where=other)
        with pytest.raises(exceptions.FailedPrecondition, match='"dimension": 2'):
            await search(api, value=vector(1.0, 2.0))


async def test_a_vector_is_no_map_to_write_into_or_to_ask(api):
    await api.commit(api.update("vectors/x", e=vector(1.0, 2.0)))
    filtered = {"field_filter": {"field": {"field_path": "e.value"}, "op": "ARRAY_CONTAINS", "value": api.value(1.0)}}
    query = {"from_": [{"collection_id": "vectors"}], "where": filtered}
    found = await api.all("run_query", parent=api.documents, structured_query=query)
    assert not any(response.document.name for response in found)
    await api.commit(api.update("vectors/x", mask=["e.n"], e={"n": 1}))
    assert (await api.get("vectors/x")).fields["e"] == api.value({"n": 1})
