"""Requests that no client library makes are answered alike, by the status: each on a database of its own."""

from typing import Any

import grpc.aio
import pytest

from local.firestore import messages

SERVICE = "/google.firestore.v1.Firestore/"
OWNER = (("authorization", "Bearer owner"),)
INVALID, MISSING, OK = "INVALID_ARGUMENT", "NOT_FOUND", "OK"
ONE = {"integer_value": 1}


def commit(*writes: Any) -> tuple[str, Any]:
    return "Commit", {"database": "db", "writes": list(writes)}


def update(path: str = "c/a", fields: Any = None, **more: Any) -> tuple[str, Any]:
    return commit({"update": {"name": f"~/{path}", "fields": fields or {}}, **more})


def held(value: Any) -> tuple[str, Any]:
    return update(fields={"f": value})


def query(collection: str = "c", **more: Any) -> tuple[str, Any]:
    return "RunQuery", {"parent": "~", "structured_query": {"from_": [{"collection_id": collection}], **more}}


def where(field: str, op: str, value: Any) -> Any:
    return {"field_filter": {"field": {"field_path": field}, "op": op, "value": value}}


def both(op: str, *filters: Any) -> Any:
    return {"composite_filter": {"op": op, "filters": list(filters)}}


def path(field: str) -> tuple[str, Any]:
    return update(fields={"a": ONE}, update_transforms=[{"field_path": field, "increment": ONE}])


def vector(*numbers: float) -> Any:
    values = {"array_value": {"values": [{"double_value": number} for number in numbers]}}
    return {"map_value": {"fields": {"__type__": {"string_value": "__vector__"}, "value": values}}}


def near(**more: Any) -> tuple[str, Any]:
    asked = {"vector_field": {"field_path": "v"}, "query_vector": vector(1, 0), "distance_measure": "EUCLIDEAN"}
    return query(find_nearest={**asked, "limit": {"value": 3}, **more})


def time(seconds: int, nanos: int = 0) -> Any:
    return {"timestamp_value": {"seconds": seconds, "nanos": nanos}}


def place(latitude: float, longitude: float) -> Any:
    return {"geo_point_value": {"latitude": latitude, "longitude": longitude}}


def nested(levels: int, leaf: Any) -> Any:
    return nested(levels - 1, {"map_value": {"fields": {"a": leaf}}}) if levels else leaf


LONG = "a" * 1501
TRANSFORM = {"field_path": "f", "increment": ONE}
MASK = {"field_paths": ["a"]}
CONTAINS = where("a", "ARRAY_CONTAINS", ONE)

CASES: list[tuple[str, tuple[str, Any], str]] = [
    ("a delete with a mask", commit({"delete": "~/c/a", "update_mask": MASK}), INVALID),
    ("a delete with transforms", commit({"delete": "~/c/a", "update_transforms": [TRANSFORM]}), INVALID),
    (
        "a transform with a mask",
        commit({"transform": {"document": "~/c/a", "field_transforms": [TRANSFORM]}, "update_mask": MASK}),
        INVALID,
    ),
    (
        "a field and one in it transformed",
        update(update_transforms=[TRANSFORM, {"field_path": "f.g", "increment": ONE}]),
        INVALID,
    ),
    ("a field transformed twice", update(update_transforms=[TRANSFORM, TRANSFORM]), OK),
    *((f"path {text}", path(text), OK) for text in ("`a\\n`", "`\\x41`", "`\\u0041`", "`\\101`", "`\\\\`", "____")),
    *((f"path {text}", path(text), INVALID) for text in ("`\\q`", "`\\0`", "`\\U00200000`", "a.__b__", "_____")),
    ("a reserved field in a mask", ("GetDocument", {"name": "~/c/a", "mask": {"field_paths": ["__a__"]}}), INVALID),
    ("a reserved field in a filter", query(where=where("__a__", "EQUAL", ONE)), INVALID),
    ("a reserved field in an order", query(order_by=[{"field": {"field_path": "a.__b__"}}]), INVALID),
    ("a field of four underscores", update(fields={"____": ONE}), OK),
    ("a path in a map that just fits", held({"map_value": {"fields": {"a" * 1498: ONE}}}), OK),
    ("a path in a map that is too long", held({"map_value": {"fields": {"a" * 1499: ONE}}}), INVALID),
    ("ids of four underscores", update("____/____"), OK),
    *((f"id {id_}", update(f"c/{id_}"), OK) for id_ in ("__id1__", "__id-5__", f"__id{2**63 - 1}__")),
    *((f"id {id_}", update(f"c/{id_}"), INVALID) for id_ in ("__id0__", "__id01__", "__id-0__", f"__id{2**63}__", "__id__")),
    ("reading a name that is too long", ("GetDocument", {"name": f"~/c/{LONG}"}), MISSING),
    ("deleting a name that is too long", commit({"delete": f"~/c/{LONG}"}), OK),
    ("writing a name that is too long", update(f"c/{LONG}"), INVALID),
    *((f"{value}", held(value), OK) for value in (time(-62135596800), time(253402300799, 999), place(-90, 180))),
    *(
        (f"{value}", request, INVALID)
        for value in (
            time(-62135596801),
            time(253402300800),
            time(1, -1),
            time(1, 10**9),
            place(91, 0),
            place(0, -181),
            place(float("nan"), 0),
            {"reference_value": ""},
            {"reference_value": "~/c"},
            {"reference_value": "~/c/__x__"},
        )
        for request in (
            held(value),
            query(where=where("f", "EQUAL", value)),
            query(order_by=[{"field": {"field_path": "f"}}], start_at={"values": [value], "before": True}),
            update(update_transforms=[{"field_path": "f", "append_missing_elements": {"values": [value]}}]),
        )
    ),
    ("a text that just fits", held({"string_value": "x" * 1_048_487}), OK),
    ("a text that is too long", held({"string_value": "x" * 1_048_488}), INVALID),
    ("bytes that are too long", held({"bytes_value": b"x" * 1_048_488}), INVALID),
    ("an array that is just not too deep", held(nested(20, {"array_value": {}})), OK),
    ("a map that is too deep", held(nested(20, {"map_value": {}})), INVALID),
    ("an element that is too deep", held(nested(20, {"array_value": {"values": [ONE]}})), INVALID),
    ("a vector of nothing", held(vector(float("nan"))), INVALID),
    ("version zero of no document", update(current_document={"update_time": {}}), OK),
    ("a version after all times", update(current_document={"update_time": {"seconds": 10**13}}), INVALID),
    ("a slash in a collection", query("c/d"), INVALID),
    ("a collection that is too long", query(LONG), INVALID),
    ("an order without a collection", query("", order_by=[{"field": {"field_path": "a"}}]), INVALID),
    ("names backwards without a collection", query("", order_by=[{"field": {"field_path": "__name__"}, "direction": 2}]), INVALID),
    ("no query", ("RunQuery", {"parent": "~"}), INVALID),
    ("no aggregation", ("RunAggregationQuery", {"parent": "~"}), INVALID),
    ("no parts of an OR", query(where=both("OR")), INVALID),
    ("no parts of an AND", query(where=both("AND")), OK),
    ("one array filter, said twice", query(where=both("AND", CONTAINS, CONTAINS)), OK),
    ("ten unequal fields", query(where=both("AND", *[where(f"f{i}", "NOT_EQUAL" if not i else "LESS_THAN", ONE) for i in range(10)])), OK),
    ("eleven unequal fields", query(where=both("AND", *[where(f"f{i}", "LESS_THAN", ONE) for i in range(11)])), INVALID),
    ("eleven fields that are more than null", query(where=both("AND", *[where(f"f{i}", "GREATER_THAN", {"null_value": 0}) for i in range(11)])), OK),
    ("a name beside what is more than null", query(where=both("AND", where("__name__", "EQUAL", {"reference_value": "~/c/a"}), where("a", "GREATER_THAN", {"null_value": 0}))), OK),
    ("a name beside what is more than one", query(where=both("AND", where("__name__", "EQUAL", {"reference_value": "~/c/a"}), where("a", "GREATER_THAN", ONE))), INVALID),
    ("two negations, one of which nothing satisfies", query(where=both("AND", where("a", "NOT_EQUAL", {"null_value": 0}), where("b", "NOT_EQUAL", ONE))), INVALID),
    ("a cursor at a collection", query(order_by=[{"field": {"field_path": "__name__"}}], start_at={"values": [{"reference_value": "~/c"}]}), INVALID),
    *((f"{size} bytes compared", query(where=where("f", "EQUAL", {"string_value": "x" * size})), status) for size, status in ((1499, OK), (1500, INVALID))),
    ("a list of lists that is too large", query(where=where("f", "EQUAL", {"array_value": {"values": [ONE] * 188}})), INVALID),
    ("missing of all collections", ("ListDocuments", {"parent": "~", "show_missing": True}), INVALID),
    ("creating below a collection", ("CreateDocument", {"parent": "~/a", "collection_id": "c", "document_id": "x/y"}), INVALID),
    ("a limit beside the nearest", ("RunQuery", {"parent": "~", "structured_query": {**near()[1]["structured_query"], "limit": {"value": 1}}}), INVALID),
    ("a threshold that is no number", near(distance_threshold={"value": float("inf")}), INVALID),
    ("a reserved name for a distance", near(distance_result_field="__d__"), INVALID),
]  # fmt: skip


def filled(request: Any, database: str) -> Any:
    """With the names of a database in place of ``db`` and ``~``."""
    match request:
        case dict():
            return {key: filled(value, database) for key, value in request.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [filled(value, database) for value in request]  # pyright: ignore[reportUnknownVariableType]
        case "db":
            return database
        case str() if request[:1] == "~":
            return f"{database}/documents{request[1:]}"
        case _:
            return request


async def answer(channel: grpc.aio.Channel, method: str, request: Any, database: str) -> list[bytes]:
    message = getattr(messages, f"{method}Request")(**filled(request, database)).SerializeToString()
    if method.startswith("Run"):
        return [found async for found in channel.unary_stream(SERVICE + method)(message, metadata=OWNER)]
    return [await channel.unary_unary(SERVICE + method)(message, metadata=OWNER)]


async def test_odd_requests_get_the_status_that_they_should(address: str, project: str) -> None:
    answered: dict[str, str] = {}
    async with grpc.aio.insecure_channel(address) as channel:
        for number, (name, (method, request), _) in enumerate(CASES):
            try:
                await answer(channel, method, request, f"projects/{project}-{number}/databases/(default)")
            except grpc.aio.AioRpcError as error:
                answered[f"{number} {name}"] = error.code().name
            else:
                answered[f"{number} {name}"] = OK
    assert answered == {f"{number} {name}": status for number, (name, _, status) in enumerate(CASES)}


async def test_a_name_asked_for_in_a_group_is_found_once(address: str, project: str) -> None:
    database = f"projects/{project}/databases/(default)"
    async with grpc.aio.insecure_channel(address) as channel:
        await answer(
            channel, *commit(*[{"update": {"name": f"~/{p}"}} for p in ("c/a", "d/a/c/b", "e/a/c/c")]), database
        )
        asked = query(where=where("__name__", "EQUAL", {"reference_value": "~/c/a"}))
        asked[1]["structured_query"]["from_"][0]["all_descendants"] = True
        found = [messages.RunQueryResponse.FromString(one) for one in await answer(channel, *asked, database)]
    assert [one.document.name for one in found if one.HasField("document")] == [f"{database}/documents/c/a"]


async def test_the_nearest_come_with_their_times_and_can_be_counted(address: str, project: str) -> None:
    database = f"projects/{project}/databases/(default)"
    async with grpc.aio.insecure_channel(address) as channel:
        vectors = [vector(1, 0), vector(2, 0), vector(0, 0), vector(9, 9), vector(1, 2, 3)]
        writes = [{"update": {"name": f"~/c/{i}", "fields": {"v": v}}} for i, v in enumerate(vectors)]
        await answer(channel, *commit(*writes), database)
        responses = await answer(channel, *near(distance_measure="COSINE", limit={"value": 4}), database)
        found = [messages.RunQueryResponse.FromString(one).document for one in responses]
        assert [one.name[-1] for one in found] == ["0", "1", "3", "2"]  # the angle to nothing is none
        assert all(one.HasField("create_time") and one.HasField("update_time") for one in found)
        counted = {"structured_query": near()[1]["structured_query"], "aggregations": [{"alias": "n", "count": {}}]}
        request = {"parent": "~", "structured_aggregation_query": counted}
        (response,) = await answer(channel, "RunAggregationQuery", request, database)
    result = messages.RunAggregationQueryResponse.FromString(response).result
    assert result.aggregate_fields["n"].integer_value == 3


async def test_a_commit_that_makes_no_sense_leaves_its_transaction_open(address: str, project: str) -> None:
    database = f"projects/{project}/databases/(default)"
    async with grpc.aio.insecure_channel(address) as channel:
        (begun,) = await answer(channel, "BeginTransaction", {"database": "db"}, database)
        transaction = messages.BeginTransactionResponse.FromString(begun).transaction
        method, request = update(fields={"__a__": ONE})
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await answer(channel, method, {**request, "transaction": transaction}, database)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        method, request = update(fields={"a": ONE})
        await answer(channel, method, {**request, "transaction": transaction}, database)


@pytest.mark.parametrize("size", [2, 3])
async def test_a_page_that_is_full_has_a_token(address: str, project: str, size: int) -> None:
    database = f"projects/{project}/databases/(default)"
    async with grpc.aio.insecure_channel(address) as channel:
        await answer(channel, *commit(*[{"update": {"name": f"~/c/{i}"}} for i in range(2)]), database)
        request = {"parent": "~", "collection_id": "c", "page_size": size}
        (listed,) = await answer(channel, "ListDocuments", request, database)
        page = messages.ListDocumentsResponse.FromString(listed)
        assert (len(page.documents), bool(page.next_page_token)) == (2, size == 2)
        if page.next_page_token:
            request["page_token"] = page.next_page_token
            (listed,) = await answer(channel, "ListDocuments", request, database)
            assert not messages.ListDocumentsResponse.FromString(listed).documents
