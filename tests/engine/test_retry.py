"""A retry runs what failed and what it leads to, and nothing else; what was stopped goes on where it was."""

from typing import Any

import pytest

from shared.domain import errors, identity, permissions
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.domain.records import Execution, Lost
from shared.domain.statuses import Status
from shared.firestore import charges, client, commits, executions, sweeping
from shared.services import copying, execution_views, retrying, start, stopping
from tests.engine.moody import Moody, moody, node
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

__all__ = ["moody"]


def caller(user: str) -> Caller:
    return permissions.caller(UserId(user), "", None)


ANN = caller("ann")


async def retry(stage: Stage, execution: Execution, from_nodes: list[str] | None = None, **how: Any) -> Any:
    """The retry, over, as its user sees it."""
    stage.now = stage.now.replace(microsecond=(stage.now.microsecond + 1000) % 1_000_000)
    made = await retrying.accept(stage.world, ANN, execution.id, stage.world.random_id(), from_nodes)
    await stage.run(**how)
    seen = await stage.finished(made)
    assert seen["retry_of"] == execution.id
    return made, seen


async def told(stage: Stage, execution: Execution) -> list[Any]:
    return [(n.node_id, n.label, n.status, n.outputs) for n in await stage.nodes(execution)]


CHAIN = ["in.result -> a.value", "a.output -> b.value", "b.output -> c.value", "c.output -> out.value"]


async def chain(stage: Stage) -> Execution:
    nodes = [agent_input("in", "x"), node("a"), node("b"), node("c"), agent_output()]
    execution = await stage.start(await stage.graph(nodes, CHAIN), {"x": 7})
    await stage.run()
    return execution


async def test_what_failed_is_run_again_with_all_that_follows(stage: Stage, moody: Moody) -> None:
    nodes = [agent_input("in", "x"), upper("before", text="ab"), node("a"), node("b"), agent_output()]
    links = ["before.processed_text -> a.value", "a.output -> b.value", "b.output -> out.value"]
    moody.refuses.append("AB")
    execution = await stage.start(await stage.graph(nodes, links), {"x": 1})
    await stage.run()
    assert (await stage.finished(execution))["status"] == Status.FAILED
    moody.refuses.clear()
    made, seen = await retry(stage, execution)
    assert (seen["status"], seen["output"], seen["error"]) == (Status.COMPLETED, {"out": ["AB"]}, None)
    assert [(n.node_id, n.copied) for n in await stage.nodes(made)] == [
        ("in", False), ("before", True), ("a", False), ("b", False), ("out", False)
    ]  # fmt: skip
    assert moody.calls == {"a": 2, "b": 1}
    assert (await stage.finished(execution))["status"] == Status.FAILED


async def test_it_is_incomplete_until_all_is_taken_over(stage: Stage, moody: Moody) -> None:
    execution = await chain(stage)
    made = await retrying.accept(stage.world, ANN, execution.id, "retry1", ["c"])
    assert (await stage.finished(made))["status"] == Status.INCOMPLETE
    await stage.run()
    assert (await stage.finished(made))["status"] == Status.COMPLETED


async def test_given_nodes_are_run_again_and_nothing_before_them(stage: Stage, moody: Moody) -> None:
    execution = await chain(stage)
    made, seen = await retry(stage, execution, ["b"])
    assert seen["status"] == Status.COMPLETED
    assert moody.calls == {"a": 1, "b": 2, "c": 2}
    assert await told(stage, made) == await told(stage, execution)


async def test_without_anything_to_repeat_all_is_taken_over(stage: Stage, moody: Moody) -> None:
    execution = await chain(stage)
    made, seen = await retry(stage, execution)
    assert (seen["status"], seen["output"], seen["cost"]) == (Status.COMPLETED, {"out": [7]}, 0.0)
    assert moody.calls == {"a": 1, "b": 1, "c": 1}
    assert await told(stage, made) == await told(stage, execution)


async def test_a_failure_elsewhere_stays_one(stage: Stage, moody: Moody) -> None:
    moody.refuses.append(1)
    nodes = [node("bad", value=1), node("good", value=2)]
    execution = await stage.start(await stage.graph(nodes, []))
    await stage.run()
    made, seen = await retry(stage, execution, ["good"])
    assert (seen["status"], seen["error"]["node_id"]) == (Status.FAILED, "bad")
    assert seen["error"]["node_execution_id"] in [n.id for n in await stage.nodes(made)]
    assert moody.calls == {"bad": 1, "good": 2}


LISTED = (
    [
        agent_input("in", "items"),
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        node("first"),
        node("second"),
        {"id": "pair", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}{{b}}"}},
        {"id": "all", "block_type": "GATHER"},
        node("after"),
        agent_output(),
    ],
    [
        "in.result -> each.items",
        "each.item -> first.value",
        "each.item -> second.value",
        "first.output -> pair.values_#_a",
        "second.output -> pair.values_#_b",
        "pair.output -> all.item",
        "all.items -> after.value",
        "after.output -> out.value",
    ],
)
PAIRED = {"out": [["11", "22", "33"]]}


async def test_joins_get_the_tokens_that_they_had(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph(*LISTED), {"items": [1, 2, 3]})
    await stage.run(parallel=3)
    assert (await stage.finished(execution))["output"] == PAIRED
    made, seen = await retry(stage, execution, ["second"], parallel=3, duplicate=0.2)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, PAIRED)
    assert moody.calls == {"first": 3, "second": 6, "after": 2}
    assert await told(stage, made) == await told(stage, execution)


async def test_a_gather_that_fired_stays_with_what_it_consumed(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph(*LISTED), {"items": [1, 2, 3]})
    await stage.run(parallel=3)
    copied, seen = await retry(stage, execution, ["after"])
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, PAIRED)
    gathered = {n.node_id: n for n in await stage.nodes(copied)}["all"]
    assert gathered.copied
    assert len(gathered.marks) == 1
    tokens = {s.id: s.to_dict() or {} async for s in executions.ref(copied.id).collection("tokens").stream()}
    assert sorted(gathered.held["item"]) == sorted(id_ for id_, t in tokens.items() if t["pin"])
    assert set(gathered.marks) == {id_ for id_, t in tokens.items() if not t["pin"]}
    assert {t["held"] for t in tokens.values()} == {False}


@pytest.mark.parametrize("again", ["each", "second", "all", "after", "out"])
async def test_ids_are_those_of_an_execution_that_ran_it_all(stage: Stage, moody: Moody, again: str) -> None:
    version = await stage.graph(*LISTED)
    execution = await stage.start(version, {"items": [3, 1, 2]})
    await stage.run(parallel=2)
    made, _ = await retry(stage, execution, [again], parallel=2)
    ids = [(n.id, n.node_id, n.held, n.marks) for n in await stage.nodes(made)]
    assert await commits.erase(client.client(), executions.ref(made.id).collection("nodes"))
    assert await commits.erase(client.client(), executions.ref(made.id).collection("tokens"))
    await executions.remove(made.id)
    await charges.remove(identity.derive(made.id, "nodes"))
    inputs = {"items": [3, 1, 2]}
    whole = await start.accept(
        stage.world, id_=made.id, user_id="ann", version=version, input_data=inputs, queue="interactive"
    )
    await stage.run(parallel=3)
    assert [(n.id, n.node_id, n.held, n.marks) for n in await stage.nodes(whole)] == ids


async def test_an_empty_list_that_was_gathered_stays_gathered(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph(*LISTED), {"items": []})
    await stage.run()
    _, seen = await retry(stage, execution, ["after"])
    assert seen["output"] == {"out": [[]]}
    assert moody.calls == {"after": 2}


LOOP = (
    [
        agent_input("in", "items"),
        {"id": "seed", "block_type": "CREATE_LIST", "input_data": {"values": []}},
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "add", "block_type": "ADD_TO_LIST"},
        node("after"),
        agent_output(),
    ],
    [
        "in.result -> each.items",
        "seed.list -> add.list",
        "add.updated_list -> add.list",
        "each.item -> add.entry",
        "add.updated_list -> after.value",
        "after.output -> out.value",
    ],
)


async def test_a_loop_that_went_round_is_not_gone_round_again(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph(*LOOP), {"items": ["a", "b"]})
    await stage.run()
    made, seen = await retry(stage, execution, ["after"])
    assert seen["output"] == {"out": [["a"], ["a", "b"]]}
    assert {n.node_id for n in await stage.nodes(made) if not n.copied} == {"in", "after", "out"}
    assert await told(stage, made) == await told(stage, execution)


@pytest.mark.parametrize("deliveries", [1, 4, 7, 10, 13])
async def test_what_was_cancelled_goes_on_where_it_was(stage: Stage, moody: Moody, deliveries: int) -> None:
    execution = await stage.start(await stage.graph(*LISTED), {"items": [1, 2, 3]})
    for _ in range(deliveries):
        await stage.deliver(stage.random.choice(stage.tasks))
    await stopping.cancel(stage.world, await stage.execution(execution))
    await stage.run()
    assert (await stage.finished(execution))["status"] == Status.TERMINATED
    before = moody.calls.total()
    _, seen = await retry(stage, execution, parallel=2)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, PAIRED)
    assert moody.calls.total() == 7, f"{before} before it was cancelled, and none of them twice"


async def test_a_list_of_which_a_part_was_stopped_is_not_gathered(stage: Stage, moody: Moody) -> None:
    """What is stopped will not come, but it would have."""
    nodes = [
        agent_input("in", "items"),
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        upper("up"),
        {"id": "all", "block_type": "GATHER"},
        agent_output(),
    ]
    links = [
        "in.result -> each.items",
        "each.item -> up.text",
        "up.processed_text -> all.item",
        "all.items -> out.value",
    ]
    execution = await stage.start(await stage.graph(nodes, links), {"items": ["a", "b"]})
    for _ in range(2):
        await stage.deliver(stage.tasks[0])
    found = await stage.execution(execution)
    stop = executions.stopping(stopping.CANCELLED, stage.now)
    assert not isinstance(await executions.update(found.id, stop, found.update_time), Lost)
    first = next(n for n in await stage.nodes(execution) if n.node_id == "up")
    await sweeping.end([sweeping.of(first)], stage.now)
    other = next(task for task in stage.tasks if first.id.encode() not in task.body)
    await stage.deliver(other)
    assert "all" not in {n.node_id for n in await stage.nodes(execution)}
    await stopping.sweep(stage.world, execution.id)
    await stage.run()
    assert (await stage.finished(execution))["status"] == Status.TERMINATED
    _, seen = await retry(stage, execution)
    assert seen["output"] == {"out": [["A", "B"]]}


async def test_a_retry_of_a_retry_that_never_started_repeats_its_source(stage: Stage, moody: Moody) -> None:
    moody.refuses.append(7)
    execution = await chain(stage)
    moody.refuses.clear()
    first = await retrying.accept(stage.world, ANN, execution.id, "never1", None)
    await stopping.cancel(stage.world, first)
    second = await retrying.accept(stage.world, ANN, first.id, "second1", None)
    await stage.run()
    assert (second.retry_of, list(second.repairs)) == (execution.id, ["a"])
    assert (await stage.finished(second))["output"] == {"out": [7]}
    assert (await stage.finished(first))["status"] == Status.TERMINATED


async def test_a_large_copy_goes_in_batches(stage: Stage, moody: Moody, monkeypatch: pytest.MonkeyPatch) -> None:
    execution = await stage.start(await stage.graph(*LISTED), {"items": [1, 2, 3]})
    await stage.run(parallel=3)
    for name, most in (("MAX_BATCH", 2), ("MAX_BATCH_BYTES", 10), ("_PAGE", 4), ("_PUBLISHED", 1)):
        monkeypatch.setattr(copying, name, most)
    made, seen = await retry(stage, execution, ["second"], duplicate=0.9, parallel=2)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, PAIRED)
    assert await told(stage, made) == await told(stage, execution)


async def test_two_that_copy_at_once_make_one_copy(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph(*LISTED), {"items": [1, 2, 3]})
    await stage.run(parallel=3)
    await retrying.accept(stage.world, ANN, execution.id, "two1", ["second"])
    made = await retrying.accept(stage.world, ANN, execution.id, "two1", ["second"])
    assert len(stage.tasks) == 2
    await stage.run(parallel=2, duplicate=0.5)
    assert (await stage.finished(made))["output"] == PAIRED
    assert moody.calls == {"first": 3, "second": 6, "after": 2}


async def test_it_waits_for_its_turn(stage: Stage, moody: Moody) -> None:
    settings = stage.world.settings.model_copy(update={"max_concurrent_executions": 1})
    execution = await chain(stage)
    object.__setattr__(stage.world, "settings", settings)
    other = await stage.start(await stage.graph([node("a", value=1)], []))
    made = await retrying.accept(stage.world, ANN, execution.id, "turn1", ["a"])
    (mine,) = [task for task in stage.tasks if b"turn1" in task.body]
    await stage.deliver(mine)
    assert (await stage.finished(made))["status"] == Status.INCOMPLETE
    await stage.run()
    assert (await stage.finished(other))["status"] == Status.COMPLETED
    assert (await stage.finished(made))["status"] == Status.COMPLETED


async def test_a_lost_task_of_a_copy_is_found(stage: Stage, moody: Moody) -> None:
    execution = await chain(stage)
    made = await retrying.accept(stage.world, ANN, execution.id, "lost1", ["a"])
    stage.tasks.clear()
    stage.now = stage.now.replace(hour=stage.now.hour + 1)
    assert (await stage.tick()).executions_dispatched == 1
    await stage.run()
    assert (await stage.finished(made))["status"] == Status.COMPLETED


async def test_of_a_source_that_is_gone_nothing_can_be_taken_over(stage: Stage, moody: Moody) -> None:
    execution = await chain(stage)
    made = await retrying.accept(stage.world, ANN, execution.id, "gone1", ["a"])
    await executions.remove(execution.id)
    await stage.run()
    seen = await stage.finished(made)
    assert (seen["status"], seen["error"]["reason"]) == (Status.FAILED, "RETRY_SOURCE_GONE")


async def test_what_cannot_be_retried_is_refused(stage: Stage, moody: Moody) -> None:
    execution = await stage.start(await stage.graph([node("a", value=1)], []))
    with pytest.raises(errors.Conflict):
        await retrying.accept(stage.world, ANN, execution.id, "r1", None)
    await stage.run()
    with pytest.raises(errors.InvalidArgument) as refused:
        await retrying.accept(stage.world, ANN, execution.id, "r1", ["a", "b"])
    assert [v.field for v in refused.value.violations] == ["from_nodes[1]"]
    for user, id_ in (("bob", execution.id), ("ann", "nothing")):
        with pytest.raises(errors.NotFound):
            await retrying.accept(stage.world, caller(user), id_, "r1", None)
    assert await execution_views.get("ann", execution.id)
