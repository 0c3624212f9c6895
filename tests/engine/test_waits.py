"""What waits holds nothing: delays, people, sub-agents, retries. And what is stopped starts nothing afterwards."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context
from shared.domain import errors
from shared.domain.statuses import Status, is_final
from shared.firestore import executions, node_executions
from shared.services import completion, node_tasks, reviews, stopping
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

ASK = {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "Text"}}


async def asked(stage: Stage) -> Any:
    version = await stage.graph(
        [agent_input("in", "text"), ASK, agent_output("yes"), agent_output("no"), agent_output("said")],
        [
            "in.result -> ask.data",
            "ask.approved_data -> yes.value",
            "ask.rejected_data -> no.value",
            "ask.review_message -> said.value",
        ],
    )
    execution = await stage.start(version, {"text": "draft"})
    await stage.run()
    return execution


@pytest.mark.parametrize(
    ("approved", "data", "output"),
    [
        (True, None, {"yes": ["draft"], "no": [], "said": ["ok"]}),
        (True, "better", {"yes": ["better"], "no": [], "said": ["ok"]}),
        (False, None, {"yes": [], "no": ["draft"], "said": ["ok"]}),
    ],
)
async def test_a_person_decides_and_the_execution_goes_on(
    stage: Stage, approved: bool, data: Any, output: dict[str, Any]
) -> None:
    execution = await asked(stage)
    assert stage.tasks == []
    assert (await stage.execution(execution)).status is Status.REVIEW
    (waiting,), _ = await reviews.page("ann", None, 10)
    assert (waiting["data"], waiting["graph_name"]) == ("draft", "g")
    await reviews.decide(stage.world, "ann", waiting["id"], approved, data, "ok")
    await stage.run(duplicate=0.5)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, output)
    assert (await reviews.page("ann", None, 10))[0] == []


async def test_a_review_is_decided_once_and_by_its_user(stage: Stage) -> None:
    await asked(stage)
    (waiting,), _ = await reviews.page("ann", None, 10)
    with pytest.raises(errors.NotFound):
        await reviews.decide(stage.world, "bob", waiting["id"], True, None, "")
    await reviews.decide(stage.world, "ann", waiting["id"], True, None, "")
    with pytest.raises(errors.Conflict):
        await reviews.decide(stage.world, "ann", waiting["id"], False, None, "")


async def test_cancelling_an_execution_in_review_closes_the_review(stage: Stage) -> None:
    execution = await asked(stage)
    await stopping.cancel(stage.world, await stage.execution(execution))
    found = await stage.execution(execution)
    assert found.status is Status.TERMINATED
    assert found.error is not None
    assert found.error.reason == "CANCELLED"
    assert (await reviews.page("ann", None, 10))[0] == []


async def test_a_delay_is_a_task_for_later(stage: Stage) -> None:
    version = await stage.graph(
        [
            {"id": "wait", "block_type": "DELAY", "input_data": {"input": "x", "seconds": 3600}},
            agent_output(),
        ],
        ["wait.output -> out.value"],
    )
    execution = await stage.start(version)
    before = stage.now
    while any(task.at <= stage.now for task in stage.tasks):
        await stage.deliver(next(task for task in stage.tasks if task.at <= stage.now))
    assert [task.at - before for task in stage.tasks] == [timedelta(hours=1)]
    assert (await stage.execution(execution)).status is Status.WAITING
    await stage.run()
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"out": ["x"]})


async def test_a_sub_agent_runs_as_one_node(stage: Stage) -> None:
    child = await stage.graph(
        [
            agent_input("in", "words"),
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
            agent_output("loud"),
        ],
        ["in.result -> each.items", "each.item -> up.text", "up.processed_text -> loud.value"],
    )
    version = await stage.graph(
        [
            agent_input("in", "words"),
            {"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child.graph_id}},
            {"id": "all", "block_type": "GATHER"},
            agent_output(),
        ],
        ["in.result -> agent.words", "agent.loud -> all.item", "all.items -> out.value"],
    )
    execution = await stage.start(version, {"words": ["a", "b"]})
    await stage.run(parallel=3, duplicate=0.3)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"out": [["A", "B"]]})


async def test_a_sub_agent_that_fails_fails_its_node(stage: Stage) -> None:
    child = await stage.graph([upper("a", text="x", operation="sideways")], [])
    version = await stage.graph(
        [{"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child.graph_id}}], []
    )
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert "sideways" in seen["error"]["message"]


async def test_agents_that_call_themselves_stop_at_the_depth_limit(stage: Stage) -> None:
    version = await stage.graph(
        [{"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": "me"}}], []
    )
    node = replace(version.graph.nodes[0], input_data={"graph_id": version.graph_id})
    version.graph.by_id[node.id] = node  # type: ignore[index]
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert "MAX_DEPTH" in seen["error"]["message"]


async def test_cancelling_a_parent_ends_its_sub_agent(stage: Stage) -> None:
    child = await stage.graph([{**ASK, "input_data": {"name": "n", "data": 1}}], [])
    version = await stage.graph(
        [{"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child.graph_id}}], []
    )
    execution = await stage.start(version)
    await stage.run()
    (node,) = await stage.nodes(execution)
    (child_id,) = node.children
    await stopping.cancel(stage.world, await stage.execution(execution))
    await stage.run()
    assert (await stage.execution(execution)).status is Status.TERMINATED
    found = await executions.find(child_id)
    assert found is not None
    assert found.status is Status.TERMINATED


async def test_what_is_cancelled_starts_nothing_afterwards(stage: Stage) -> None:
    version = await stage.graph(
        [
            agent_input("in", "items"),
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "web", "block_type": "SEND_WEB_REQUEST"},
        ],
        ["in.result -> each.items", "each.item -> web.url"],
    )
    execution = await stage.start(version, {"items": [f"https://example.com/{i}" for i in range(120)]})
    while len(stage.tasks) < 120:
        await stage.deliver(stage.tasks[0])
    await stopping.cancel(stage.world, await stage.execution(execution))
    assert (await stage.execution(execution)).status is Status.TERMINATED
    await stage.run()  # NoWeb fails the test if a request is made
    nodes = await stage.nodes(execution)
    assert {n.status for n in nodes if n.node_id == "web"} == {Status.TERMINATED}
    assert all(n.attempts == 0 for n in nodes if n.node_id == "web")


async def test_a_list_that_is_being_made_when_it_is_cancelled_is_not_made_to_its_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await stage.graph(
        [agent_input("in", "items"), {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}, upper("up")],
        ["in.result -> each.items", "each.item -> up.text"],
    )
    execution = await stage.start(version, {"items": [str(i) for i in range(1_000)]})
    write, batches = node_executions.write, 0

    async def cancelled_after_one(batch: Any) -> Any:
        nonlocal batches
        written = await write(batch)
        batches += 1
        if batches == 1:
            await stopping.cancel(stage.world, await stage.execution(execution))
        return written

    monkeypatch.setattr(node_executions, "write", cancelled_after_one)
    await stage.run()
    made = [node for node in await stage.nodes(execution) if node.node_id == "up"]
    assert (len(made), {node.status for node in made}) == (completion.MAX_BATCH, {Status.TERMINATED})
    assert stage.tasks == []


async def test_on_error_stop_ends_the_rest(stage: Stage) -> None:
    version = await stage.graph(
        [
            upper("bad", text="x", operation="sideways"),
            {"id": "slow", "block_type": "DELAY", "input_data": {"seconds": 600}},
        ],
        [],
        on_error="stop",
    )
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert "sideways" in seen["error"]["message"]
    assert {n.node_id: n.status for n in await stage.nodes(execution)}["slow"] is Status.TERMINATED


async def test_a_cycle_without_end_stops_at_a_limit_that_says_its_name(stage: Stage) -> None:
    version = await stage.graph(
        [
            agent_input("in", "n"),
            {"id": "add", "block_type": "CALCULATOR", "input_data": {"operation": "Add", "b": 1}},
        ],
        ["in.result -> add.a", "add.result -> add.a"],
    )
    stage.world = replace(stage.world, settings=stage.world.settings.model_copy(update={"max_hops": 20}))
    execution = await stage.start(version, {"n": 0})
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert seen["error"]["reason"] == "LIMIT_EXCEEDED"
    assert "MAX_HOPS" in seen["error"]["message"]


async def test_more_node_executions_than_allowed_stop_the_execution(stage: Stage) -> None:
    version = await stage.graph(
        [agent_input("in", "items"), {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}, upper("up")],
        ["in.result -> each.items", "each.item -> up.text"],
    )
    stage.world = replace(stage.world, settings=stage.world.settings.model_copy(update={"max_node_executions": 30}))
    execution = await stage.start(version, {"items": [str(i) for i in range(40)]})
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert "MAX_NODE_EXECUTIONS" in seen["error"]["message"]
    assert await node_executions.count(execution.id) <= 31


class Flaky(Block):
    """Fails as often as it is told, then succeeds."""

    class Input(BlockInput):
        pass

    class Output(BlockOutput):
        output: str = ""

    block_type = "FLAKY"
    category = "TEST"
    description = "Fails, then succeeds."
    max_attempts = 3
    failures = 2

    async def run(self, input: Any, context: Context) -> Any:
        if context.attempt <= self.failures:
            raise errors.Retryable(f"attempt {context.attempt}", after=30 if context.attempt == 2 else None)
        yield "output", f"at attempt {context.attempt}"


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Flaky:
    block = Flaky()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    yield block  # type: ignore[misc]
    catalog.specs.cache_clear()


async def test_a_retry_waits_longer_each_time_and_as_long_as_it_is_asked(stage: Stage, flaky: Flaky) -> None:
    version = await stage.graph([{"id": "f", "block_type": "FLAKY", "backoff": 4}], [])
    execution = await stage.start(version)
    began = stage.now
    await stage.run(duplicate=0.3)
    seen = await stage.finished(execution)
    assert seen["output"] == {"f": {"output": ["at attempt 3"]}}
    (node,) = await stage.nodes(execution)
    assert node.attempts == 3
    assert stage.now - began == timedelta(seconds=4 + 30)


async def test_after_the_last_attempt_it_fails(stage: Stage, flaky: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flaky, "failures", 9)
    version = await stage.graph([{"id": "f", "block_type": "FLAKY", "max_attempts": 2}], [])
    execution = await stage.start(version)
    await stage.run()
    (node,) = await stage.nodes(execution)
    assert (node.status, node.attempts) == (Status.FAILED, 2)


async def test_a_thousand_that_wait_leave_their_place_to_others(stage: Stage) -> None:
    """With one place, each that waits for a person lets the next one start."""
    stage.world = replace(
        stage.world, settings=stage.world.settings.model_copy(update={"max_concurrent_executions": 1})
    )
    version = await stage.graph([{**ASK, "input_data": {"name": "n", "data": 1}}], [])
    started = [await stage.start(version) for _ in range(5)]
    await stage.run()
    assert [(await stage.execution(e)).status for e in started] == [Status.REVIEW] * 5
    assert stage.tasks == []


async def test_executions_over_the_limit_start_in_turn(stage: Stage) -> None:
    stage.world = replace(
        stage.world, settings=stage.world.settings.model_copy(update={"max_concurrent_executions": 2})
    )
    version = await stage.graph([upper("a", text="x"), upper("b")], ["a.processed_text -> b.text"])
    started = [await stage.start(version) for _ in range(6)]
    most = 0
    while stage.tasks:
        await stage.deliver(stage.random.choice(stage.tasks))
        running = [e for e in started if (await stage.execution(e)).status is Status.RUNNING]
        most = max(most, len(running))
    assert most <= 2
    assert all([is_final((await stage.execution(e)).status) for e in started])


async def test_each_that_waits_for_its_turn_is_dispatched_once_more(stage: Stage) -> None:
    """However many end in the meantime, and though those before it have not started yet."""
    stage.world = replace(
        stage.world, settings=stage.world.settings.model_copy(update={"max_concurrent_executions": 4})
    )
    version = await stage.graph([upper("a", text="x")], [])
    started = [await stage.start(version) for _ in range(12)]
    for task in list(stage.tasks):
        await stage.deliver(task)
    assert stage.asked == 12 + 4  # the roots, and the nodes of those whose turn it is
    await stage.run(parallel=3)
    assert stage.asked == 12 + 4 + 8 * 2
    assert all([is_final((await stage.execution(e)).status) for e in started])


async def test_one_whose_turn_came_and_whose_task_is_lost_is_found(stage: Stage) -> None:
    stage.world = replace(
        stage.world, settings=stage.world.settings.model_copy(update={"max_concurrent_executions": 1})
    )
    version = await stage.graph([upper("a", text="x")], [])
    first, second = [await stage.start(version) for _ in range(2)]
    for task in list(stage.tasks):
        await stage.deliver(task)
    while not is_final((await stage.execution(first)).status):
        await stage.deliver(stage.tasks[0])
    assert [node_tasks.decode(task.body).execution.id for task in stage.tasks] == [second.id]
    stage.tasks.clear()
    stage.now += timedelta(hours=1)
    assert (await stage.tick()).executions_dispatched == 1
    await stage.run()
    assert (await stage.execution(second)).status is Status.COMPLETED
