"""Values of all types in Firestore's order, by index and by comparison."""

import pytest
from google.cloud.firestore_v1 import types

V = types.Value


def vector(*numbers):
    array = {"values": [V(double_value=number) for number in numbers]}
    return V(map_value={"fields": {"__type__": V(string_value="__vector__"), "value": V(array_value=array)}})


def array(*values):
    return V(array_value={"values": values})


def mapped(**fields):
    return V(map_value={"fields": fields})


ONE = V(integer_value=1)
ASCENDING = [
    V(null_value=0),
    V(boolean_value=False),
    V(boolean_value=True),
    V(double_value=float("nan")),
    V(double_value=float("-inf")),
    V(integer_value=-(2**63)),
    V(double_value=-1.5),
    V(integer_value=-1),
    V(double_value=-0.5),
    V(integer_value=0),
    V(double_value=5e-324),
    ONE,
    V(double_value=1.5),
    V(integer_value=2**53),
    V(integer_value=2**53 + 1),
    V(integer_value=2**63 - 1),
    V(double_value=2.0**63),
    V(double_value=float("inf")),
    V(timestamp_value={"seconds": -1}),
    V(timestamp_value={"seconds": 5, "nanos": 1000}),
    V(string_value=""),
    V(string_value="a"),
    V(string_value="a\x00"),
    V(string_value="a\x00b"),
    V(string_value="ab"),
    V(string_value="é"),
    V(string_value="\uffff"),
    V(string_value="😀"),
    V(bytes_value=b""),
    V(bytes_value=b"\x00"),
    V(bytes_value=b"a"),
    V(reference_value="projects/p/databases/d/documents/a/b"),
    V(reference_value="projects/p/databases/d/documents/a/b/c/d"),
    V(reference_value="projects/p/databases/d/documents/a/c"),
    V(geo_point_value={"latitude": -1, "longitude": 5}),
    V(geo_point_value={"latitude": 1, "longitude": 1}),
    V(geo_point_value={"latitude": 1, "longitude": 2}),
    array(),
    array(ONE),
    array(ONE, ONE),
    array(V(integer_value=2)),
    vector(3.0),
    vector(1.0, 2.0),
    mapped(),
    mapped(a=ONE),
    mapped(a=ONE, b=ONE),
    mapped(a=V(integer_value=2)),
    mapped(b=V(integer_value=0)),
]
EQUAL = [
    (V(integer_value=0), V(double_value=-0.0)),
    (V(integer_value=2**53), V(double_value=2.0**53)),
    (V(integer_value=-(2**63)), V(double_value=-(2.0**63))),
    (array(ONE), array(V(double_value=1.0))),
]


@pytest.fixture
async def run(api):
    writes = [api.update(f"c/{(n * 29) % len(ASCENDING):02}", x=value, rank=n) for n, value in enumerate(ASCENDING)]
    await api.commit(*writes)

    async def run(**query):
        structured = types.StructuredQuery(from_=[{"collection_id": "c"}], **query)
        found = await api.all("run_query", parent=api.documents, structured_query=structured)
        return [r.document.fields["rank"].integer_value for r in found if r.document.name]

    return run


async def test_values_are_ordered(run):
    by = {"field": {"field_path": "x"}}
    ranks = list(range(len(ASCENDING)))
    assert await run(order_by=[by]) == ranks
    assert await run(order_by=[{**by, "direction": "DESCENDING"}]) == ranks[::-1]


async def test_a_cursor_at_each_value_begins_there(run):
    for rank, value in enumerate(ASCENDING):
        cursor = {"values": [value], "before": True}
        found = await run(order_by=[{"field": {"field_path": "x"}}], start_at=cursor, limit=2)
        assert found == list(range(len(ASCENDING)))[rank : rank + 2]


async def test_equality_finds_exactly_the_value(run):
    for rank, value in enumerate(ASCENDING):
        where = {"field_filter": {"field": {"field_path": "x"}, "op": "EQUAL", "value": value}}
        assert await run(where=where) == ([rank] if rank not in (0, 3) else [])  # null and NaN equal nothing


@pytest.mark.parametrize(("stored", "sought"), EQUAL)
async def test_equal_numbers_are_equal_whatever_their_type(api, stored, sought):
    await api.commit(api.update("c/a", x=stored))
    where = {"field_filter": {"field": {"field_path": "x"}, "op": "EQUAL", "value": sought}}
    query = types.StructuredQuery(from_=[{"collection_id": "c"}], where=where)
    (found,) = await api.all("run_query", parent=api.documents, structured_query=query)
    assert found.document.name == api.name("c/a")


async def test_names_are_ordered_numbers_first(api):
    ids = ["__id-5__", "__id7__", "__id10__", "10", "9", "A", "a", "a!", "é"]
    await api.commit(*(api.update(f"c/{one}") for one in reversed(ids)))
    query = types.StructuredQuery(from_=[{"collection_id": "c"}])
    found = await api.all("run_query", parent=api.documents, structured_query=query)
    assert [r.document.name.rpartition("/")[2] for r in found] == ids
