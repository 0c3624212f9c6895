"""The stub answers OpenAI's client, by rule and plainly as a stub."""

import json
import math
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:  # its models take nearly a second of CPU, which only the process of these tests pays
    import openai

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
            },
            "required": ["city"],
        },
    },
}
SEARCH = {
    "type": "function",
    "function": {
        "name": "search_web",
        "description": "Search the web",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
    },
}


async def ask(client: "openai.AsyncOpenAI", text: str, **settings):
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}]
    return await client.chat.completions.create(model="any", messages=messages, **settings)


async def test_the_reply_says_it_is_a_stub_and_repeats_the_first_sentences(client):
    completion = await ask(client, "What is up? Tell me. And more.")
    (choice,) = completion.choices
    assert choice.message.content == "[stub] What is up? Tell me."
    assert choice.finish_reason == "stop"
    assert completion.model == "any"
    assert completion.usage.completion_tokens == math.ceil(len(choice.message.content) / 4)
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


async def test_the_same_request_gets_the_same_reply(client):
    first, second = await ask(client, "Hello"), await ask(client, "Hello")
    assert (first.id, first.choices) == (second.id, second.choices)
    assert (await ask(client, "Bye")).id != first.id


async def test_max_tokens_cuts_the_reply(client):
    completion = await ask(client, "A long story about a ship. It sailed.", max_tokens=3)
    assert completion.choices[0].message.content == "[stub] A lon"
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 3


async def test_a_streamed_reply_adds_up_to_the_plain_one(client):
    plain = await ask(client, "Hello there. Friend.")
    stream = await ask(client, "Hello there. Friend.", stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == plain.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage == plain.usage
    assert len(chunks) > 4


async def test_parts_of_a_message_are_read(client):
    parts = [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    completion = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": parts}])
    assert completion.choices[0].message.content == "[stub] Look: [image_url]"


async def test_json_mode_gives_an_object(client):
    completion = await ask(client, "Say it.", response_format={"type": "json_object"})
    assert json.loads(completion.choices[0].message.content) == {"stub": True, "reply": "[stub] Say it."}


async def test_a_schema_is_filled_from_the_message(client):
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 10},
            "mood": {"enum": ["sad", "glad"]},
            "score": {"type": "number", "minimum": 0, "maximum": 5},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 2},
            "when": {"type": "string", "format": "date"},
            "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        },
        "$defs": {"tag": {"type": "object", "properties": {"sure": {"type": "boolean"}}}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    completion = await ask(client, "I am glad, 9 of 10.", response_format=form)
    assert json.loads(completion.choices[0].message.content) == {
        "title": "[stub] I a",
        "mood": "glad",
        "score": 5.0,
        "tags": [{"sure": True}, {"sure": True}],
        "when": "2026-01-01",
        "note": "[stub] I am glad, 9 of 10.",
    }


async def test_a_schema_that_contains_itself_ends(client):
    schema = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#"}}, "name": {"type": "string"}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    completion = await ask(client, "Tree.", response_format=form)
    assert json.loads(completion.choices[0].message.content)["name"] == "[stub] Tree."


async def test_the_tool_that_fits_is_called_with_arguments_of_its_schema(client):
    completion = await ask(client, "How is the weather in Kyoto for 3 days?", tools=[SEARCH, WEATHER])
    (choice,) = completion.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.function.name == "get_weather"
    arguments = json.loads(call.function.arguments)
    assert arguments == {"city": "How is the weather in Kyoto for 3 days?", "unit": "celsius", "days": 3}


async def test_a_forced_tool_is_called_and_a_forbidden_one_is_not(client):
    forced = {"type": "function", "function": {"name": "search_web"}}
    completion = await ask(client, "The weather!", tools=[WEATHER, SEARCH], tool_choice=forced)
    assert completion.choices[0].message.tool_calls[0].function.name == "search_web"
    completion = await ask(client, "The weather!", tools=[WEATHER, SEARCH], tool_choice="none")
    assert completion.choices[0].message.content == "[stub] The weather!"


async def test_after_a_tool_answered_the_reply_reports_it(client):
    first = await ask(client, "The weather?", tools=[WEATHER])
    call = first.choices[0].message.tool_calls[0]
    messages = [
        {"role": "user", "content": "The weather?"},
        {"role": "assistant", "tool_calls": [call.model_dump()]},
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    completion = await client.chat.completions.create(model="m", messages=messages, tools=[WEATHER])
    assert completion.choices[0].message.content == "[stub] The tool answered: sunny"


async def test_tool_calls_are_streamed(client):
    stream = await ask(client, "The weather?", tools=[WEATHER], stream=True)
    calls = [c for chunk in [x async for x in stream] for c in chunk.choices[0].delta.tool_calls or ()]
    assert calls[0].function.name == "get_weather"


async def test_embeddings_are_unit_vectors_nearer_for_similar_texts(client):
    texts = ["the cat sat on the mat", "a cat sat on a mat", "quarterly revenue grew by nine percent"]
    answer = await client.embeddings.create(model="e", input=texts)
    cat, like, unlike = (item.embedding for item in answer.data)
    assert len(cat) == 1536
    assert math.isclose(sum(value * value for value in cat), 1.0, abs_tol=1e-5)
    assert dot(cat, like) > 0.3 > dot(cat, unlike)
    again = await client.embeddings.create(model="e", input=texts[0])
    assert again.data[0].embedding == cat


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


async def test_embeddings_of_other_lengths_and_as_plain_numbers(client):
    answer = await client.embeddings.create(model="e", input=["", "x"], dimensions=8, encoding_format="float")
    for item in answer.data:
        assert len(item.embedding) == 8
        assert math.isclose(dot(item.embedding, item.embedding), 1.0, abs_tol=1e-5)


async def test_models_are_listed(client):
    assert "stub-chat" in [model.id async for model in client.models.list()]


async def test_a_request_without_messages_is_refused(client, port):
    import openai

    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(model="m", messages=[])
    async with httpx.AsyncClient() as http:
        response = await http.post(f"http://127.0.0.1:{port}/v1/chat/completions", content=b"{")
    assert response.json()["error"]["type"] == "invalid_request_error"
