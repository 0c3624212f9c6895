"""Is Anthropic's API asked in its own form, and understood?"""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.serving import HttpServer
from shared.blocks import completions, messages_api, providers
from shared.blocks.completions import Model
from shared.blocks.credentials import ApiKey, Credential, Need
from shared.domain import errors

TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks up",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    },
}
CALL = {"id": "t1", "type": "function", "function": {"name": "look_up", "arguments": '{"word": "ship"}'}}


class Anthropic:
    """Keeps what it was asked, and streams ``blocks``; or answers with ``failure``: status, body, headers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.blocks: list[dict[str, Any]] = [{"type": "text", "text": "blue"}]
        self.stop_reason = "end_turn"
        self.failure: tuple[int, dict[str, Any], dict[str, str]] | None = None
        self.server = HttpServer(Starlette(routes=[Route("/v1/messages", self._answer, methods=["POST"])]))

    async def _answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("authorization"))
        if self.failure:
            status, body, headers = self.failure
            return JSONResponse(body, status_code=status, headers=headers)
        text = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in self._events())
        return Response(text, media_type="text/event-stream")

    def _events(self) -> list[dict[str, Any]]:
        used = {
            "input_tokens": 40,
            "output_tokens": 1,
            "cache_read_input_tokens": 50,
            "cache_creation_input_tokens": 10,
        }
        message = {
            "id": "m1", "type": "message", "role": "assistant", "model": "claude-opus-5",
            "content": [], "stop_reason": None, "stop_sequence": None, "usage": used,
        }  # fmt: skip
        events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
        for index, block in enumerate(self.blocks):
            if block["type"] == "text":
                delta = {"type": "text_delta", "text": block["text"]}
                start: dict[str, Any] = {**block, "text": ""}
            else:
                delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
                start = {**block, "input": {}}
            events += [
                {"type": "content_block_start", "index": index, "content_block": start},
                {"type": "content_block_delta", "index": index, "delta": delta},
                {"type": "content_block_stop", "index": index},
            ]
        ended = {"stop_reason": self.stop_reason, "stop_sequence": None}
        return [
            *events,
            {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 10}},
            {"type": "message_stop"},
        ]


class Purse:
    async def open(self, need: Need, credentials_id: str) -> Credential:
        return ApiKey(api_key="sk-ant-secret")


@pytest.fixture
async def anthropic(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Anthropic]:
    double = Anthropic()
    port = await double.server.start(0)
    there = replace(providers.PROVIDERS["anthropic"], url=f"http://127.0.0.1:{port}")
    monkeypatch.setitem(providers.PROVIDERS, "anthropic", there)  # type: ignore[arg-type]
    yield double
    await double.server.stop()


def claude(**more: Any) -> Model:
    return Model(name="claude-opus-5", credentials="mine", **more)


async def test_an_answer_comes_with_its_cost_cached_tokens_included(context: Any, anthropic: Anthropic) -> None:
    made = context(wallet=Purse())
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "A colour?"}]
    completion = await completions.complete(messages, claude(max_tokens=5, temperature=1.5), made)
    assert (completion.text, completion.token_usage["prompt_tokens"]) == ("blue", 100)
    assert made.charges == pytest.approx([(40 * 5 + 50 * 0.5 + 10 * 6.25 + 10 * 25) / 1_000_000])
    assert anthropic.keys == ["Bearer sk-ant-secret"]
    (asked,) = anthropic.asked
    assert asked["system"] == "Be kind."
    assert asked["messages"] == [{"role": "user", "content": [{"type": "text", "text": "A colour?"}]}]
    assert asked["max_tokens"] == 5


async def test_tool_calls_come_and_go_in_openais_form(context: Any, anthropic: Anthropic) -> None:
    anthropic.blocks = [{"type": "tool_use", "id": "t2", "name": "look_up", "input": {"word": "boat"}}]
    anthropic.stop_reason = "tool_use"
    messages = [
        {"role": "user", "content": "What is a ship?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "t1", "content": "a vessel"},
    ]
    completion = await completions.complete(messages, claude(), context(wallet=Purse()), tools=[TOOL], parallel=False)
    (call,) = completion.tool_calls
    assert (call["id"], json.loads(call["function"]["arguments"])) == ("t2", {"word": "boat"})
    (asked,) = anthropic.asked
    assert asked["tools"][0]["input_schema"]["properties"] == {"word": {"type": "string"}}
    assert asked["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert asked["messages"][1]["content"][0] == {
        "type": "tool_use", "id": "t1", "name": "look_up", "input": {"word": "ship"}
    }  # fmt: skip
    assert asked["messages"][2]["content"][0]["tool_use_id"] == "t1"


async def test_an_overloaded_service_is_asked_again_later(context: Any, anthropic: Anthropic) -> None:
    anthropic.failure = (
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
        {"retry-after": "9"},
    )
    with pytest.raises(errors.Retryable) as failed:
        await completions.complete([{"role": "user", "content": "a"}], claude(), context(wallet=Purse()))
    assert failed.value.after == 9


async def test_a_refused_key_is_not_shown(context: Any, anthropic: Anthropic) -> None:
    anthropic.failure = (401, {"error": {"type": "authentication_error", "message": "bad sk-ant-secret"}}, {})
    with pytest.raises(errors.BlockError) as failed:
        await completions.complete([{"role": "user", "content": "a"}], claude(), context(wallet=Purse()))
    assert not isinstance(failed.value, errors.Retryable)
    assert "sk-ant-secret" not in failed.value.message
    assert "credentials of the node" in failed.value.message


async def test_a_refusal_is_a_failure(context: Any, anthropic: Anthropic) -> None:
    anthropic.stop_reason = "refusal"
    with pytest.raises(errors.BlockError, match="refused"):
        await completions.complete([{"role": "user", "content": "a"}], claude(), context(wallet=Purse()))


def test_neighbours_of_one_role_are_one_turn_and_images_go_along() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    linked = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    _, turns = messages_api.translate(
        [
            {"role": "user", "content": [{"type": "text", "text": "Look:"}, image, linked, "and say"]},
            {"role": "user", "content": "what"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "{"}}],
            },
        ]
    )
    assert [turn["role"] for turn in turns] == ["user", "assistant"]
    kinds = [block["type"] for block in turns[0]["content"]]
    assert kinds == ["text", "image", "image", "text", "text"]
    assert turns[0]["content"][1]["source"] == {"type": "base64", "media_type": "image/png", "data": "QUJD"}
    assert turns[1]["content"][0]["input"] == {"arguments": "{"}
