"""Is chance what the context supplies, and does a sample have its size?"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.blocks import catalog, runner
from shared.clock import random_bytes


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block_type: str, values: dict[str, Any]) -> dict[str, Any]:
        block = catalog.get(block_type)
        given = catalog.read_input(block, values)
        found = await runner.collect(block, given, context(random_bytes=random_bytes))
        assert found.failure is None, found.failure
        return dict(found.tokens)

    return go


async def test_each_id_is_another_and_well_formed(run: Any) -> None:
    made = {(await run("GENERATE_UUID", {}))["uuid"] for _ in range(50)}
    assert len(made) == 50
    assert all(one[14] == "4" and one[19] in "89ab" for one in made)


async def test_no_character_is_likelier_than_another(run: Any) -> None:
    text = (await run("RANDOM_TEXT", {"length": 10_000, "alphabet": "digits"}))["text"]
    counts = Counter(text)
    assert set(counts) == set("0123456789")
    assert all(700 < count < 1_300 for count in counts.values())  # ten standard deviations about


@pytest.mark.parametrize("whole", [True, False])
async def test_a_number_is_within_its_bounds(run: Any, whole: bool) -> None:
    drawn = [(await run("RANDOM_NUMBER", {"min": -2, "max": 2, "whole": whole}))["number"] for _ in range(100)]
    assert all(-2 <= one <= 2 for one in drawn)
    assert len(set(drawn)) == 5 if whole else len(set(drawn)) > 50


DATA = [{"n": n, "c": "xyz"[n % 3], "w": n} for n in range(30)]
KEYS = {"stratify_key": "c", "weight_key": "w", "cluster_key": "c"}


@pytest.mark.parametrize("method", ["random", "systematic", "top", "bottom", "stratified", "weighted", "reservoir"])
@pytest.mark.parametrize("size", [1, 7, 29, 30, 31])
async def test_a_sample_has_its_size_and_says_where_it_is_from(run: Any, method: str, size: int) -> None:
    found = await run("DATA_SAMPLING", {"data": DATA, "sample_size": size, "sampling_method": method, **KEYS})
    assert len(found["sampled_data"]) == min(size, 30)
    assert [DATA[index] for index in found["sample_indices"]] == found["sampled_data"]
    if method != "weighted":
        assert len(set(found["sample_indices"])) == min(size, 30)


async def test_a_stratified_sample_keeps_the_shares(run: Any) -> None:
    data = [{"c": "x"}] * 80 + [{"c": "y"}] * 20
    found = await run("DATA_SAMPLING", {"data": data, "sample_size": 10, "sampling_method": "stratified", **KEYS})
    assert Counter(one["c"] for one in found["sampled_data"]) == {"x": 8, "y": 2}


async def test_what_has_no_weight_is_not_drawn(run: Any) -> None:
    data = [{"w": 0, "n": 1}, {"w": 3, "n": 2}]
    found = await run("RANDOM_CHOICE", {"list": data, "count": 20, "weight_field": "w"})
    assert {one["n"] for one in found["chosen"]} == {2}


@pytest.mark.parametrize("items", [[{"w": 0}], [{"w": "x"}], [{}], [{"w": -1}], [{"w": float("inf")}]])
async def test_weights_that_weigh_nothing_are_refused(context: Any, items: list[Any]) -> None:
    block = catalog.get("RANDOM_CHOICE")
    found = await runner.collect(block, catalog.read_input(block, {"list": items, "weight_field": "w"}), context())
    assert found.failure is not None
    assert "weight" in found.failure.message
