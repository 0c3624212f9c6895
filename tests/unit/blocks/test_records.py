"""Do the blocks of lists of records keep every element, and none twice?"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.blocks import catalog, runner


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block_type: str, values: dict[str, Any]) -> dict[str, Any]:
        block = catalog.get(block_type)
        found = await runner.collect(block, catalog.read_input(block, values), context())
        assert found.failure is None, found.failure
        return dict(found.tokens)

    return go


async def test_zero_and_false_are_values_of_their_own(run: Any) -> None:
    items = [{"a": 0}, {"a": False}, {"a": None}, {}, {"a": ""}]
    assert (await run("REMOVE_DUPLICATES", {"list": items, "by": ["a"]}))["unique_list"] == [
        {"a": 0}, {"a": False}, {"a": None}, {"a": ""},
    ]  # fmt: skip
    rows = (await run("AGGREGATE_LIST", {"list": items, "group_by": ["a"], "columns": [{}]}))["rows"]
    assert rows == [{"a": 0, "count": 1}, {"a": False, "count": 1}, {"a": None, "count": 2}, {"a": "", "count": 1}]


@pytest.mark.parametrize(
    ("summary", "value"),
    [
        ("count", 4), ("sum", 6), ("mean", 2), ("min", 1), ("max", "x"), ("first", 1), ("last", "x"),
        ("list", [1, 2, "3", "x"]), ("unique", [1, 2, "3", "x"]),
    ],
)  # fmt: skip
async def test_a_column_is_summed_up(run: Any, summary: str, value: Any) -> None:
    items = [{"n": 1}, {"n": 2}, {"n": "3"}, {"n": "x"}, {"n": None}, {}]
    rows = (await run("AGGREGATE_LIST", {"list": items, "columns": [{"field": "n", "summary": summary}]}))["rows"]
    assert rows == [{f"n_{summary}": value}]


async def test_of_nothing_there_is_one_sum_and_no_group(run: Any) -> None:
    columns = [{"field": "n", "summary": "sum"}, {"summary": "mean"}, {"summary": "first"}]
    assert (await run("AGGREGATE_LIST", {"list": [], "columns": columns}))["rows"] == [
        {"n_sum": 0, "mean": None, "first": None}
    ]
    assert (await run("AGGREGATE_LIST", {"list": [], "columns": columns, "group_by": ["a"]}))["rows"] == []


@pytest.mark.parametrize(
    ("join", "merged"),
    [
        ("inner", [{"k": 2, "b": 1}, {"k": 2, "b": 2}]),
        ("left", [{"k": 1}, {"k": 2, "b": 1}, {"k": 2, "b": 2}]),
        ("outer", [{"k": 1}, {"k": 2, "b": 1}, {"k": 2, "b": 2}, {"k": 3, "b": 3}]),
    ],
)
async def test_records_are_joined_as_a_database_does(run: Any, join: str, merged: list[Any]) -> None:
    right = [{"k": 2, "b": 1}, {"k": 3, "b": 3}, {"k": 2, "b": 2}]
    found = await run("MERGE_BY_FIELD", {"left": [{"k": 1}, {"k": 2}], "right": right, "field": "k", "join": join})
    assert found == {"merged": merged, "left_only": [{"k": 1}], "right_only": [{"k": 3, "b": 3}]}


async def test_a_join_that_multiplies_has_a_limit(context: Any) -> None:
    block = catalog.get("MERGE_BY_FIELD")
    many = [{"k": 1}] * 2_000
    found = await runner.collect(
        block, catalog.read_input(block, {"left": many, "right": many, "field": "k"}), context()
    )
    assert found.failure is not None
    assert found.failure.reason == "LIMIT_EXCEEDED"


def _run(block_type: str, values: dict[str, Any]) -> list[tuple[str, Any]]:
    block: Any = catalog.get(block_type)
    return list(block.run(catalog.read_input(block, values), None))


@settings(deadline=None)
@given(st.lists(st.integers(), max_size=20), st.integers(0, 25), st.integers(0, 25), st.booleans())
def test_what_is_taken_and_the_rest_are_the_list(items: list[int], count: int, skip: int, from_end: bool) -> None:
    found = dict(_run("LIMIT_LIST", {"list": items, "count": count, "skip": skip, "from_end": from_end}))
    assert sorted(found["items"] + found["rest"]) == sorted(items)
    assert len(found["items"]) == max(0, min(count, len(items) - skip))


@settings(deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 10))
def test_batches_are_the_list(items: list[int], size: int) -> None:
    tokens = _run("SPLIT_INTO_BATCHES", {"list": items, "size": size})
    batches = [value for pin, value in tokens if pin == "batch"]
    assert [one for batch in batches for one in batch] == items
    assert all(len(batch) <= size for batch in batches)
    assert tokens[-1] == ("count", len(batches))


NESTED = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), NESTED, max_size=4))
def test_what_is_flattened_unflattens(nested: dict[str, Any]) -> None:
    flat = dict(_run("FLATTEN_DICTIONARY", {"dictionary": nested}))["flat"]
    assert dict(_run("UNFLATTEN_DICTIONARY", {"flat": flat}))["dictionary"] == nested
