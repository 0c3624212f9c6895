"""Each execution counts once in the statistics of its graph, however often its end is told."""

import asyncio
import json
from datetime import timedelta

import pytest

from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.domain.statuses import Status
from shared.firestore import statistics as store
from shared.firestore import users
from shared.services import fan_out, overview, statistics, stopping
from tests.engine.moody import Moody, moody, node
from tests.engine.stage import Stage

__all__ = ["moody"]

ANN = Caller(user_id=UserId("ann"), email="", role="user", permissions=frozenset())


async def tell(stage: Stage) -> None:
    """Every event, in any order, each twice."""
    events = [data for _, data in stage.events] * 2
    stage.random.shuffle(events)
    for data in events:
        event = fan_out.read(json.loads(data))
        if event is not None:
            await fan_out.take(stage.world, event)


@pytest.mark.parametrize("added_up", [False, True])
async def test_what_ended_is_counted_once_before_and_after_it_is_added_up(
    stage: Stage, moody: Moody, added_up: bool
) -> None:
    await users.create(UserId("ann"), email="", name="", picture="", role="user", now=stage.now)
    version = await stage.graph([node("a", value="x")], [])
    for number in range(5):
        moody.refuses = [] if number else ["x"]
        await stage.start(version)
        await stage.run()
    cancelled = await stage.start(version)
    await stopping.cancel(stage.world, cancelled)
    await stage.run()
    await tell(stage)
    if added_up:
        added = await asyncio.gather(*(statistics.add_up(stage.world) for _ in range(3)))
        rest = await statistics.add_up(stage.world)
        assert sum(added) + rest == 6
        assert await statistics.add_up(stage.world) == 0
    await tell(stage)
    found = await statistics.of_graph(stage.world, ANN, version.graph_id)
    counted = {name: found[name] for name in ("executions", "completed", "failed", "terminated")}
    assert counted == {"executions": 6, "completed": 4, "failed": 1, "terminated": 1}
    assert found["success_rate"] == pytest.approx(4 / 6)
    assert found["node_executions"] >= 5
    assert len(found["days"]) == statistics.DAYS
    assert found["days"][-1]["executions"] == 6
    [summary] = (await statistics.summaries(stage.world, [version.graph_id])).values()
    assert summary["executions"] == 6
    if added_up:
        whole = await overview.view(stage.world)
        assert whole["executions"]["executions"] == 6
        assert whole["counts"]["users"] == 1


async def test_an_end_that_is_told_after_its_user_has_gone_leaves_nothing(stage: Stage) -> None:
    version = await stage.graph([], [])
    await stage.start(version)
    await stage.run()
    await tell(stage)
    assert await statistics.add_up(stage.world) == 0
    assert (await statistics.of_graph(stage.world, ANN, version.graph_id))["executions"] == 0


async def test_what_is_older_than_thirty_days_is_left_out(stage: Stage) -> None:
    version = await stage.graph([], [])
    for days in (0, 1, 29, 30, 45):
        ended = store.Ended(
            execution_id=f"e{days}",
            user_id="ann",
            graph_id=version.graph_id,
            status=Status.COMPLETED,
            seconds=float(days),
            cost=0.5,
            node_executions=2,
            at=stage.now - timedelta(days=days),
        )
        await store.note(ended)
        await statistics.add_up(stage.world)
    found = await statistics.of_graph(stage.world, ANN, version.graph_id)
    assert (found["executions"], found["cost"], found["longest_seconds"]) == (3, 1.5, 29.0)
    assert found["mean_seconds"] == pytest.approx(10.0)
    assert [day["executions"] for day in found["days"]] == [1, *[0] * 27, 1, 1]


async def test_a_graph_that_never_ran_has_no_rate(stage: Stage) -> None:
    version = await stage.graph([], [])
    found = await statistics.of_graph(stage.world, ANN, version.graph_id)
    assert (found["executions"], found["success_rate"], found["mean_seconds"]) == (0, None, None)


async def test_however_many_end_no_document_is_written_for_each(stage: Stage) -> None:
    """One write of a graph's month for two hundred executions."""
    version = await stage.graph([], [])
    for number in range(60):
        await store.note(
            store.Ended(
                execution_id=f"e{number}",
                user_id="ann",
                graph_id=version.graph_id,
                status=Status.COMPLETED,
                seconds=1.0,
                cost=0.0,
                node_executions=1,
                at=stage.now,
            )
        )
    stage.calls.written.clear()
    await statistics.add_up(stage.world)
    written = {path: times for path, times in stage.calls.written.items() if "/statistics/" in path}
    assert sum(times for path, times in written.items() if "platform" not in path) <= store.SHARDS
    assert {times for path, times in written.items() if "platform" in path} == {1}
    assert (await statistics.of_graph(stage.world, ANN, version.graph_id))["executions"] == 60
