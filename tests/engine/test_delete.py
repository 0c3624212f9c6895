"""A deleted execution leaves nothing behind; nobody sees one half gone, and nothing that another needs goes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain import errors
from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import commits, executions, node_executions
from shared.services import deleting, execution_views, retrying, reviews, stopping, stored_values
from tests.engine.moody import Moody, moody, node
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_retry import ANN, LISTED, retry
from tests.engine.test_waits import asked

__all__ = ["moody"]

LARGE = "x" * 300_000


async def over(stage: Stage, items: list[Any]) -> Execution:
    execution = await stage.start(await stage.graph(*LISTED), {"items": items})
    await stage.run(parallel=3)
    assert (await stage.finished(execution))["status"] == Status.COMPLETED
    return execution


async def left_of(execution: Execution) -> int:
    """Documents."""
    of_it = executions.ref(execution.id)
    found = [await of_it.collection(name).count().get() for name in ("nodes", "tokens")]
    return int((await of_it.get()).exists) + sum(int(one[0][0].value) for one in found)


async def test_nothing_is_left_of_it(stage: Stage, moody: Moody) -> None:
    execution = await over(stage, [LARGE, 2])
    other = await over(stage, [3])
    before = await left_of(other)
    assert stage.objects
    await deleting.delete(stage.world, "ann", execution.id)
    assert (await left_of(execution), await left_of(other)) == (0, before)
    assert stage.objects == {}
    with pytest.raises(errors.NotFound):
        await deleting.delete(stage.world, "ann", execution.id)


async def test_its_reviews_go_with_it(stage: Stage) -> None:
    execution = await asked(stage)
    (waiting,), _ = await reviews.page("ann", None, 10)
    await stopping.cancel(stage.world, await stage.execution(execution))
    await deleting.delete(stage.world, "ann", execution.id)
    with pytest.raises(errors.NotFound):
        await reviews.get("ann", waiting["id"])


async def test_one_that_has_not_ended_stays(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph([node("a")], []))
    with pytest.raises(errors.Conflict) as refused:
        await deleting.delete(stage.world, "ann", execution.id)
    assert refused.value.reason == "EXECUTION_NOT_FINAL"
    await stage.run()
    assert (await stage.finished(execution))["status"] == Status.COMPLETED


async def test_that_of_another_user_is_not_there(stage: Stage, moody: Moody) -> None:
    execution = await over(stage, [1])
    with pytest.raises(errors.NotFound):
        await deleting.delete(stage.world, "bob", execution.id)
    assert await left_of(execution)


async def test_a_deletion_that_died_is_gone_on_with(
    stage: Stage, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = await over(stage, [1, 2, 3])
    real = commits.erase
    calls: list[Any] = []

    async def dying(*args: Any) -> bool:
        calls.append(args)
        if len(calls) == 5:
            raise ConnectionError("the instance is gone")
        return await real(*args)

    monkeypatch.setattr(commits, "erase", dying)
    monkeypatch.setattr(deleting, "MAX_BATCH", 2)
    with pytest.raises(ConnectionError):
        await deleting.delete(stage.world, "ann", execution.id)
    assert await left_of(execution)
    with pytest.raises(errors.NotFound):
        await execution_views.get("ann", execution.id)
    stage.now = stage.now.replace(hour=stage.now.hour + 1)
    assert (await stage.tick()).executions_deleted == 1
    assert await left_of(execution) == 0
    assert (await stage.tick()).executions_deleted == 0


async def test_a_retry_keeps_the_values_that_it_shares(stage: Stage, moody: Moody) -> None:
    execution = await over(stage, [LARGE, 2])
    first, _ = await retry(stage, execution, ["after"])
    second, _ = await retry(stage, first, ["after"])
    for gone in (execution, first):
        await deleting.delete(stage.world, "ann", gone.id)
        assert await left_of(gone) == 0
    seen = await stage.finished(second)
    assert seen["output"] == {"out": [[LARGE * 2, "22", "33"][:2]]}
    views, _ = await execution_views.node_page(stage.world, second, None, 100)
    assert {view["node_id"]: view for view in views}["each"]["output"]["item"] == [LARGE, 2]
    await deleting.delete(stage.world, "ann", second.id)
    assert stage.objects == {}


async def test_a_source_may_go_after_its_retry(stage: Stage, moody: Moody) -> None:
    execution = await over(stage, [LARGE, 2])
    made, _ = await retry(stage, execution, ["after"])
    await deleting.delete(stage.world, "ann", made.id)
    assert (await stage.finished(execution))["output"]["out"]
    await deleting.delete(stage.world, "ann", execution.id)
    assert stage.objects == {}


async def test_a_retry_of_what_is_being_deleted_says_so(stage: Stage, moody: Moody) -> None:
    execution = await over(stage, [1, 2, 3])
    made = await retrying.accept(stage.world, ANN, execution.id, "late1", ["after"])
    await deleting.delete(stage.world, "ann", execution.id)
    await stage.run()
    seen = await stage.finished(made)
    assert (seen["status"], seen["error"]["reason"]) == (Status.FAILED, "RETRY_SOURCE_GONE")
    await deleting.delete(stage.world, "ann", made.id)
    assert await left_of(made) == 0


async def test_a_sub_agent_stays_as_long_as_it_is_waited_for(stage: Stage) -> None:
    child = await stage.graph([agent_input("in", "x"), agent_output()], ["in.result -> out.value"])
    agent = {"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child.graph_id}}
    version = await stage.graph(
        [agent_input("in", "x"), agent, agent_output()], ["in.result -> agent.x", "agent.out -> out.value"]
    )
    execution = await stage.start(version, {"x": 5})
    ended: list[Execution] = []
    while not ended:
        await stage.deliver(stage.tasks[0])
        mine = await executions.list_of("ann", child.graph_id, None, 9)
        ended = [e for e in mine if e.status is Status.COMPLETED]
    with pytest.raises(errors.Conflict) as refused:
        await deleting.delete(stage.world, "ann", ended[0].id)
    assert refused.value.reason == "EXECUTION_IN_USE"
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"out": [5]}
    await deleting.delete(stage.world, "ann", ended[0].id)


async def test_what_is_written_after_it_has_gone_goes_too(stage: Stage, moody: Moody) -> None:
    execution = await over(stage, [LARGE, 2])
    node = (await stage.nodes(execution))[-1]
    late = replace(node, id="late", status=Status.QUEUED, active=True, due_at=stage.now, outputs=(), update_time="")
    await deleting.delete(stage.world, "ann", execution.id)
    await node_executions.write([late])
    await stage.put_object(f"{stored_values.prefix(execution.id)}late", b"1")
    stage.now += timedelta(minutes=1)
    assert (await stage.tick()).executions_deleted == 1
    assert (await left_of(execution), stage.objects) == (0, {})
