"""Gates: gathers, loops, merges, mixed joins, statics that are computed."""

from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage


def agent_input(id_: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "block_type": "AGENT_INPUT", "input_data": {"name": name, **more}}


def agent_output(name: str = "out") -> dict[str, Any]:
    return {"id": name, "block_type": "AGENT_OUTPUT", "input_data": {"name": name}}


async def run(stage: Stage, nodes: Any, links: Any, inputs: Any, **how: Any) -> Any:
    version = await stage.graph(nodes, links)
    execution = await stage.start(version, inputs)
    await stage.run(**how)
    seen = await stage.finished(execution)
    assert seen["status"] in (Status.COMPLETED, Status.FAILED), seen["status"]
    return seen


@pytest.mark.parametrize("items", [[], [1], [3, 1, 2], list(range(40))])
async def test_a_gather_gives_one_list_in_order(stage: Stage, items: list[int]) -> None:
    seen = await run(
        stage,
        [
            agent_input("in", "items"),
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "twice", "block_type": "CALCULATOR", "input_data": {"operation": "Multiply", "b": 2}},
            {"id": "all", "block_type": "GATHER"},
            agent_output(),
        ],
        ["in.result -> each.items", "each.item -> twice.a", "twice.result -> all.item", "all.items -> out.value"],
        {"items": items},
        parallel=7,
        duplicate=0.1,
    )
    assert seen["output"] == {"out": [[2.0 * i for i in items]]}


async def test_nested_lists_gather_level_by_level(stage: Stage) -> None:
    seen = await run(
        stage,
        [
            agent_input("in", "rows"),
            {"id": "rows", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "cells", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "row", "block_type": "GATHER"},
            {"id": "table", "block_type": "GATHER"},
            agent_output(),
        ],
        [
            "in.result -> rows.items",
            "rows.item -> cells.items",
            "cells.item -> row.item",
            "row.items -> table.item",
            "table.items -> out.value",
        ],
        {"rows": [[1, 2], [], [3]]},
        parallel=5,
    )
    assert seen["output"] == {"out": [[[1, 2], [], [3]]]}


async def test_a_loop_adds_to_a_list_until_all_came(stage: Stage) -> None:
    """The head of the cycle takes its seed once, then one entry a turn."""
    seen = await run(
        stage,
        [
            agent_input("in", "items"),
            {"id": "seed", "block_type": "CREATE_LIST", "input_data": {"values": []}},
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "add", "block_type": "ADD_TO_LIST"},
            agent_output(),
        ],
        [
            "in.result -> each.items",
            "seed.list -> add.list",
            "add.updated_list -> add.list",
            "each.item -> add.entry",
            "add.updated_list -> out.value",
        ],
        {"items": ["a", "b", "c"]},
        parallel=4,
        duplicate=0.2,
    )
    assert seen["output"] == {"out": [["a"], ["a", "b"], ["a", "b", "c"]]}


async def test_a_counter_goes_round_until_its_condition_ends_it(stage: Stage) -> None:
    seen = await run(
        stage,
        [
            agent_input("in", "n"),
            {"id": "add", "block_type": "CALCULATOR", "input_data": {"operation": "Add", "b": 1}},
            {"id": "more", "block_type": "CONDITION", "input_data": {"operator": "<", "value2": 5}},
            agent_output(),
        ],
        [
            "in.result -> add.a",
            "add.result -> more.value1",
            "more.yes_output -> add.a",
            "more.no_output -> out.value",
        ],
        {"n": 0},
        parallel=2,
    )
    assert seen["status"] == Status.COMPLETED
    assert len(seen["output"]["out"]) == 1


async def test_a_stored_value_supplies_every_item(stage: Stage) -> None:
    """A static link from a value that is computed: a gate, since each item must wait for it."""
    seen = await run(
        stage,
        [
            agent_input("in", "items"),
            {"id": "word", "block_type": "TEXT_PROCESSING", "input_data": {"text": "x", "operation": "upper"}},
            {"id": "kept", "block_type": "STORE_VALUE"},
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}{{b}}"}},
            agent_output(),
        ],
        [
            "in.result -> each.items",
            "word.processed_text -> kept.input",
            "kept.output -> both.values_#_a",
            "each.item -> both.values_#_b",
            "both.output -> out.value",
        ],
        {"items": [1, 2, 3]},
        parallel=3,
        duplicate=0.2,
    )
    assert seen["output"] == {"out": ["X1", "X2", "X3"]}


async def test_a_merge_before_a_join_waits_for_rivals(stage: Stage) -> None:
    seen = await run(
        stage,
        [
            agent_input("in", "items"),
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "big", "block_type": "CONDITION", "input_data": {"operator": ">", "value2": 2}},
            {"id": "word", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
            {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}:{{b}}"}},
            agent_output(),
        ],
        [
            "in.result -> each.items",
            "each.item -> big.value1",
            "big.yes_output -> both.values_#_a",
            "big.no_output -> both.values_#_a",
            "each.key -> both.values_#_b",
            "both.output -> out.value",
        ],
        {"items": [1, 2, 3, 4]},
        parallel=4,
        duplicate=0.2,
    )
    assert [pair.split(":")[1] for pair in seen["output"]["out"]] == ["0", "1", "2", "3"]


async def test_a_gathered_list_meets_a_text_from_outside(stage: Stage) -> None:
    """A mixed join: what a loop has gathered, and a single text."""
    seen = await run(
        stage,
        [
            agent_input("in", "items"),
            {"id": "title", "block_type": "TEXT_PROCESSING", "input_data": {"text": "t", "operation": "upper"}},
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}{{b}}"}},
            agent_output(),
        ],
        [
            "in.result -> each.items",
            "title.processed_text -> both.values_#_a",
            "each.item -> both.values_#_b",
            "both.output -> out.value",
        ],
        {"items": [7, 8]},
        parallel=4,
    )
    assert seen["output"] == {"out": ["T7"]}
