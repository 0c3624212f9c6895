"""An agent whose model thinks over the Responses API keeps what it thought, however long a tool takes to answer.

The stub of the model refuses thoughts that were changed, lost their place or belong to nobody; the model would then
be asked once more without them.
"""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from local.llm_stub import LlmStubService, responses
from shared.blocks import chat_api, thoughts
from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.engine.test_agents import agent, shouting_agent
from tests.engine.test_gates import agent_output
from tests.engine.test_life import upper

TALK = ["system", "user", "reasoning", "function_call", "function_call_output"]


@pytest.fixture
async def thinking(stage: Stage, asked: list[list[str]]) -> AsyncIterator[Stage]:
    service = LlmStubService()
    port = await service.start(0)
    there = {"openai_base_url": f"http://127.0.0.1:{port}/v1", "openai_responses_api": True}
    stage.world = dataclasses.replace(stage.world, settings=stage.world.settings.model_copy(update=there))
    yield stage
    await chat_api.close()
    await service.stop()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the stub is asked over the Responses API, as kinds of items."""
    seen: list[list[str]] = []
    answer = responses.answer

    def noted(body: Any, created: int) -> Any:
        seen.append([item.get("type") or item["role"] for item in body["input"]])
        return answer(body, created)

    monkeypatch.setattr(responses, "answer", noted)
    return seen


def thinkers(seen: dict[str, Any]) -> list[str]:
    """Who thought in each of its turns, by the last conversation that left."""
    assert seen["status"] == Status.COMPLETED
    talk = seen["output"]["talk"][-1]
    return [message[thoughts.KEY]["model"] for message in talk if message["role"] == "assistant"]


async def test_thoughts_lie_with_the_conversation_while_a_sub_agent_runs(thinking: Stage, asked: Any) -> None:
    child = {"graph_id": (await shouting_agent(thinking)), "agent_name": "shouter"}
    version = await thinking.graph(
        [agent(prompt="Ask the shouter", model="gpt-6.1-sol"), agent_output("out"), agent_output("talk"),
         {"id": "sub", "block_type": "AGENT_EXECUTOR", "input_data": child}],
        ["agent.tools_^_sub_~_text -> sub.text", "agent.finished -> out.value", "agent.conversations -> talk.value"],
    )  # fmt: skip
    execution = await thinking.start(version)
    await thinking.run(duplicate=0.4)
    seen = await thinking.finished(execution)
    assert asked == [TALK[:2], TALK]
    assert thinkers(seen) == ["gpt-6.1-sol", "gpt-6.1-sol"]
    assert "The tool answered" in seen["output"]["out"][0]
    assert seen["cost"] > 0


async def test_thoughts_go_through_the_graph_and_back_where_each_step_leaves(thinking: Stage, asked: Any) -> None:
    version = await thinking.graph(
        [agent(prompt="Shout", model="gpt-6-astra", agent_mode_max_iterations=0, multiple_tool_calls=False),
         upper("up"), agent_output("out"), agent_output("talk")],
        ["agent.tools_^_up_~_text -> up.text", "up.processed_text -> agent.last_tool_output",
         "agent.conversations -> agent.conversation_history", "agent.finished -> out.value",
         "agent.conversations -> talk.value"],
    )  # fmt: skip
    execution = await thinking.start(version)
    await thinking.run()
    seen = await thinking.finished(execution)
    assert asked == [TALK[:2], TALK]
    assert thinkers(seen) == ["gpt-6-astra", "gpt-6-astra"]
    assert "The tool answered" in seen["output"]["out"][0]
