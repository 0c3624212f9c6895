"""A query that production would refuse for want of an index is refused, and the message says which to add.

Google's emulator needs no indexes, so only the local server is under test.
"""

import json

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1.base_query import FieldFilter

from local.database import Database


def composite(*fields, scope="COLLECTION", group="c"):
    """``a``, ``-b`` or ``c[]``, for ascending, descending and contains."""
    return {"collectionGroup": group, "queryScope": scope, "fields": [entry(field) for field in fields]}


def entry(field):
    if field.endswith("[]"):
        return {"fieldPath": field[:-2], "arrayConfig": "CONTAINS"}
    direction = "DESCENDING" if field.startswith("-") else "ASCENDING"
    return {"fieldPath": field.lstrip("-"), "order": direction}


def override(path, *indexes):
    return {"collectionGroup": "c", "fieldPath": path, "indexes": list(indexes)}


@pytest.fixture
async def ask(serve, index_file, connect):
    """Run a query in the indexed project under these indexes; ``**``-filters are ``field=(operator, value)``."""

    async def run(indexes=(), overrides=(), filters=(), order=(), group=False, project="indexed"):
        async with serve(indexes=index_file(list(indexes), list(overrides))) as address:
            client = connect(address, project)
            await client.document("p/q/c/x").set({"a": 1, "b": 1, "d": 1, "t": [1]})
            await client.document("p/q/c/y").set({"a": 1, "b": 2, "d": 0, "t": [1]})
            query = client.collection_group("c") if group else client.collection("p/q/c")
            for path, operator, value in filters:
                query = query.where(filter=FieldFilter(path, operator, value))
            for path in order:
                query = query.order_by(path.lstrip("-"), direction="DESCENDING" if path[0] == "-" else "ASCENDING")
            return "".join([found.id async for found in query.stream()])

    return run


A, B, T = ("a", "==", 1), ("b", "==", 1), ("t", "array_contains", 1)

SERVED = [
    ({}, "xy"),
    ({"filters": [A]}, "xy"),
    ({"filters": [A, B]}, "x"),
    ({"filters": [A, T]}, "xy"),
    ({"filters": [("b", ">", 1)]}, "y"),
    ({"order": ["-b"]}, "yx"),
    ({"filters": [("b", ">", 0)], "order": ["-b"]}, "yx"),
    ({"filters": [("a", "in", [1, 2])]}, "xy"),
    ({"filters": [("a", "==", 1)], "order": ["a"]}, "xy"),
    ({"group": True}, "xy"),
    ({"filters": [A], "order": ["d"], "indexes": [composite("a", "d")]}, "yx"),
    ({"filters": [A], "order": ["d"], "indexes": [composite("-a", "d")]}, "yx"),
    ({"filters": [A], "order": ["-d"], "indexes": [composite("a", "-d")]}, "xy"),
    ({"filters": [T], "order": ["d"], "indexes": [composite("t[]", "d")]}, "yx"),
    ({"filters": [A, ("b", ">", 0)], "indexes": [composite("a", "b")]}, "xy"),
    ({"filters": [A, B], "order": ["d"], "indexes": [composite("a", "d"), composite("b", "d")]}, "x"),
    ({"order": ["a", "-b"], "indexes": [composite("a", "-b")]}, "yx"),
    ({"filters": [("b", ">", 0), ("d", ">", -1)], "indexes": [composite("b", "d")]}, "xy"),
    ({"order": ["b", "-__name__"], "indexes": [composite("b", "-__name__")]}, "xy"),
    ({"order": ["-__name__"], "indexes": [composite("-__name__")]}, "yx"),
    ({"filters": [A], "group": True, "overrides": [
        override("a", {"queryScope": "COLLECTION_GROUP", "order": "ASCENDING"})]}, "xy"),
    ({"filters": [A], "order": ["d"], "group": True, "indexes": [
        composite("a", "d", scope="COLLECTION_GROUP")]}, "yx"),
    ({"filters": [A], "overrides": [override("b")]}, "xy"),
]  # fmt: skip

REFUSED = [
    {"filters": [A], "order": ["d"]},
    {"filters": [A, ("b", ">", 0)]},
    {"filters": [("b", ">", 0), ("d", ">", 0)]},
    {"filters": [T], "order": ["d"]},
    {"order": ["a", "b"]},
    {"order": ["b", "-__name__"]},
    {"order": ["-__name__"]},
    {"filters": [A], "order": ["d"], "indexes": [composite("a", "-d")]},
    {"filters": [A], "order": ["d"], "indexes": [composite("a", "b", "d")]},
    {"filters": [A], "order": ["d"], "indexes": [composite("d", "a")]},
    {"filters": [A], "order": ["d"], "indexes": [composite("a", "d", scope="COLLECTION_GROUP")]},
    {"filters": [A], "order": ["d"], "indexes": [composite("a", "d", group="other")]},
    {"filters": [A, B], "order": ["d"], "indexes": [composite("a", "d")]},
    {"filters": [A], "group": True},
    {"order": ["a"], "group": True},
    {"filters": [A], "overrides": [override("a")]},
    {"order": ["-a"], "overrides": [override("a", {"order": "ASCENDING"})]},
    {"filters": [T], "overrides": [override("t", {"order": "ASCENDING"})]},
]


@pytest.mark.parametrize(("parts", "found"), SERVED, ids=str)
async def test_a_query_with_its_index_is_served(ask, parts, found):
    assert await ask(**parts) == found


@pytest.mark.parametrize("parts", REFUSED, ids=str)
async def test_a_query_without_its_index_is_refused_and_served_once_it_is_added(ask, parts):
    with pytest.raises(exceptions.FailedPrecondition, match="index") as refused:
        await ask(**parts)
    message = refused.value.message
    advised = json.loads(message[message.index("{") :])
    added = {key: list(parts.get(key, ())) for key in ("indexes", "overrides")}
    replaced = [o for o in added["overrides"] if o["fieldPath"] != advised.get("fieldPath")]
    if '"fieldOverrides"' in message:
        added["overrides"] = [*replaced, advised]
    else:
        added["indexes"].append(advised)
    await ask(**{**parts, **added})


@pytest.mark.parametrize("parts", REFUSED, ids=str)
async def test_another_project_needs_no_index(ask, parts):
    if parts == {"order": ["-__name__"]}:
        pytest.skip("Google's emulator refuses a walk backwards by name alone")
    await ask(**parts, project="other")


async def test_an_index_that_is_added_later_holds_what_was_written_before(serve, index_file, connect, tmp_path):
    files = [index_file(), index_file([composite("a", "d")], [override("b")]), index_file()]
    database = Database(tmp_path / "data")
    async with serve(database, indexes=files[0]) as address:
        client = connect(address, "indexed")
        for number in range(5):
            await client.document(f"c/{number}").set({"a": 1, "b": number, "d": -number})
    async with serve(database, indexes=files[1]) as address:
        query = connect(address, "indexed").collection("c").where(filter=FieldFilter("a", "==", 1)).order_by("d")
        assert [found.id async for found in query.stream()] == ["4", "3", "2", "1", "0"]
    async with serve(database, indexes=files[2]) as address:
        query = connect(address, "indexed").collection("c").order_by("b", direction="DESCENDING").limit(2)
        assert [found.id async for found in query.stream()] == ["4", "3"]
    database.close()
