"""Is a large execution only many times a small one, and do a thousand that wait cost nothing?"""

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.statuses import Status
from shared.services import reviews
from tests.conftest import Tell
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output

SIZES = (10, 100, 1_000)
WAITING = int(os.environ.get("WAITING_EXECUTIONS", "150"))
"""How many executions wait; a thousand in the long run (docs/testing.md)."""

MAP_AND_GATHER: tuple[list[dict[str, Any]], list[str]] = (
    [
        agent_input("in", "items"),
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "double", "block_type": "CALCULATOR", "input_data": {"operation": "Multiply", "b": 2}},
        {"id": "all", "block_type": "GATHER"},
        agent_output("list"),
    ],
    ["in.result -> each.items", "each.item -> double.a", "double.result -> all.item", "all.items -> list.value"],
)


async def costs(stage: Stage, items: int) -> dict[str, int]:
    """What a list of so many items through a map and a gather takes; its result is checked."""
    version = await stage.graph(*MAP_AND_GATHER)
    before, tasks = stage.calls.bill, stage.created
    stage.calls.written.clear()
    execution = await stage.start(version, {"items": list(range(items))})
    await stage.run(parallel=8)
    spent = asdict(stage.calls.bill - before) | {"tasks": stage.created - tasks}
    of_execution = [n for path, n in stage.calls.written.items() if f"/executions/{execution.id}" in path]
    assert (await stage.finished(execution))["output"] == {"list": [[2 * i for i in range(items)]]}
    return spent | {"hottest": max(of_execution)}


async def test_a_list_of_a_thousand_costs_a_hundred_times_one_of_ten_and_has_no_hot_document(
    stage: Stage, tell: Tell
) -> None:
    spent = {items: await costs(stage, items) for items in SIZES}
    tell("map and gather:\n" + table(spent))
    small, middle, large = (spent[items] for items in SIZES)
    for what in ("calls", "reads", "writes", "tasks"):
        an_item = (middle[what] - small[what]) / (SIZES[1] - SIZES[0])
        assert (large[what] - middle[what]) / (SIZES[2] - SIZES[1]) == pytest.approx(an_item, rel=0.05), what
    assert max(of["hottest"] for of in spent.values()) <= 10
    assert large["writes"] / SIZES[2] < 5.1
    assert large["tasks"] / SIZES[2] < 1.1


def table(spent: Mapping[int, Mapping[str, int]]) -> str:
    names = list(next(iter(spent.values())))
    rows = [["items", *names], *([str(items), *(str(of[name]) for name in names)] for items, of in spent.items())]
    return "\n".join("".join(f"{cell:>9}" for cell in row) for row in rows)


WAITS: tuple[list[dict[str, Any]], list[str]] = (
    [
        agent_input("in", "text"),
        {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "Text"}},
        {"id": "wait", "block_type": "DELAY", "input_data": {"seconds": 7 * 24 * 3600}},
        agent_output("said"),
        agent_output("later"),
    ],
    [
        "in.result -> ask.data",
        "in.result -> wait.input",
        "ask.approved_data -> said.value",
        "wait.output -> later.value",
    ],
)


async def deliver_what_is_due(stage: Stage) -> None:
    while due := [task for task in stage.tasks if task.at <= stage.now]:
        for task in due:
            await stage.deliver(task)


async def ticks(stage: Stage, minutes: int) -> dict[str, int]:
    """What so many runs of ``tick`` ask of Firestore, one a minute. They find nothing to do."""
    before, tasks, told = stage.calls.bill, stage.created, len(stage.events)
    for _ in range(minutes):
        stage.now += timedelta(minutes=1)
        assert not any(asdict(await stage.tick()).values())
    assert (stage.created, len(stage.events)) == (tasks, told)
    return asdict(stage.calls.bill - before)


@pytest.mark.timeout(600)
async def test_while_executions_wait_nothing_runs_but_tick_and_it_costs_the_same_however_many(
    stage: Stage, tell: Tell
) -> None:
    settings = stage.world.settings.model_copy(update={"max_concurrent_executions": 0})
    stage.world = replace(stage.world, settings=settings)
    idle = await ticks(stage, 10)
    version = await stage.graph(*WAITS)
    waiting = [await stage.start(version, {"text": str(n)}) for n in range(WAITING)]
    await deliver_what_is_due(stage)
    assert {(await stage.execution(e)).status for e in waiting} == {Status.REVIEW}
    stage.now += timedelta(hours=1)
    await settle_down(stage)
    while_waiting = await ticks(stage, 10)
    tell(f"waiting: 10 ticks while {WAITING} executions wait: {while_waiting}; while none does: {idle}")
    assert while_waiting == idle
    assert [task for task in stage.tasks if task.at <= stage.now] == []
    assert len(stage.tasks) == WAITING  # one each, for when its delay is over
    page, _ = await reviews.page("ann", None, 100)
    assert len(page) == min(WAITING, 100)


async def settle_down(stage: Stage) -> None:
    """``tick`` runs until it finds nothing to do: a running execution is looked at once after its first minutes."""
    for _ in range(100):
        if not any(asdict(await stage.tick()).values()):
            return
    raise AssertionError("tick finds something to do again and again")
