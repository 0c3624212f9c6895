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
