"""Values that no document holds go through the bucket, and nobody sees the difference."""

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output, run
from tests.engine.test_life import upper


@pytest.mark.parametrize("size", [90_000, 300_000, 5_000_000])
async def test_a_large_text_passes_from_node_to_node(stage: Stage, size: int) -> None:
    literals = {"text": "x" * (size // 100), "old": "x", "new": "a" * 100}
    grow = {"id": "grow", "block_type": "TEXT_REPLACE", "input_data": literals}
    seen = await run(
        stage,
        [grow, upper("up"), agent_output()],
        ["grow.output -> up.text", "up.processed_text -> out.value"],
        {},
        duplicate=0.5,
    )
    assert seen["output"] == {"out": ["A" * size]}
    assert bool(stage.objects) == (size > 100_000)


async def test_a_join_of_many_middling_values_fits_into_its_document(stage: Stage) -> None:
    pins = [f"p{i}" for i in range(14)]
    makers = [
        {"id": pin, "block_type": "TEXT_REPLACE", "input_data": {"text": "x" * 900, "old": "x", "new": pin * 33}}
        for pin in pins
    ]
    seen = await run(
        stage,
        [
            *makers,
            {"id": "all", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{p3[:4]}}"}},
            agent_output(),
        ],
        [*(f"{pin}.output -> all.values_#_{pin}" for pin in pins), "all.output -> out.value"],
        {},
        parallel=4,
    )
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"out": ["p3p3"]})


async def test_a_list_of_many_values_is_recorded_and_gathered(stage: Stage) -> None:
    seen = await run(
        stage,
        [
            agent_input("in", "n"),
            {"id": "text", "block_type": "TEXT_REPLACE", "input_data": {"old": "x", "new": "y" * 3_000 + ","}},
            {"id": "cut", "block_type": "TEXT_SPLIT", "input_data": {"delimiter": ","}},
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "all", "block_type": "GATHER"},
            {"id": "count", "block_type": "COUNT_ITEMS"},
            agent_output(),
        ],
        [
            "in.result -> text.text",
            "text.output -> cut.text",
            "cut.texts -> each.items",
            "each.item -> all.item",
            "all.items -> count.collection",
            "count.count -> out.value",
        ],
        {"n": "x" * 300},
        parallel=4,
        duplicate=0.1,
    )
    assert seen["status"] == Status.COMPLETED
    assert seen["output"]["out"][0] in (300, 301)


@pytest.mark.parametrize("count", [1, 2, 6])
async def test_large_inputs_and_as_large_outputs_end(stage: Stage, count: int) -> None:
    """What is too much for the execution's document goes through the bucket, on the way in and on the way out."""
    items = [str(i) + "x" * 300_000 for i in range(count)]
    seen = await run(
        stage,
        [agent_input("in", "items"), {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}, upper("up"), agent_output()],
        ["in.result -> each.items", "each.item -> up.text", "up.processed_text -> out.value"],
        {"items": items},
        parallel=2,
        duplicate=0.3,
    )
    assert seen["output"] == {"out": [item.upper() for item in items]}


async def test_many_middling_inputs_fit_together(stage: Stage) -> None:
    names = [f"n{i}" for i in range(12)]
    seen = await run(
        stage,
        [
            *(agent_input(name, name) for name in names),
            {"id": "all", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{n3[:2]}}{{n11[:3]}}"}},
            agent_output(),
        ],
        [*(f"{name}.result -> all.values_#_{name}" for name in names), "all.output -> out.value"],
        {name: name + "y" * 90_000 for name in names},
    )
    assert seen["output"] == {"out": ["n3n11"]}
