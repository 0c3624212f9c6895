"""An orchestrator that takes one step at a time: what it calls runs through the graph, and comes back to it."""

import json
from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.scripted import Scripted, results
from tests.engine.scripted import model as model
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

SHOUT = {**upper("up"), "metadata": {"customized_name": "shout"}}
LOOP = [
    "agent.tools_^_up_~_text -> up.text",
    "agent.conversations -> agent.conversation_history",
    "up.processed_text -> agent.last_tool_output",
    "up.error -> agent.last_tool_output",
    "agent.finished -> out.value",
]


def agent(**input_data: Any) -> dict[str, Any]:
    return {"id": "agent", "block_type": "ORCHESTRATOR", "input_data": input_data}


async def looped(stage: Stage, *more: str, nodes: Any = (), **input_data: Any) -> Any:
    return await stage.graph([agent(**input_data), SHOUT, *nodes, agent_output("out")], [*LOOP, *more])


async def firings(stage: Stage, execution: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node in await stage.nodes(execution):
        assert node.status is Status.COMPLETED
        counts[node.node_id] = counts.get(node.node_id, 0) + 1
    return counts


async def test_what_a_tool_gives_comes_back_through_the_graph_until_the_model_has_finished(
    stage: Stage, model: Scripted
) -> None:
    model.answers = [[("shout", {"text": "a"})], [("shout", {"text": "b"})], lambda said: " ".join(results(said))]
    version = await looped(stage, "in.result -> agent.prompt", nodes=[agent_input("in", "goal")])
    execution = await stage.start(version, {"goal": "Be loud"})
    await stage.run(parallel=3, duplicate=0.4)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"out": ["A B"]})
    assert await firings(stage, execution) == {"in": 1, "agent": 3, "up": 2, "out": 1}
    assert sum("Be loud" in str(message) for message in model.asked[-1][0]) == 1


async def test_an_agent_with_a_literal_prompt_begins_at_the_start(stage: Stage, model: Scripted) -> None:
    model.answers = [[("shout", {"text": "a"})], lambda said: results(said)[0]]
    execution = await stage.start(await looped(stage, prompt="g"))
    await stage.run(duplicate=0.4)
    assert (await stage.finished(execution))["output"] == {"out": ["A"]}


@pytest.mark.parametrize("seed", range(3))
async def test_several_calls_of_one_turn_are_answered_one_by_one_before_the_model_is_asked_again(
    stage: Stage, model: Scripted, seed: int
) -> None:
    stage.random.seed(seed)
    model.answers = [[("shout", {"text": text}) for text in "abc"], lambda said: " ".join(results(said))]
    execution = await stage.start(await looped(stage, prompt="g", multiple_tool_calls=True))
    await stage.run(parallel=4, duplicate=0.4)
    assert (await stage.finished(execution))["output"] == {"out": ["A B C"]}
    assert await firings(stage, execution) == {"agent": 4, "up": 3, "out": 1}
    for messages, _ in model.asked:
        assert [m["tool_call_id"] for m in messages if m["role"] == "tool"] in ([], ["call0x0", "call0x1", "call0x2"])


async def test_different_tools_come_back_on_one_pin(stage: Stage, model: Scripted) -> None:
    other = {"id": "low", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "lower"},
             "metadata": {"customized_name": "whisper"}}  # fmt: skip
    model.answers = [
        [("whisper", {"text": "AbC"})],
        [("shout", {"text": "x"})],
        lambda said: " ".join(results(said)),
    ]
    version = await looped(
        stage,
        "agent.tools_^_low_~_text -> low.text",
        "low.processed_text -> agent.last_tool_output",
        nodes=[other],
        prompt="g",
    )
    execution = await stage.start(version)
    await stage.run(parallel=3, duplicate=0.3)
    assert (await stage.finished(execution))["output"] == {"out": ["abc X"]}


async def test_a_tool_that_fails_answers_with_its_error_where_that_is_linked(stage: Stage, model: Scripted) -> None:
    failing = {**SHOUT, "input_data": {"operation": "sideways"}}
    model.answers = [[("shout", {"text": "a"})], lambda said: results(said)[0]]
    version = await stage.graph([agent(prompt="g"), failing, agent_output("out")], LOOP)
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    assert "sideways" in seen["output"]["out"][0]


@pytest.mark.parametrize("seed", range(3))
async def test_a_list_of_prompts_makes_a_dialog_each_in_order(stage: Stage, model: Scripted, seed: int) -> None:
    stage.random.seed(seed)

    def call(said: Any) -> Any:
        return [("shout", {"text": said[-1]["content"].removeprefix("Your objective: ")})]

    model.answers = [call, lambda said: results(said)[0]]
    version = await looped(
        stage,
        "in.result -> each.items",
        "each.item -> agent.prompt",
        nodes=[agent_input("in", "goals"), {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}],
        sys_prompt="",
    )
    execution = await stage.start(version, {"goals": ["one", "two", "three"]})
    await stage.run(parallel=4, duplicate=0.3)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"out": ["ONE", "TWO", "THREE"]})


async def test_a_prompt_that_is_made_in_the_execution_holds_for_every_turn(stage: Stage, model: Scripted) -> None:
    model.answers = [[("shout", {"text": "a"})], [("shout", {"text": "b"})], lambda said: results(said)[-1]]
    template = {"id": "t", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "Do {{ x }}"}}
    version = await looped(
        stage,
        "in.result -> t.values_#_x",
        "t.output -> agent.prompt",
        nodes=[agent_input("in", "goal"), template],
    )
    execution = await stage.start(version, {"goal": "it"})
    await stage.run(duplicate=0.3)
    assert (await stage.finished(execution))["output"] == {"out": ["B"]}
    prompts = {json.dumps(node.held) for node in await stage.nodes(execution) if node.node_id == "agent"}
    assert len(prompts) == 3


async def test_calls_that_go_on_through_the_graph_need_no_way_back(stage: Stage, model: Scripted) -> None:
    model.answers = [[("shout", {"text": "a"}), ("shout", {"text": "b"})]]
    version = await stage.graph(
        [agent(prompt="g", multiple_tool_calls=True), SHOUT, agent_output("out"), agent_output("said")],
        ["agent.tools_^_up_~_text -> up.text", "up.processed_text -> out.value", "agent.finished -> said.value"],
    )
    execution = await stage.start(version)
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"out": ["A", "B"], "said": []}


async def test_a_tool_with_several_inputs_gets_all_of_a_call_together(stage: Stage, model: Scripted) -> None:
    replace = {"id": "r", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{ a }}-{{ b }}"}}
    model.answers = [[("fill_text_template", {"values_a": n, "values_b": n * 10}) for n in (1, 2, 3)]]
    version = await stage.graph(
        [agent(prompt="g", multiple_tool_calls=True), replace, agent_output("out")],
        [
            "agent.tools_^_r_~_values_a -> r.values_#_a",
            "agent.tools_^_r_~_values_b -> r.values_#_b",
            "r.output -> out.value",
        ],
    )
    execution = await stage.start(version)
    await stage.run(parallel=3)
    assert (await stage.finished(execution))["output"] == {"out": ["1-10", "2-20", "3-30"]}


async def test_a_call_that_cannot_be_made_is_mended_in_the_same_step(stage: Stage, model: Scripted) -> None:
    model.answers = [[("whisper", {})], [("shout", {"text": "a"})], lambda said: results(said)[-1]]
    execution = await stage.start(await looped(stage, prompt="g"))
    await stage.run()
    assert (await stage.finished(execution))["status"] == Status.COMPLETED
    assert "no tool 'whisper'" in results(model.asked[1][0])[0]


async def test_one_call_leaves_where_one_is_wanted(stage: Stage, model: Scripted) -> None:
    model.answers = [[("shout", {"text": "a"}), ("shout", {"text": "b"})], lambda said: " ".join(results(said))]
    execution = await stage.start(await looped(stage, prompt="g"))
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"out": ["A"]}
