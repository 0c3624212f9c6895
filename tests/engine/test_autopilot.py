"""A model does a task with the platform's blocks and the user's agents, and remembers its session."""

import json
from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.scripted import Scripted, results
from tests.engine.scripted import model as model
from tests.engine.stage import Stage
from tests.engine.test_agents import shouting_agent
from tests.engine.test_gates import agent_input, agent_output


async def pilot(stage: Stage, **input_data: Any) -> dict[str, list[Any]]:
    """What it gives, by pin."""
    version = await stage.graph(
        [{"id": "p", "block_type": "AUTO_PILOT", "input_data": {"prompt": "Go", **input_data}}], []
    )
    return await go(stage, version)


async def go(stage: Stage, version: Any) -> dict[str, list[Any]]:
    execution = await stage.start(version)
    await stage.run(duplicate=0.3)
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED, seen["error"]
    assert seen["cost"] > 0
    return {pin: values for pin, values in seen["output"]["p"].items() if values}


RUN = ("run_block", {"block_type": "TEXT_PROCESSING", "input_data": {"text": "a", "operation": "upper"}})


async def test_it_finds_and_runs_blocks_and_tells_what_it_did(stage: Stage, model: Scripted) -> None:
    model.answers = [[("find_blocks", {"query": "text processing"})], [RUN], lambda said: results(said)[-1]]
    given = await pilot(stage)
    assert json.loads(given["response"][0])["processed_text"] == "A"
    found, ran = given["tool_calls"][0]
    assert '"block_type": "TEXT_PROCESSING"' in found["output"]
    assert (ran["tool_name"], ran["success"]) == ("run_block", True)
    assert given["token_usage"] == [{"prompt_tokens": 30, "completion_tokens": 3, "total_tokens": 33}]
    assert json.loads(given["conversation_history"][0])[0] == {"role": "user", "content": "Go"}


async def test_it_finds_and_runs_agents_of_its_user(stage: Stage, model: Scripted) -> None:
    graph = await shouting_agent(stage)
    model.answers = [
        [("find_agents", {"query": ""})],
        [("run_agent", {"graph_id": graph, "inputs": {"text": "b"}})],
        lambda said: results(said)[-1],
    ]
    given = await pilot(stage)
    assert given["response"] == ["B"]
    assert graph in given["tool_calls"][0][0]["output"]


async def test_a_session_goes_on_with_what_was_said(stage: Stage, model: Scripted) -> None:
    version = await stage.graph(
        [
            agent_input("s", "session"),
            {"id": "p", "block_type": "AUTO_PILOT", "input_data": {"prompt": "My name is Ada"}},
        ],
        ["s.result -> p.session_id"],
    )
    model.answers = ["Hello Ada", "You are Ada"]
    for _ in range(2):
        execution = await stage.start(version, {"session": "mine"})
        await stage.run()
        assert (await stage.finished(execution))["status"] == Status.COMPLETED
    messages, _ = model.asked[-1]
    assert [m["content"] for m in messages if m["role"] != "system"] == [
        "My name is Ada",
        "Hello Ada",
        "My name is Ada",
    ]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"blocks": ["Text Processing Block"]}, "not allowed"),
        ({"blocks": ["CALCULATOR"], "blocks_exclude": False}, "not allowed"),
        ({"tools": ["run_block"]}, "no tool 'run_block'"),
        ({"tools": ["find_library_agent"], "tools_exclude": False}, "no tool 'run_block'"),
        ({"dry_run": True}, "would have run"),
    ],
)
async def test_it_does_no_more_than_it_is_allowed(
    stage: Stage, model: Scripted, limits: dict[str, Any], problem: str
) -> None:
    model.answers = [[RUN], lambda said: results(said)[-1]]
    given = await pilot(stage, **limits)
    assert problem in given["response"][0]


async def test_it_runs_no_other_of_its_kind_in_itself(stage: Stage, model: Scripted) -> None:
    model.answers = [[("run_block", {"block_type": "AUTO_PILOT", "input_data": {}})], lambda said: results(said)[-1]]
    assert "no block 'AUTO_PILOT'" in (await pilot(stage))["response"][0]


@pytest.mark.parametrize("most", [1, 2])
async def test_agents_that_it_runs_hold_so_many_of_its_kind_and_no_more(
    stage: Stage, model: Scripted, most: int
) -> None:
    node = {"id": "p", "block_type": "AUTO_PILOT", "input_data": {"prompt": "Go", "max_recursion_depth": most}}
    version = await stage.graph([node], [])
    model.answers = [
        [("run_agent", {"graph_id": version.graph_id, "inputs": {}})],
        lambda said: f"came back: {results(said)[-1]}",
    ]
    given = await go(stage, version)
    assert given["response"][0].count("came back") >= most
    assert f"run each other {most} deep already (max_recursion_depth)" in given["response"][0]


async def test_as_a_tool_of_an_agent_it_has_its_own_tools(stage: Stage, model: Scripted) -> None:
    agent = {"id": "a", "block_type": "ORCHESTRATOR", "input_data": {"prompt": "g", "agent_mode_max_iterations": 3}}
    pilot_ = {"id": "p", "block_type": "AUTO_PILOT", "input_data": {}, "metadata": {"customized_name": "pilot"}}

    def first(said: Any) -> Any:
        return [RUN] if "platform" in said[0]["content"] else [("pilot", {"prompt": "Go"})]

    model.answers = [first, lambda said: results(said)[-1]]
    links = ["a.tools_^_p_~_prompt -> p.prompt", "a.finished -> out.value"]
    version = await stage.graph([agent, pilot_, agent_output("out")], links)
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED, seen["error"]
    assert "processed_text" in seen["output"]["out"][0]
