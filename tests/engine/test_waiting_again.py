"""A block may wait more than once, for one thing after another, and remembers what it learnt."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.blocks import catalog, suspensions
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Delay, Review, SubAgent, SubAgents, Suspended
from shared.domain import errors
from shared.domain.statuses import Status
from shared.services import reviews, stopping, suspending
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper


class Restless(Block):
    """Does what its ``plan`` says, one wait after another, and emits what it learnt."""

    class Input(BlockInput):
        pass

    class Output(BlockOutput):
        learnt: Any = None

    block_type = "RESTLESS"
    category = "TEST"
    description = "Waits again and again."
    suspends = True
    max_attempts = 2

    def __init__(self) -> None:
        self.plan: list[Any] = []
        self.calls = 0

    def run(self, input: Any, context: Context) -> Iterator[tuple[str, Any]]:
        self.calls += 1
        resumption = context.resumption or {"state": []}
        learnt = [*resumption["state"], *([self._heard(resumption)] if context.resumption else [])]
        if len(learnt) < len(self.plan):
            raise Suspended(self.plan[len(learnt)](learnt))
        yield "learnt", learnt

    def _heard(self, resumption: Any) -> Any:
        if "agents" in resumption:
            return [one["error"] or one["output"] for one in resumption["agents"]]
        return resumption.get("output", resumption.get("data", "later"))


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Restless]:
    block = Restless()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    yield block
    catalog.specs.cache_clear()


async def shouter(stage: Stage) -> str:
    version = await stage.graph(
        [agent_input("in", "text"), upper("up"), agent_output("out")],
        ["in.result -> up.text", "up.processed_text -> out.value"],
    )
    return version.graph_id


def call(graph: str, text: str) -> SubAgent:
    return SubAgent(graph_id=graph, graph_version=None, inputs={"text": text})


async def begin(stage: Stage) -> Any:
    return await stage.start(await stage.graph([{"id": "r", "block_type": "RESTLESS"}], []))


async def test_sub_agents_run_at_the_same_time_and_again_and_what_came_is_remembered(
    stage: Stage, restless: Restless
) -> None:
    graph = await shouter(stage)
    restless.plan = [
        lambda learnt: SubAgents(agents=[call(graph, "a"), call(graph, "b")], state=learnt),
        lambda learnt: Delay(seconds=0, state=learnt),
        lambda learnt: SubAgents(agents=[call(graph, "c")], state=learnt),
        lambda learnt: SubAgent(graph_id=graph, graph_version=None, inputs={"text": "d"}, state=learnt),
    ]
    execution = await begin(stage)
    await stage.run(parallel=4, duplicate=0.4)
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    (learnt,) = seen["output"]["r"]["learnt"]
    assert learnt == [[{"out": ["A"]}, {"out": ["B"]}], "later", [{"out": ["C"]}], {"out": ["D"]}]


async def test_a_person_may_be_asked_twice(stage: Stage, restless: Restless) -> None:
    restless.plan = [lambda learnt: Review(name="n", data=len(learnt), editable=True, state=learnt)] * 2
    execution = await begin(stage)
    for answer in ("first", "second"):
        await stage.run()
        (waiting,), _ = await reviews.page("ann", None, 10)
        await reviews.decide(stage.world, "ann", waiting["id"], True, answer, "")
    await stage.run(duplicate=0.5)
    assert (await stage.finished(execution))["output"] == {"r": {"learnt": [["first", "second"]]}}


async def test_a_sub_agent_that_fails_stands_in_the_list_with_its_error(stage: Stage, restless: Restless) -> None:
    good = await shouter(stage)
    bad = await stage.graph([upper("a", text="x", operation="sideways")], [])
    restless.plan = [lambda learnt: SubAgents(agents=[call(good, "a"), _without(bad.graph_id)], state=learnt)]
    execution = await begin(stage)
    await stage.run(parallel=2)
    ((first, second),) = (await stage.finished(execution))["output"]["r"]["learnt"][0]
    assert first == {"out": ["A"]}
    assert "sideways" in str(second)


def _without(graph: str) -> SubAgent:
    return SubAgent(graph_id=graph, graph_version=None, inputs={})


async def test_cancelling_ends_every_sub_agent(stage: Stage, restless: Restless) -> None:
    slow = await stage.graph([{"id": "d", "block_type": "DELAY", "input_data": {"seconds": 600}}], [])
    restless.plan = [lambda learnt: SubAgents(agents=[_without(slow.graph_id)] * 3, state=learnt)]
    execution = await begin(stage)
    while any(task.at <= stage.now for task in stage.tasks):
        await stage.deliver(next(task for task in stage.tasks if task.at <= stage.now))
    (node,) = await stage.nodes(execution)
    assert len(set(node.children)) == 3
    await stopping.cancel(stage.world, await stage.execution(execution))
    await stage.run()
    for child in node.children:
        found = await suspending.executions.find(child)
        assert found is not None
        assert found.status is Status.TERMINATED


async def test_too_many_sub_agents_fail_the_node(stage: Stage, restless: Restless) -> None:
    many = suspensions.MAX_SUB_AGENTS + 1
    restless.plan = [lambda learnt: SubAgents(agents=[_without("g")] * many, state=learnt)]
    execution = await begin(stage)
    await stage.run()
    assert (await stage.finished(execution))["error"]["reason"] == "LIMIT_EXCEEDED"


async def test_what_sub_agents_cost_counts_once_though_the_block_fails_and_is_tried_again(
    stage: Stage, restless: Restless, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Paid(Block):
        Input, Output = Restless.Input, Restless.Output
        block_type, category, description = "PAID", "TEST", "Costs."

        def run(self, input: Any, context: Context) -> Iterator[tuple[str, Any]]:
            context.charge(0.5)
            yield "learnt", None

    monkeypatch.setattr(catalog, "_registry", lambda: {"RESTLESS": restless, "PAID": Paid()})
    catalog.specs.cache_clear()
    graph = (await stage.graph([{"id": "p", "block_type": "PAID"}], [])).graph_id
    restless.plan = [lambda learnt: SubAgents(agents=[_without(graph), _without(graph)], state=learnt)]
    heard, failed = Restless._heard, []

    def fails_once(self: Restless, resumption: Any) -> Any:
        if not failed:
            failed.append(True)
            raise errors.Retryable("Not yet.")
        return heard(self, resumption)

    monkeypatch.setattr(Restless, "_heard", fails_once)
    execution = await begin(stage)
    await stage.run(duplicate=0.3)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["cost"]) == (Status.COMPLETED, 1.0)


async def test_going_on_at_once_leaves_the_execution_running(stage: Stage, restless: Restless) -> None:
    restless.plan = [lambda learnt: Delay(seconds=0, state=learnt)]
    execution = await begin(stage)
    statuses = set()
    while stage.tasks:
        await stage.deliver(stage.tasks[0])
        statuses.add((await stage.execution(execution)).status)
    assert statuses <= {Status.QUEUED, Status.RUNNING, Status.COMPLETED}
