"""What does a queue that is behind do to others, and what does recovery do to it?"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.gcp import tasks
from shared.services import node_tasks, queueing
from tests.conftest import Tell
from tests.crash.deaths import Died
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import chain
from tests.engine.test_scale import MAP_AND_GATHER

BEHIND = timedelta(minutes=2)
TICK = timedelta(minutes=1)


async def run_behind(stage: Stage, executions: list[Execution], *, ticking: bool) -> None:
    """Every task is delivered two minutes late, in the order of the queue; ``tick`` runs each minute."""
    next_tick = stage.now + TICK
    while stage.tasks:
        task = min(stage.tasks, key=lambda task: task.at)
        while ticking and next_tick < task.at + BEHIND:
            stage.now = max(stage.now, next_tick)
            await stage.tick()
            next_tick += TICK
        stage.now = max(stage.now, task.at + BEHIND)
        await stage.deliver(task)
    assert {(await stage.execution(e)).status for e in executions} == {Status.COMPLETED}


async def some(stage: Stage) -> list[Execution]:
    """Short ones and a wide one."""
    short = await stage.graph(*chain(4))
    wide = await stage.graph(*MAP_AND_GATHER)
    started = [await stage.start(short) for _ in range(10)]
    return [*started, await stage.start(wide, {"items": list(range(60))})]


async def test_ticks_do_not_multiply_the_tasks_of_a_queue_that_is_two_minutes_behind(
    stage: Stage, tell: Tell
) -> None:
    created: dict[bool, int] = {}
    for ticking in (False, True):
        before = stage.created
        await run_behind(stage, await some(stage), ticking=ticking)
        created[ticking] = stage.created - before
    tell(f"backlog: tasks of a queue two minutes behind: {created[False]}, with tick running {created[True]}")
    assert created[False] <= created[True] <= 1.05 * created[False]


async def test_far_behind_a_node_execution_is_dispatched_again_every_five_minutes_at_most(
    stage: Stage,
) -> None:
    version = await stage.graph(*MAP_AND_GATHER)
    execution = await stage.start(version, {"items": list(range(20))})
    while len(stage.tasks) < 20:
        await stage.deliver(stage.tasks[0])
    before = stage.created
    for _ in range(20):
        stage.now += TICK
        await stage.tick()
    assert 20 < stage.created - before <= 20 * 20 / 5
    await stage.run()
    assert (await stage.execution(execution)).status is Status.COMPLETED


def queues(stage: Stage) -> Counter[tuple[str, str]]:
    """How many tasks of each node wait in which kind of queue."""
    decoded = [(node_tasks.decode(task.body).node_id, task.queue.partition("-")[0]) for task in stage.tasks]
    return Counter(decoded)


@pytest.mark.parametrize(("items", "kind"), [(20, "interactive"), (190, "interactive"), (250, "background")])
async def test_a_wide_list_goes_through_the_background_queues_and_a_small_one_does_not(
    stage: Stage, items: int, kind: str
) -> None:
    version = await stage.graph(*MAP_AND_GATHER)
    await stage.start(version, {"items": list(range(items))})
    while len(stage.tasks) < items:
        await stage.deliver(stage.tasks[0])
    assert queues(stage) == {("double", kind): items}


async def test_a_wide_list_is_made_by_a_call_of_the_background_queues(stage: Stage) -> None:
    version = await stage.graph(*MAP_AND_GATHER)
    await stage.start(version, {"items": list(range(250))})
    while not any(task.queue.startswith("background") for task in stage.tasks):
        await stage.deliver(stage.tasks[0])
    assert queues(stage) == {("each", "background"): 1}
    await stage.deliver(stage.tasks[0])
    assert queues(stage) == {("double", "background"): 250}


async def test_what_a_user_begins_beside_many_others_goes_through_the_background_queues(stage: Stage) -> None:
    version = await stage.graph(*chain(3))
    begun = [await stage.start(version) for _ in range(queueing.INTERACTIVE_EXECUTIONS + 2)]
    roots = list(stage.tasks)
    for task in roots:
        await stage.deliver(task)
    assert Counter(kind for _, kind in queues(stage).elements()) == {
        "interactive": queueing.INTERACTIVE_EXECUTIONS,
        "background": 2,
    }
    await stage.run()
    assert {(await stage.execution(e)).status for e in begun} == {Status.COMPLETED}


LISTS_IN_LISTS: tuple[list[dict[str, Any]], list[str]] = (
    [
        agent_input("in", "rows"),
        {"id": "rows", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "cells", "block_type": "STEP_THROUGH_ITEMS"},
        agent_output("cell"),
    ],
    ["in.result -> rows.items", "rows.item -> cells.items", "cells.item -> cell.value"],
)


async def test_many_small_lists_go_through_the_background_queues_from_where_they_are_many(stage: Stage) -> None:
    version = await stage.graph(*LISTS_IN_LISTS)
    await stage.start(version, {"rows": [list(range(16)) for _ in range(16)]})
    while len(stage.tasks) != 16:
        await stage.deliver(stage.tasks[0])
    while cells := [task for task in stage.tasks if node_tasks.decode(task.body).node_id == "cells"]:
        await stage.deliver(cells[0])
    waiting = queues(stage)
    assert waiting["cell", "interactive"] <= 200
    assert waiting["cell", "background"] >= 56


async def test_what_recovery_finds_of_a_list_goes_through_the_background_queues(stage: Stage) -> None:
    version = await stage.graph(*MAP_AND_GATHER)
    await stage.start(version, {"items": list(range(250))})
    while len(stage.tasks) < 250:
        await stage.deliver(stage.tasks[0])
    stage.tasks.clear()  # the queue lost them all
    stage.now += timedelta(minutes=10)
    await stage.tick()
    assert queues(stage) == {("double", "background"): 250}


async def test_who_dies_before_dispatching_what_it_fired_does_so_when_it_is_delivered_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to wait until recovery finds it."""
    version = await stage.graph(*MAP_AND_GATHER)
    execution = await stage.start(version, {"items": [1, 2]})
    while len(stage.tasks) < 2:
        await stage.deliver(stage.tasks[0])
    await stage.deliver(stage.tasks[0])
    (last,) = stage.tasks
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "create", _die)
        with pytest.raises(Died):
            await stage.deliver(last)
    started = stage.now
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"list": [[2, 4]]}
    assert stage.now == started


async def _die(**_: Any) -> bool:
    raise Died
