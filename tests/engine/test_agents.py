"""An agent calls nodes and other agents as its tools, turn by turn, and every turn is recorded once."""

import json
from typing import Any

import pytest

from shared.domain import errors
from shared.domain.statuses import Status
from shared.services import reviews, stopping
from tests.engine.scripted import PRICE, Scripted, results
from tests.engine.scripted import model as model
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

AGENT: dict[str, Any] = {
    "id": "agent",
    "block_type": "ORCHESTRATOR",
    "input_data": {"agent_mode_max_iterations": 5, "multiple_tool_calls": True},
}


def agent(**input_data: Any) -> dict[str, Any]:
    return {**AGENT, "input_data": {**AGENT["input_data"], **input_data}}


async def with_upper(stage: Stage, **input_data: Any) -> Any:
    """An agent whose one tool is a node that writes in upper case."""
    return await stage.graph(
        [agent_input("in", "goal"), agent(**input_data), {**upper("up"), "metadata": {"customized_name": "Shout it"}},
         agent_output("out")],
        ["in.result -> agent.prompt", "agent.tools_^_up_~_text -> up.text", "agent.finished -> out.value"],
    )  # fmt: skip


async def test_a_node_that_is_a_tool_is_called_and_its_result_is_told(stage: Stage, model: Scripted) -> None:
    model.answers = [[("Shout_it", {"text": "hi"})], lambda said: f"They said {results(said)[0]}"]
    version = await with_upper(stage)
    execution = await stage.start(version, {"goal": "Be loud"})
    await stage.run(duplicate=0.4)
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    told = json.loads(seen["output"]["out"][0].removeprefix("They said "))
    assert told["processed_text"] == "HI"
    assert seen["cost"] == 2 * PRICE
    assert model.asked[0][1] == ["Shout_it"]
    assert "Be loud" in model.asked[0][0][-1]["content"]


async def test_a_node_that_is_only_a_tool_does_not_fire_by_itself(stage: Stage, model: Scripted) -> None:
    model.answers = [[("Shout_it", {"text": "hi"})], "done"]
    execution = await stage.start(await with_upper(stage), {"goal": "g"})
    await stage.run()
    assert [node.node_id for node in await stage.nodes(execution)] == ["in", "agent", "out"]


async def test_tools_of_one_turn_are_called_in_their_order_and_told_in_it(stage: Stage, model: Scripted) -> None:
    model.answers = [[("Shout_it", {"text": text}) for text in "abc"], lambda said: "".join(results(said))]
    execution = await stage.start(await with_upper(stage), {"goal": "g"})
    await stage.run()
    (out,) = (await stage.finished(execution))["output"]["out"]
    assert [out.index(f'"{letter}"') for letter in "ABC"] == sorted(out.index(f'"{letter}"') for letter in "ABC")


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (("Shout_it", {}), "'text' is missing"),
        (("Shout_it", {"text": "a", "size": 1}), "no argument 'size'"),
        (("Shout_it", "{"), "not JSON"),
        (("Shout_it", "[" * 100_000), "not JSON"),
        (("Shout_it", "[]"), "JSON object"),
        (("Whisper", {}), "no tool 'Whisper'"),
    ],
)
async def test_a_call_that_cannot_be_made_is_told_to_the_model(
    stage: Stage, model: Scripted, call: Any, problem: str
) -> None:
    model.answers = [[call], lambda said: results(said)[0]]
    execution = await stage.start(await with_upper(stage), {"goal": "g"})
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    assert problem in seen["output"]["out"][0]


async def test_a_tool_that_fails_is_told_to_the_model(stage: Stage, model: Scripted) -> None:
    version = await stage.graph(
        [agent(prompt="g"), upper("up", operation="sideways"), agent_output("out")],
        ["agent.tools_^_up_~_text -> up.text", "agent.finished -> out.value"],
    )
    model.answers = [[("text_processing", {"text": "a"})], lambda said: results(said)[0]]
    execution = await stage.start(version)
    await stage.run()
    assert "sideways" in (await stage.finished(execution))["output"]["out"][0]


async def test_after_the_last_turn_it_has_to_say_what_it_knows(stage: Stage, model: Scripted) -> None:
    model.answers = [[("Shout_it", {"text": "a"})], [("Shout_it", {"text": "b"})], "enough"]
    version = await with_upper(stage, agent_mode_max_iterations=2)
    execution = await stage.start(version, {"goal": "g"})
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"out": ["enough"]}
    assert [names for _, names in model.asked] == [["Shout_it"], ["Shout_it"], []]
    assert "No tools" in model.asked[-1][0][-1]["content"]


async def shouting_agent(stage: Stage) -> str:
    version = await stage.graph(
        [agent_input("in", "text"), upper("up"), agent_output("loud")],
        ["in.result -> up.text", "up.processed_text -> loud.value"],
    )
    return version.graph_id


async def with_sub_agent(stage: Stage, child: str, **input_data: Any) -> Any:
    sub = {"id": "sub", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child, "agent_name": "shouter"}}
    return await stage.graph(
        [agent(prompt="g", **input_data), sub, upper("up"), agent_output("out")],
        [
            "agent.tools_^_sub_~_text -> sub.text",
            "agent.tools_^_up_~_text -> up.text",
            "agent.finished -> out.value",
        ],
    )


async def test_sub_agents_run_at_the_same_time_beside_nodes_and_all_results_are_told_in_order(
    stage: Stage, model: Scripted
) -> None:
    model.answers = [
        [("shouter", {"text": "a"}), ("text_processing", {"text": "b"}), ("shouter", {"text": "c"})],
        [("shouter", {"text": "d"})],
        lambda said: " | ".join(results(said)),
    ]
    version = await with_sub_agent(stage, await shouting_agent(stage))
    execution = await stage.start(version)
    await stage.run(parallel=4, duplicate=0.4)
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    first, second, third, fourth = seen["output"]["out"][0].split(" | ")
    assert (first, third, fourth) == ("A", "C", "D")
    assert json.loads(second)["processed_text"] == "B"
    assert seen["cost"] == 3 * PRICE
    (node,) = [n for n in await stage.nodes(execution) if n.node_id == "agent"]
    assert node.attempts == 1


async def test_a_sub_agent_that_fails_is_told_to_the_model(stage: Stage, model: Scripted) -> None:
    child = await stage.graph(
        [agent_input("in", "text"), upper("up", operation="sideways")], ["in.result -> up.text"]
    )
    model.answers = [[("shouter", {"text": "a"})], lambda said: results(said)[0]]
    execution = await stage.start(await with_sub_agent(stage, child.graph_id))
    await stage.run()
    assert "sideways" in (await stage.finished(execution))["output"]["out"][0]


async def test_a_sub_agent_that_cannot_be_begun_fails_the_agent_and_says_why(stage: Stage, model: Scripted) -> None:
    model.answers = [[("shouter", {"text": "a"})]]
    execution = await stage.start(await with_sub_agent(stage, "gone"))
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert "no graph gone" in seen["error"]["message"]


async def test_a_busy_model_is_asked_again_later_and_no_tool_is_called_twice(stage: Stage, model: Scripted) -> None:
    model.answers = [[("shouter", {"text": "a"})], lambda said: results(said)[0]]
    model.fails = [errors.Retryable("busy", after=30)]
    version = await with_sub_agent(stage, await shouting_agent(stage))
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert (seen["output"], seen["cost"]) == ({"out": ["A"]}, 2 * PRICE)


async def test_a_person_who_is_a_tool_is_asked_and_the_agent_goes_on(stage: Stage, model: Scripted) -> None:
    ask = {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "Plan"}}
    wait = {"id": "wait", "block_type": "DELAY", "input_data": {"seconds": 60}}
    version = await stage.graph(
        [agent(prompt="g"), ask, wait, agent_output("out")],
        [
            "agent.tools_^_ask_~_data -> ask.data",
            "agent.tools_^_wait_~_input -> wait.input",
            "agent.finished -> out.value",
        ],
    )
    model.answers = [
        [("human_in_the_loop", {"data": 1}), ("delay", {"input": "x"}), ("human_in_the_loop", {"data": 2})],
        lambda said: " ".join(results(said)),
    ]
    execution = await stage.start(version)
    began = stage.now
    for answer in ("one", "two"):
        await stage.run()
        assert (await stage.execution(execution)).status is Status.REVIEW
        (waiting,), _ = await reviews.page("ann", None, 10)
        await reviews.decide(stage.world, "ann", waiting["id"], True, answer, "")
    await stage.run(duplicate=0.3)
    assert (await stage.finished(execution))["output"] == {"out": ["one x two"]}
    assert (stage.now - began).total_seconds() >= 60


async def test_an_agent_may_be_the_tool_of_an_agent(stage: Stage, model: Scripted) -> None:
    inner = {**agent(), "id": "inner", "metadata": {"customized_name": "helper"}}
    version = await stage.graph(
        [
            agent(prompt="outer goal"),
            inner,
            {**upper("up"), "metadata": {"customized_name": "shout"}},
            agent_output("out"),
        ],
        [
            "agent.tools_^_inner_~_prompt -> inner.prompt",
            "inner.tools_^_up_~_text -> up.text",
            "agent.finished -> out.value",
        ],
    )

    def first(said: Any) -> Any:
        inside = any("inner goal" in str(message["content"]) for message in said)
        return [("shout", {"text": "a"})] if inside else [("helper", {"prompt": "inner goal"})]

    model.answers = [first, lambda said: results(said)[-1]]
    execution = await stage.start(version)
    await stage.run(duplicate=0.3)
    (out,) = (await stage.finished(execution))["output"]["out"]
    assert json.loads(json.loads(out)["finished"])["processed_text"] == "A"


async def test_cancelling_an_agent_ends_what_it_called(stage: Stage, model: Scripted) -> None:
    child = await stage.graph(
        [agent_input("in", "text"), {"id": "d", "block_type": "DELAY", "input_data": {"seconds": 600}}],
        ["in.result -> d.input"],
    )
    model.answers = [[("shouter", {"text": "a"}), ("shouter", {"text": "b"})]]
    execution = await stage.start(await with_sub_agent(stage, child.graph_id))
    while any(task.at <= stage.now for task in stage.tasks):
        await stage.deliver(next(task for task in stage.tasks if task.at <= stage.now))
    await stopping.cancel(stage.world, await stage.execution(execution))
    await stage.run()
    assert (await stage.execution(execution)).status is Status.TERMINATED
    (node,) = [n for n in await stage.nodes(execution) if n.node_id == "agent"]
    assert len(node.children) == 2
    for id_ in node.children:
        found = await stopping.executions.find(id_)
        assert found is not None
        assert found.status is Status.TERMINATED
