"""Node executions that a user may have in a month are held before they are made: so neither executions that start at
once, nor one that grows, go far beyond."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain import errors
from shared.domain.records import Execution
from shared.firestore import charges, graphs
from shared.services import credit, node_budgets
from tests.engine.stage import Stage

PAIR = [
    {"id": "a", "block_type": "STORE_VALUE", "input_data": {"input": 1}},
    {"id": "b", "block_type": "STORE_VALUE"},
]


@pytest.fixture(autouse=True)
def limited(stage: Stage) -> None:
    settings = stage.world.settings.model_copy(
        update={"monthly_dollars": 0, "monthly_node_executions": 10, "max_concurrent_executions": 0}
    )
    stage.world = replace(stage.world, settings=settings)


async def _used(stage: Stage) -> int:
    return (await credit.standing(stage.world, "ann", fresh=True)).used.node_executions


async def _started(stage: Stage, version: graphs.Version) -> Execution | None:
    """None: it was refused."""
    try:
        return await stage.start(version)
    except errors.CreditSpent:
        return None


async def test_executions_that_start_at_once_never_hold_more_than_there_is(stage: Stage) -> None:
    version = await stage.graph(PAIR, ["a.output -> b.input"])
    started = [one for one in await asyncio.gather(*(_started(stage, version) for _ in range(20))) if one]
    assert 1 <= len(started) <= 5
    assert await _used(stage) == 2 * len(started), "who was refused holds nothing"
    while one := await _started(stage, version):  # what was refused only because others came at once
        started.append(one)
    await stage.run(parallel=5)
    assert [(await stage.finished(one))["status"] for one in started] == ["COMPLETED"] * 5
    assert await _used(stage) == 10
    assert await charges.running("ann", "2026-01") == []


async def test_what_was_held_for_nothing_is_left_over_when_an_execution_ends(stage: Stage) -> None:
    version = await stage.graph([*PAIR, *({"id": f"n{n}", "block_type": "STORE_VALUE"} for n in range(6))], [])
    execution = await stage.start(version)
    assert await _used(stage) == 8
    await stage.run()
    assert await _used(stage) == sum((await stage.execution(execution)).node_counts.values())


async def test_one_that_grows_is_stopped_once_it_is_counted(stage: Stage) -> None:
    items = {"id": "each", "block_type": "STEP_THROUGH_ITEMS", "input_data": {"items": list(range(40))}}
    version = await stage.graph([items, {"id": "b", "block_type": "STORE_VALUE"}], ["each.item -> b.input"])
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert (seen["status"], seen["error"]["reason"]) == ("FAILED", "CREDIT_SPENT")
    assert await _used(stage) <= 10
    assert await _started(stage, await stage.graph(PAIR, [])) is not None


async def test_a_sub_agent_for_which_there_is_nothing_left_fails(stage: Stage) -> None:
    nodes: list[dict[str, Any]] = [{"id": f"n{n}", "block_type": "STORE_VALUE"} for n in range(10)]
    child = await stage.graph(nodes, [])
    agent = {"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child.graph_id}}
    execution = await stage.start(await stage.graph([agent], []))
    await stage.run()
    (node,) = await stage.nodes(execution)
    assert node.error is not None
    assert "10 node executions" in node.error.message


async def test_what_a_start_that_died_held_is_given_back_once_it_is_in_the_way(stage: Stage) -> None:
    died = charges.Charge(id="x", user_id="ann", month="2026-01", node_executions=9, execution_id="never-made")
    assert await charges.begin(died, stage.now)
    version = await stage.graph(PAIR, [])
    assert await _started(stage, version) is None
    stage.now += node_budgets.ABANDONED + timedelta(seconds=1)
    assert await _started(stage, version) is not None
    assert await _used(stage) == 2


async def test_a_start_that_is_repeated_holds_once(stage: Stage) -> None:
    version = await stage.graph(PAIR, [])
    execution = await stage.start(version)
    for _ in range(2):
        await node_budgets.hold(stage.world, execution)
    assert await _used(stage) == 2
