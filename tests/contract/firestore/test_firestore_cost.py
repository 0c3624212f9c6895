"""The cost of a query follows its result: how many steps SQLite takes does not grow with the database."""

import pytest
from google.cloud.firestore_v1 import types

from local.database import Database

FILTER = {"field": {"field_path": "active"}, "op": "EQUAL", "value": {"boolean_value": True}}


@pytest.fixture
def database():
    opened = Database(None)
    yield opened
    opened.close()


@pytest.fixture
async def address(serve, database):
    async with serve(database) as served:
        yield served


async def steps(api, database, parent, query):
    """Hundreds of virtual machine steps that SQLite takes for the query, and the ids it finds. It is asked twice:
    the first time brings into the tables what was written before."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    await api.all("run_query", parent=parent, structured_query=query)
    database.connection.set_progress_handler(count, 100)
    found = await api.all("run_query", parent=parent, structured_query=query)
    database.connection.set_progress_handler(None, 0)
    return taken, [r.document.name.rpartition("/")[2] for r in found if r.document.name]


async def fill(api, executions, nodes):
    for execution in range(executions):
        writes = [
            api.update(
                f"executions/{execution}/nodes/{node}", active=node % 2 == 0, rank=node, tags=["all", str(node)]
            )
            for node in range(nodes)
        ]
        await api.commit(*writes)


async def test_a_query_of_one_collection_touches_only_its_own(api, database):
    await fill(api, 300, 4)
    query = types.StructuredQuery(from_=[{"collection_id": "nodes"}], where={"field_filter": FILTER}, limit=1)
    taken, found = await steps(api, database, api.name("executions/7"), query)
    assert found == ["0"]
    assert taken < 5


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"where": {"field_filter": FILTER}}, ["0", "10"]),
        ({"order_by": [{"field": {"field_path": "rank"}, "direction": "DESCENDING"}]}, ["999", "998"]),
        ({"where": {"field_filter": {"field": {"field_path": "rank"}, "op": "GREATER_THAN",
                                     "value": {"integer_value": 600}}}}, ["601", "602"]),
        ({"where": {"field_filter": {"field": {"field_path": "tags"}, "op": "ARRAY_CONTAINS",
                                     "value": {"string_value": "77"}}}}, ["77"]),
        ({"where": {"composite_filter": {"op": "AND", "filters": [
            {"field_filter": FILTER},
            {"field_filter": {"field": {"field_path": "rank"}, "op": "EQUAL", "value": {"integer_value": 42}}}]}}},
         ["42"]),
        ({"where": {"field_filter": FILTER}, "order_by": [{"field": {"field_path": "rank"}}]}, ["0", "2"]),
        ({"order_by": [{"field": {"field_path": "rank"}}],
          "start_at": {"values": [{"integer_value": 500}], "before": False}}, ["501", "502"]),
        ({}, ["0", "1"]),
    ],
)  # fmt: skip
async def test_a_limited_query_of_a_large_collection_is_cheap(api, database, parts, expected):
    for start in range(0, 1000, 500):
        await api.commit(
            *(
                api.update(f"c/{n}", active=n % 2 == 0, rank=n, tags=["all", str(n)])
                for n in range(start, start + 500)
            )
        )
    query = types.StructuredQuery(from_=[{"collection_id": "c"}], limit=2, **parts)
    taken, found = await steps(api, database, api.documents, query)
    assert found == expected
    assert taken < 60
