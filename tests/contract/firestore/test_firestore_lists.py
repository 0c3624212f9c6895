"""Lists of documents and of collections, page by page, and aggregations."""

import math

import pytest
from google.api_core import exceptions


async def pages(api, method, size, **request):
    """Each page as a list of ids. A token may lead to an empty page, which is left out."""
    token, found = "", []
    while True:
        page = await api.call(method, page_size=size, page_token=token, **request)
        response = page._response
        names = [d.name for d in response.documents] if method == "list_documents" else response.collection_ids
        found.append([name.rpartition("/")[2] for name in names])
        token = response.next_page_token
        if not token:
            return [page for page in found if page]


async def test_documents_are_listed_in_pages(api):
    await api.commit(*(api.update(f"c/{n}", rank=-(n // 2)) for n in range(5)), api.update("c/1/d/x"))
    request = {"parent": api.documents, "collection_id": "c"}
    assert await pages(api, "list_documents", 2, **request) == [["0", "1"], ["2", "3"], ["4"]]
    assert await pages(api, "list_documents", 5, **request) == [["0", "1", "2", "3", "4"]]
    assert await pages(api, "list_documents", 9, order_by="rank desc", **request) == [["1", "0", "3", "2", "4"]]
    masked = await api.call("list_documents", mask={"field_paths": ["none"]}, **request)
    assert all(not document.fields for document in masked._response.documents)


async def test_an_ordered_list_goes_on_where_the_page_ended(serve, api_of):
    """Google's emulator answers UNKNOWN to the second page of an ordered list."""
    async with serve() as address, api_of(address) as api:
        await api.commit(*(api.update(f"c/{n}", rank=-(n // 2)) for n in range(5)))
        request = {"parent": api.documents, "collection_id": "c", "order_by": "rank desc"}
        assert await pages(api, "list_documents", 3, **request) == [["1", "0", "3"], ["2", "4"]]


async def test_missing_documents_with_something_below_are_listed_on_demand(api):
    await api.commit(api.update("c/b"), api.update("c/a/d/x"), api.update("c/z/d/x/e/y"))
    request = {"parent": api.documents, "collection_id": "c"}
    assert await pages(api, "list_documents", 2, show_missing=True, mask={}, **request) == [["a", "b"], ["z"]]
    assert await pages(api, "list_documents", 5, **request) == [["b"]]


async def test_collections_are_listed_in_pages(api):
    await api.commit(api.update("a/1"), api.update("b/1/x/1"), api.update("b/1/y/1"), api.update("c/1"))
    assert await pages(api, "list_collection_ids", 2, parent=api.documents) == [["a", "b"], ["c"]]
    assert await pages(api, "list_collection_ids", 5, parent=api.name("b/1")) == [["x", "y"]]
    await api.commit(api.delete("a/1"))
    assert await pages(api, "list_collection_ids", 5, parent=api.documents) == [["b", "c"]]


async def test_lists_of_the_past_know_what_came_and_went_since(api):
    then = await api.commit(api.update("c/a/x/1"), api.update("c/a/x/2"), api.update("c/b/y/1"))
    await api.commit(api.delete("c/b/y/1"), api.delete("c/a/x/2"), api.update("c/a/z/1"), api.update("c/d/x/1"))
    request = {"parent": api.documents, "collection_id": "c", "show_missing": True, "mask": {}}
    assert await pages(api, "list_documents", 9, **request) == [["a", "d"]]
    assert await pages(api, "list_documents", 9, read_time=then.commit_time, **request) == [["a", "b"]]
    parent = api.name("c/a")
    assert await pages(api, "list_collection_ids", 9, parent=parent) == [["x", "z"]]
    assert await pages(api, "list_collection_ids", 9, parent=parent, read_time=then.commit_time) == [["x"]]


@pytest.mark.parametrize("request_", [{"page_token": "zzz"}, {"order_by": "a", "show_missing": True}], ids=str)
async def test_a_list_that_makes_no_sense_is_refused(api, request_):
    with pytest.raises(exceptions.InvalidArgument):
        await api.call("list_documents", parent=api.documents, collection_id="c", **request_)


async def aggregated(api, aggregations, **query):
    request = {"structured_query": {"from_": [{"collection_id": "c"}], **query}, "aggregations": aggregations}
    (response,) = await api.all("run_aggregation_query", parent=api.documents, structured_aggregation_query=request)
    return dict(response.result.aggregate_fields)


def on(operator, path, alias=""):
    return {"alias": alias or operator, operator: {"field": {"field_path": path}}}


async def test_results_are_counted_summed_and_averaged(api):
    await api.commit(*(api.update(f"c/{n}", n=n, other=1) for n in range(4)), api.update("c/x", n="text", other=1))
    counts = await aggregated(api, [{"count": {}}, {"alias": "some", "count": {"up_to": 2}}])
    assert counts == {"field_1": api.value(5), "some": api.value(2)}
    assert await aggregated(api, [{"alias": "all", "count": {}}], limit=3, offset=1) == {"all": api.value(3)}
    assert await aggregated(api, [on("sum", "n"), on("avg", "n")]) == {"sum": api.value(6), "avg": api.value(1.5)}


async def test_the_sum_of_nothing_is_zero_and_the_average_null(api):
    found = await aggregated(api, [on("sum", "n"), on("avg", "n"), {"alias": "count", "count": {}}])
    assert found == {"sum": api.value(0), "avg": api.value(None), "count": api.value(0)}


@pytest.mark.parametrize(
    ("numbers", "total"),
    [
        ((1, 2.5), 3.5),
        ((1.5, 1.5), 3.0),
        ((2**63 - 1, 1), 2.0**63),
        ((2**63 - 1, 1, -1), 2**63 - 1),
        ((float("inf"), 1), float("inf")),
    ],
)
async def test_a_sum_is_an_integer_while_it_can_be(api, numbers, total):
    await api.commit(*(api.update(f"c/{n}", n=number) for n, number in enumerate(numbers)))
    assert await aggregated(api, [on("sum", "n")]) == {"sum": api.value(total)}


async def test_a_sum_over_nan_is_nan(api):
    await api.commit(api.update("c/a", n=float("nan")), api.update("c/b", n=1))
    assert math.isnan((await aggregated(api, [on("sum", "n")]))["sum"].double_value)


async def test_only_documents_with_all_aggregated_fields_count(api):
    await api.commit(api.update("c/a", n=1, m=1), api.update("c/b", n=5))
    assert await aggregated(api, [on("sum", "n", "n"), on("sum", "m", "m")]) == {"n": api.value(1), "m": api.value(1)}


async def test_a_limit_counts_from_the_least_of_the_aggregated_field(api):
    await api.commit(*(api.update(f"c/{n}", n=9 - n, m=n % 3) for n in range(9)), api.update("c/x", m=0))
    found = await aggregated(api, [on("sum", "n"), {"alias": "count", "count": {}}], limit=3)
    assert found == {"sum": api.value(6), "count": api.value(3)}
    descending = {"order_by": [{"field": {"field_path": "m"}, "direction": "DESCENDING"}], "limit": 2}
    assert await aggregated(api, [on("sum", "n")], **descending) == {"sum": api.value(11)}


@pytest.mark.parametrize(
    "aggregations",
    [
        [on("sum", "__name__")],
        [{"alias": "__a__", "count": {}}],
        [],
        [{"alias": "a", "count": {}}, {"alias": "a", "count": {}}],
        [{"alias": "a"}],
    ],
    ids=str,
)
async def test_aggregations_that_make_no_sense_are_refused(api, aggregations):
    with pytest.raises(exceptions.InvalidArgument):
        await aggregated(api, aggregations)
