"""Which documents a query finds, and in which order."""

import pytest
from google.api_core import exceptions
from google.cloud.firestore_v1 import types
from wire_values import value_of

CITIES = {
    "a": {"state": "CA", "size": 5, "tags": ["x", "y"]},
    "b": {"state": "CA", "size": 3, "tags": ["y"]},
    "c": {"state": "NY", "size": 5, "deep": {"odd.key": 1}},
    "d": {"state": "NY", "size": 1.5, "tags": []},
    "e": {"state": None, "size": float("nan")},
    "f": {"size": "big", "tags": ["x", None]},
}


def field(path, operator, value):
    return types.StructuredQuery.Filter(
        field_filter={"field": {"field_path": path}, "op": operator, "value": value_of(value)}
    )


def unary(path, operator):
    return types.StructuredQuery.Filter(unary_filter={"field": {"field_path": path}, "op": operator})


def both(*filters):
    return types.StructuredQuery.Filter(composite_filter={"op": "AND", "filters": filters})


def either(*filters):
    return types.StructuredQuery.Filter(composite_filter={"op": "OR", "filters": filters})


def query_of(collection="cities", where=None, order=(), start=None, end=None, group=False, **parts):
    """``order``: paths, with a minus for descending. ``start`` and ``end``: values and whether before them."""
    selector = {"collection_id": collection, "all_descendants": group}
    query = types.StructuredQuery(from_=[selector], **parts)
    if where is not None:
        query.where = where
    for path in order:
        direction = "DESCENDING" if path.startswith("-") else "ASCENDING"
        query.order_by.append({"field": {"field_path": path.lstrip("-")}, "direction": direction})
    for name, cursor in (("start_at", start), ("end_at", end)):
        if cursor is not None:
            setattr(query, name, {"values": [value_of(value) for value in cursor[0]], "before": cursor[1]})
    return query


@pytest.fixture
async def find(api):
    """The paths below ``cities`` of what a query finds."""
    await api.commit(*(api.update(f"cities/{name}", **fields) for name, fields in CITIES.items()))

    async def run(**parts):
        responses = await api.all("run_query", parent=api.documents, structured_query=query_of(**parts))
        names = [r.document.name.removeprefix(api.documents + "/") for r in responses if r.document.name]
        return "".join(name.removeprefix("cities/") for name in names)

    return run


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (field("state", "EQUAL", "CA"), "ab"),
        (field("size", "EQUAL", 5.0), "ac"),
        (field("size", "LESS_THAN", 5), "db"),
        (field("size", "LESS_THAN_OR_EQUAL", 5), "dbac"),
        (field("size", "GREATER_THAN", 1.5), "bac"),
        (field("size", "GREATER_THAN_OR_EQUAL", 1.5), "dbac"),
        (field("size", "GREATER_THAN", ""), "f"),
        (field("size", "NOT_EQUAL", 5), "edbf"),
        (field("state", "NOT_EQUAL", "CA"), "cd"),
        (field("size", "IN", [5, "big", 7]), "acf"),
        (field("state", "IN", [None, "NY"]), "cd"),
        (field("state", "NOT_IN", ["NY", "TX"]), "ab"),
        (field("state", "NOT_IN", ["NY", None]), ""),
        (field("tags", "ARRAY_CONTAINS", "x"), "af"),
        (field("tags", "ARRAY_CONTAINS_ANY", ["x", "y"]), "abf"),
        (field("tags", "EQUAL", ["y"]), "b"),
        (field("tags", "EQUAL", ()), "d"),
        (field("deep.`odd.key`", "EQUAL", 1), "c"),
        (unary("state", "IS_NULL"), "e"),
        (unary("size", "IS_NAN"), "e"),
        (unary("state", "IS_NOT_NULL"), "abcd"),
        (unary("size", "IS_NOT_NAN"), "dbacf"),
        (field("state", "EQUAL", None), ""),
        (field("size", "EQUAL", float("nan")), ""),
        (field("none", "EQUAL", 1), ""),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
async def test_a_filter_finds(find, where, found):
    assert await find(where=where) == found


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"where": both(field("state", "EQUAL", "CA"), field("size", "EQUAL", 5))}, "a"),
        ({"where": both(field("state", "EQUAL", "CA"), field("tags", "ARRAY_CONTAINS", "y"))}, "ab"),
        ({"where": either(field("state", "EQUAL", "CA"), field("size", "EQUAL", 5))}, "abc"),
        ({"where": either(field("state", "EQUAL", "CA"), field("size", "GREATER_THAN", 2))}, "bac"),
        ({"where": both(field("size", "GREATER_THAN", 2), field("state", "LESS_THAN", "Z"))}, "bac"),
        ({"where": both(field("size", "GREATER_THAN", 2), field("state", "LESS_THAN", "Z")),
          "order": ["-state"]}, "cab"),
        ({"where": field("state", "IN", ["NY", "CA"]), "order": ["-size"], "limit": 3}, "cab"),
        ({"order": ["size"]}, "edbacf"),
        ({"order": ["-size"]}, "fcabde"),
        ({"order": ["state", "-size"]}, "eabcd"),
        ({"order": ["size", "-__name__"]}, "edbcaf"),
        ({"order": ["-size"], "limit": 2, "offset": 1}, "ca"),
        ({"limit": 0}, ""),
        ({"offset": 4}, "ef"),
    ],
)  # fmt: skip
async def test_filters_and_orders_combine(find, parts, found):
    assert await find(**parts) == found


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"order": ["size"], "start": ([5], True)}, "acf"),
        ({"order": ["size"], "start": ([5], False)}, "f"),
        ({"order": ["size"], "end": ([3], True)}, "ed"),
        ({"order": ["size"], "end": ([3], False)}, "edb"),
        ({"order": ["-size"], "start": ([5], False), "limit": 2}, "bd"),
        ({"order": ["-size"], "start": ([5], True), "end": ([3], False)}, "cab"),
        ({"order": ["state", "size"], "start": (["CA", 4], True), "limit": 2}, "ad"),
    ],
)
async def test_cursors_bound_the_order(find, parts, found):
    assert await find(**parts) == found


@pytest.mark.parametrize(
    ("order", "values", "found"),
    [
        (["__name__"], ["cities/c"], "def"),
        (["size", "__name__"], [5, "cities/a"], "cf"),
        (["-size", "-__name__"], [5, "cities/c"], "abde"),
    ],
)
async def test_a_cursor_may_end_in_the_name(api, find, order, values, found):
    *others, name = values
    reference = types.Value(reference_value=api.name(name))
    assert await find(order=order, start=([*others, reference], False)) == found


@pytest.mark.parametrize(
    ("operator", "names", "found"),
    [
        ("EQUAL", "b", "b"),
        ("EQUAL", "z", ""),
        ("IN", "zda", "ad"),
        ("GREATER_THAN", "d", "ef"),
        ("LESS_THAN_OR_EQUAL", "b", "ab"),
        ("NOT_EQUAL", "c", "abdef"),
        ("NOT_IN", "abcd", "ef"),
    ],
)
async def test_names_are_filtered_by_references(api, find, operator, names, found):
    references = [types.Value(reference_value=api.name(f"cities/{name}")) for name in names]
    operand = references if operator in ("IN", "NOT_IN") else references[0]
    assert await find(where=field("__name__", operator, operand)) == found


@pytest.fixture
async def tree(api):
    """Nodes in several places."""
    places = {"g/1/k/a": 3, "g/1/k/c": 2, "g/1/k/c/m/x/k/e": 5, "g/2/k/b": 1, "h/1/k/f": 5, "k/d": 0}
    await api.commit(*(api.update(path, z=z, t=["p"] if z > 2 else []) for path, z in places.items()))


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({}, ["g/1/k/a", "g/1/k/c", "g/1/k/c/m/x/k/e", "g/2/k/b", "h/1/k/f", "k/d"]),
        ({"order": ["-z"], "limit": 3}, ["h/1/k/f", "g/1/k/c/m/x/k/e", "g/1/k/a"]),
        ({"where": field("z", "GREATER_THAN", 2)}, ["g/1/k/a", "g/1/k/c/m/x/k/e", "h/1/k/f"]),
        ({"where": field("t", "ARRAY_CONTAINS", "p"), "limit": 2}, ["g/1/k/a", "g/1/k/c/m/x/k/e"]),
    ],
)
@pytest.mark.usefixtures("tree")
async def test_a_collection_group_is_found_everywhere(api, parts, found):
    query = query_of("k", group=True, **parts)
    responses = await api.all("run_query", parent=api.documents, structured_query=query)
    assert [r.document.name.removeprefix(api.documents + "/") for r in responses] == found


@pytest.mark.usefixtures("tree")
async def test_a_query_stays_below_its_parent(api):
    parent = api.name("g/1")
    for group, found in ((False, ["a", "c"]), (True, ["a", "c", "e"])):
        responses = await api.all("run_query", parent=parent, structured_query=query_of("k", group=group))
        assert [r.document.name[-1] for r in responses] == found
    ordered = query_of("k", group=True, order=["n"])
    with pytest.raises(exceptions.InvalidArgument, match="root"):
        await api.all("run_query", parent=parent, structured_query=ordered)


@pytest.mark.usefixtures("tree")
async def test_collections_of_any_id_are_walked_by_name(api):
    """What recursive deletion asks for."""
    responses = await api.all("run_query", parent=api.name("g/1"), structured_query=query_of("", group=True))
    assert [r.document.name[-1] for r in responses] == ["a", "c", "e"]


@pytest.mark.parametrize(
    ("paths", "kept"), [(["size", "tags"], {"size", "tags"}), (["__name__"], set()), ([], set())]
)
async def test_a_projection_keeps_only_its_fields(api, find, paths, kept):
    assert await find(limit=1) == "a"
    query = query_of(limit=1, select={"fields": [{"field_path": path} for path in paths]})
    (response,) = await api.all("run_query", parent=api.documents, structured_query=query)
    assert set(response.document.fields) == kept


async def test_a_query_without_results_says_when_it_was_read(api):
    (response,) = await api.all("run_query", parent=api.documents, structured_query=query_of("none"))
    assert response.read_time
    assert not response.document.name


NE = field("a", "NOT_EQUAL", 1)
CONTAINS = field("a", "ARRAY_CONTAINS", 1)


@pytest.mark.parametrize(
    "parts",
    [
        {"limit": -1},
        {"offset": -1},
        {"order": ["a", "a"]},
        {"order": ["__name__", "a"]},
        {"where": field("a", "IN", ())},
        {"where": field("a", "IN", 1)},
        {"where": field("a", "IN", range(31))},
        {"where": field("a", "NOT_IN", range(11))},
        {"where": both(NE, field("b", "NOT_IN", [1]))},
        {"where": both(field("a", "NOT_IN", [1]), field("b", "IN", [1]))},
        {"where": both(CONTAINS, field("b", "ARRAY_CONTAINS_ANY", [1]))},
        {"where": both(CONTAINS, field("a", "ARRAY_CONTAINS", 1.0))},
        {"where": field("__name__", "EQUAL", "text")},
        {"where": field("a", "EQUAL", "x" * 1600)},
        {"order": ["a"], "start": ([1, 2], True)},
        {"order": ["__name__"], "start": (["text"], True)},
        {"collection": "__reserved__"},
        {"where": both(field("a", "IN", range(6)), field("b", "IN", range(6)))},
    ],
    ids=str,
)
async def test_what_is_no_query_is_refused(api, parts):
    with pytest.raises(exceptions.InvalidArgument):
        await api.all("run_query", parent=api.documents, structured_query=query_of(**parts))


async def test_a_walk_backwards_by_name_alone_is_refused(api):
    with pytest.raises(exceptions.FailedPrecondition):
        await api.all("run_query", parent=api.documents, structured_query=query_of("c", order=["-__name__"]))


async def test_the_clients_cursors_and_limit_to_last_work(client):
    for number in range(6):
        await client.document(f"c/{number}").set({"n": number // 2})
    query = client.collection("c").order_by("n")
    page = [found async for found in query.limit(3).stream()]
    rest = [found.id async for found in query.start_after(page[-1]).stream()]
    assert rest == ["3", "4", "5"]
    assert [found.id for found in await query.limit_to_last(2).get()] == ["4", "5"]
