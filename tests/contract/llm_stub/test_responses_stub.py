"""The stub speaks the Responses API: OpenAI's client understands it, and what OpenAI would not take it refuses."""

import functools
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from local.llm_stub import responses

if TYPE_CHECKING:  # its models take nearly a second of CPU, which only the process of these tests pays
    import openai

TOOL: dict[str, Any] = {
    "type": "function",
    "name": "look_up",
    "description": "Looks up",
    "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    "strict": False,
}
CALL = {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "a vessel"}
THINKING: dict[str, Any] = {"store": False, "include": ["reasoning.encrypted_content"]}


async def test_a_text_is_answered_as_over_chat_completions_and_counted(client: "openai.AsyncOpenAI") -> None:
    response = await client.responses.create(model="m", input="What is up? Tell me. More.", instructions="Be kind.")
    assert (response.status, response.output_text) == ("completed", "[stub] What is up? Tell me.")
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    cut = await client.responses.create(model="m", input="Say " + "ship " * 50, max_output_tokens=16)
    assert (cut.status, cut.incomplete_details and cut.incomplete_details.reason, len(cut.output_text)) == (
        "incomplete",
        "max_output_tokens",
        64,
    )


async def test_a_form_is_kept_to(client: "openai.AsyncOpenAI") -> None:
    schema: Any = {"type": "object", "properties": {"days": {"type": "integer"}}}
    form: Any = {"format": {"type": "json_schema", "name": "answer", "schema": schema}}
    response = await client.responses.create(model="m", input="In 3 days", text=form)
    assert response.output_text == '{"days": 3}'


async def test_a_tool_is_called_after_a_thought_and_its_result_is_told(client: "openai.AsyncOpenAI") -> None:
    talk: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "look_up ship"}]}]
    tools: Any = [TOOL]
    first = await client.responses.create(model="m", input=talk, tools=tools, **THINKING)
    thought, call = (item.to_dict() for item in first.output)
    assert (thought["type"], call["type"], call["name"]) == ("reasoning", "function_call", "look_up")
    talk += [thought, call, {**RESULT, "call_id": call["call_id"]}]
    second = await client.responses.create(model="m", input=talk, tools=tools, **THINKING)
    assert second.output_text == "[stub] The tool answered: a vessel"


async def test_a_stream_says_the_same_in_pieces(client: "openai.AsyncOpenAI") -> None:
    asked: dict[str, Any] = {"model": "m", "input": "look_up ship", "tools": [TOOL], **THINKING}
    whole = await client.responses.create(**asked)
    events = [event async for event in await client.responses.create(**asked, stream=True)]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.output == whole.output
    text = await client.responses.create(model="m", input="Hello there", stream=True)
    pieces = [event.delta async for event in text if event.type == "response.output_text.delta"]
    assert pieces == ["[stub]", " Hello", " there"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"messages": []}, 400, "'messages'"),
        ({"input": []}, 400, "'input'"),
        ({"input": [5]}, 400, "'input'"),
        ({"input": "a", "max_output_tokens": 15}, 400, ">= 16"),
        ({"input": "a", "tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "tools[0].name"),
        ({"input": [{"type": "hologram"}]}, 400, "hologram"),
        ({"input": [RESULT]}, 400, "No tool call found"),
        ({"input": [CALL]}, 400, "No tool output found"),
        ({"input": [{"type": "function_call"}, RESULT]}, 400, "No tool call"),
        ({"input": [{"type": "reasoning", "id": "rs_1"}, CALL, RESULT]}, 404, "not persisted"),
        ({"input": [{"type": "reasoning", "id": "rs_1", "encrypted_content": "?"}, CALL, RESULT]}, 400, "verified"),
    ],
)
def test_what_openai_would_not_take_is_refused(body: dict[str, Any], status: int, says: str) -> None:
    with pytest.raises(responses.Refused) as refused:
        responses.as_chat({"model": "m", **body})
    assert refused.value.status == status
    assert says in str(refused.value)


async def test_a_refusal_has_the_form_of_openais(port: int) -> None:
    async with httpx.AsyncClient() as http:
        ask = functools.partial(http.post, f"http://127.0.0.1:{port}/v1/responses")
        short = await ask(json={"model": "m", "input": "a", "max_output_tokens": 1})
        odd = await ask(json={"model": "m", "input": "a", "max_output_tokens": "many"})
    assert (short.status_code, short.json()["error"]["code"]) == (400, "integer_below_min_value")
    assert (odd.status_code, "another shape" in odd.json()["error"]["message"]) == (400, True)


async def test_a_thought_has_to_stand_before_what_came_of_it(client: "openai.AsyncOpenAI") -> None:
    import openai

    first = await client.responses.create(model="m", input="Hello", **THINKING)
    talk: Any = [{"role": "user", "content": "Hello"}, first.output[0].to_dict(), {"role": "user", "content": "Go"}]
    with pytest.raises(openai.BadRequestError, match="required following item"):
        await client.responses.create(model="m", input=talk, **THINKING)
