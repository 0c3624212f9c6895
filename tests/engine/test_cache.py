"""A node that caches gives what an earlier one gave for the same inputs; nobody else's, and nothing old."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import client, node_cache
from shared.services import deleting
from tests.engine.moody import Moody, moody, node
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output

__all__ = ["moody"]

LINKS = ["in.result -> a.value", "a.output -> out.value"]


async def run(stage: Stage, value: Any, *, cache: bool = True, user: str = "ann", **more: Any) -> Execution:
    nodes = [agent_input("in", "x"), {**node("a"), "cache": cache, **more}, agent_output()]
    execution = await stage.start(await stage.graph(nodes, LINKS), {"x": value}, user=user)
    await stage.run()
    return execution


async def outcome(stage: Stage, execution: Execution) -> tuple[Any, int, bool]:
    """What came out, in how many attempts, and whether out of the cache."""
    (ran,) = [n for n in await stage.nodes(execution) if n.node_id == "a"]
    return [o.value for o in ran.outputs], ran.attempts, ran.cached


async def test_the_same_inputs_are_not_run_twice(stage: Stage, moody: Moody) -> None:
    first = await run(stage, {"b": 1, "a": [2]})
    second = await run(stage, {"b": 1, "a": [2]})
    assert await outcome(stage, first) == ([{"b": 1, "a": [2]}], 1, False)
    assert await outcome(stage, second) == ([{"b": 1, "a": [2]}], 0, True)
    assert (await stage.finished(second))["output"] == {"out": [{"b": 1, "a": [2]}]}
    assert moody.calls == {"a": 1}


@pytest.mark.parametrize("other", [2, "1", [1], None, {"a": 2, "b": 1}])
async def test_other_inputs_are_run(stage: Stage, moody: Moody, other: Any) -> None:
    await run(stage, {"b": 1, "a": 2} if isinstance(other, dict) else 1)
    if other is not None:
        assert await outcome(stage, await run(stage, other)) == ([other], 1, False)


async def test_another_version_of_the_block_is_run(
    stage: Stage, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(stage, 1)
    monkeypatch.setattr(Moody, "version", 2)
    assert await outcome(stage, await run(stage, 1)) == ([1], 1, False)


async def test_another_users_outputs_are_not_used(stage: Stage, moody: Moody) -> None:
    await run(stage, 1, user="bob")
    await run(stage, 1)
    assert moody.calls == {"a": 2}


async def test_after_a_week_it_is_run_again(stage: Stage, moody: Moody) -> None:
    await run(stage, 1)
    stage.now += node_cache.KEPT + timedelta(seconds=1)
    assert await outcome(stage, await run(stage, 1)) == ([1], 1, False)


async def test_a_failure_is_not_kept(stage: Stage, moody: Moody) -> None:
    moody.refuses.append(1)
    await run(stage, 1)
    moody.refuses.clear()
    execution = await run(stage, 1)
    assert (await stage.finished(execution))["status"] == Status.COMPLETED
    assert moody.calls == {"a": 2}


async def test_a_node_that_does_not_ask_neither_reads_nor_writes(stage: Stage, moody: Moody) -> None:
    await run(stage, 1)
    stage.calls.counts.clear()
    await run(stage, 1, cache=False)
    without = stage.calls.counts["BatchGetDocuments"]
    stage.calls.counts.clear()
    await run(stage, 1)
    assert stage.calls.counts["BatchGetDocuments"] == without + 1
    assert moody.calls == {"a": 2}


async def test_what_is_too_large_is_not_kept(stage: Stage, moody: Moody) -> None:
    await run(stage, "x" * node_cache.MAX_BYTES)
    await run(stage, "x" * node_cache.MAX_BYTES)
    assert moody.calls == {"a": 2}


async def test_a_stored_value_is_kept_beyond_its_execution(stage: Stage, moody: Moody) -> None:
    large = "x" * 300_000
    first = await run(stage, large)
    assert stage.objects
    await deleting.delete(stage.world, "ann", first.id)
    second = await run(stage, large)
    assert (await stage.finished(second))["output"] == {"out": [large]}
    assert moody.calls == {"a": 1}


async def test_inputs_are_nowhere_in_the_cache(stage: Stage, moody: Moody) -> None:
    nodes = [{"id": "a", "block_type": "TEXT_PROCESSING", "cache": True}]
    nodes[0]["input_data"] = {"text": "a secret", "operation": "upper"}
    await stage.start(await stage.graph(nodes, []))
    await stage.run()
    (entry,) = [snapshot async for snapshot in client.client().collection("node_cache").stream()]
    assert "secret" not in entry.id + str(entry.to_dict())
    assert set(entry.to_dict() or {}) == {"user_id", "outputs", "created_at", "expires_at", "schema_version"}


async def test_what_suspends_is_asked_each_time(stage: Stage) -> None:
    for _ in range(2):
        wait = {"id": "w", "block_type": "DELAY", "cache": True, "input_data": {"input": 1, "seconds": 60}}
        execution = await stage.start(await stage.graph([wait], []))
        await stage.run()
        (ran,) = await stage.nodes(execution)
        assert (ran.status, ran.cached) == (Status.COMPLETED, False)


async def test_many_at_once_give_the_same(stage: Stage, moody: Moody) -> None:
    nodes = [
        agent_input("in", "items"),
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {**node("a"), "cache": True},
        {"id": "all", "block_type": "GATHER"},
        agent_output(),
    ]
    links = ["in.result -> each.items", "each.item -> a.value", "a.output -> all.item", "all.items -> out.value"]
    execution = await stage.start(await stage.graph(nodes, links), {"items": [1, 2, 1, 2, 1]})
    await stage.run(parallel=3, duplicate=0.3)
    assert (await stage.finished(execution))["output"] == {"out": [[1, 2, 1, 2, 1]]}
