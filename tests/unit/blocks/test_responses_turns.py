"""Does a conversation keep what a model thought over the Responses API, and who gets to see it?"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.blocks import thoughts
from shared.domain import errors
from tests.unit.blocks.model_service import ASKED, Service, called, responded, said, thought, written

RESULT = {"role": "tool", "tool_call_id": "c1", "content": "a vessel"}
Ask = Callable[..., Any]


async def test_what_was_thought_comes_back_with_the_result_of_the_call(ask: Ask, service: Service) -> None:
    summary = [{"type": "summary_text", "text": "It is about ships."}]
    items = [
        thought("rs_1") | {"summary": summary},
        written("I look.", phase="commentary"),
        called("c1", "look_up", '{"word": "ship"}'),
        thought("rs_2"),
        called("c2", "look_up"),
    ]
    service.answers = [(200, responded(*items), {}), (200, responded(written("A vessel.")), {})]
    turn = (await ask()).message
    stored = json.loads(json.dumps([*ASKED, turn, RESULT, {**RESULT, "tool_call_id": "c2", "content": {"a": 1}}]))
    assert (await ask(stored, tools=())).text == "A vessel."
    assert "I look." not in json.dumps(turn[thoughts.KEY])  # which the message says already
    assert service.paths == ["/v1/responses"] * 2  # the last turn too, which may call no more
    assert service.asked[1]["input"][2:] == [
        {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "sealed"},
        {"role": "assistant", "content": "I look.", "phase": "commentary"},
        {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": '{"word": "ship"}'},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "sealed"},
        {"type": "function_call", "call_id": "c2", "name": "look_up", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "a vessel"},
        {"type": "function_call_output", "call_id": "c2", "output": '{"a": 1}'},
    ]


async def test_thoughts_before_a_call_that_is_not_made_go_with_it(ask: Ask, service: Service) -> None:
    items = [thought("rs_1"), called("c1", "look_up"), thought("rs_2"), called("c2", "look_up"), thought("rs_3")]
    service.answers = [(200, responded(*items), {}), (200, responded(written("A vessel.")), {})]
    completion = await ask()
    await ask([*ASKED, completion.first_call_alone().message, RESULT])
    second = {**completion.message, "tool_calls": completion.message["tool_calls"][1:]}
    await ask([*ASKED, second, {**RESULT, "tool_call_id": "c2"}])
    kinds = [[item.get("id") or item.get("call_id") for item in asked["input"][2:]] for asked in service.asked[1:]]
    assert kinds == [["rs_1", "c1", "c1"], ["rs_2", "c2", "c2"]]


@pytest.mark.parametrize(
    ("change", "model"),
    [
        ({"content": "Edited."}, "gpt-6.1-sol"),
        ({}, "gpt-6-astra"),
        ({"tool_calls": [{"id": "c9", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}]},
         "gpt-6.1-sol"),
        ({thoughts.KEY: {"model": "gpt-6.1-sol", "items": [
            {"type": "item_reference", "id": "msg_of_others"}, {"type": "reasoning", "id": "rs_of_others"},
            {"type": "web_search_call", "id": "ws"}, 7, {"type": "function_call", "call_id": ["x"]}]}},
         "gpt-6.1-sol"),
        ({thoughts.KEY: "nothing"}, "gpt-6.1-sol"),
        ({thoughts.KEY: {"model": "gpt-6.1-sol", "items": [{"type": "message", "content": 5, "length": "3"}]}},
         "gpt-6.1-sol"),
    ],
)  # fmt: skip
async def test_thoughts_that_are_anothers_or_no_longer_fit_are_left_out(
    ask: Ask, service: Service, change: dict[str, Any], model: str
) -> None:
    service.answers = [(200, responded(thought("rs_1"), written("So."), called("c1", "look_up")), {})]
    turn = {**(await ask()).message, **change}
    await ask([*ASKED, turn, RESULT], model=model)
    items = service.asked[1]["input"][2:]
    text, call, output = items
    assert (text["role"], text["content"], call["type"]) == ("assistant", turn["content"], "function_call")
    assert call["call_id"] == turn["tool_calls"][0]["id"]
    assert (output["type"], isinstance(call["arguments"], str)) == ("function_call_output", True)


async def test_thoughts_that_cannot_be_read_any_more_are_thought_afresh(ask: Ask, service: Service) -> None:
    refusal = {"error": {"message": "could not be verified", "code": "invalid_encrypted_content"}}
    service.answers = [
        (200, responded(thought("rs_1", "of another key"), called("c1", "look_up")), {}),
        (400, refusal, {}),
        (200, responded(written("A vessel.")), {}),
    ]
    turn = (await ask()).message
    charges: list[float] = []
    assert (await ask([*ASKED, turn, RESULT], idempotency_key="ne", charges=charges)).text == "A vessel."
    assert len(charges) == 1
    kinds = [[item.get("type") for item in asked["input"][2:]] for asked in service.asked[1:]]
    assert kinds == [
        ["reasoning", "function_call", "function_call_output"], ["function_call", "function_call_output"]
    ]  # fmt: skip
    assert service.headers[1]["idempotency-key"] != service.headers[2]["idempotency-key"]
    service.answers = [(400, refusal, {})]
    with pytest.raises(errors.BlockError, match="could not be verified"):
        await ask()
    assert len(service.asked) == 4  # without a thought there is nothing to leave out


async def test_other_services_never_see_thoughts(ask: Ask, service: Service) -> None:
    service.answers = [(200, responded(thought("rs_1"), called("c1", "look_up")), {}), said("A vessel.")]
    turn = (await ask()).message
    await ask([*ASKED, turn, RESULT], model="gpt-4o")
    assert service.paths == ["/v1/responses", "/v1/chat/completions"]
    assert thoughts.KEY in turn
    assert service.asked[1]["messages"][2] == thoughts.without(turn)


async def test_images_files_and_odd_calls_go_along(ask: Ask, service: Service) -> None:
    service.answers = [(200, responded(written("A ship.")), {})]
    look = [
        "Look:",
        {"type": "text", "text": "and say"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"}},
        {"type": "something", "else": 1},
    ]
    long = "x" * 100
    odd = {"role": "assistant", "content": [{"type": "text", "text": "So"}], "tool_calls": ["?", {"id": long}]}
    await ask([{"role": "user", "content": look}, odd, {"role": "tool", "tool_call_id": long, "content": None}])
    said, text, call, output = service.asked[0]["input"]
    assert said["content"] == [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_text", "text": "and say"},
        {"type": "input_image", "image_url": "data:image/png;base64,QUJD", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"},
        {"type": "something", "else": 1},
    ]
    assert text == {"role": "assistant", "content": "So"}
    assert (call["name"], call["arguments"], output["output"]) == ("", "{}", "")
    assert call["call_id"] == output["call_id"]
    assert len(call["call_id"]) == 64


def test_the_oldest_thoughts_of_a_long_conversation_are_forgotten() -> None:
    def turn(number: int) -> dict[str, Any]:
        sealed = thought(f"rs_{number}", "s" * (thoughts.MAX_CHARACTERS // 3))
        return {"role": "assistant", "content": str(number), thoughts.KEY: {"model": "m", "items": [sealed]}}

    talk = [{"role": "user", "content": "Go"}, *(turn(number) for number in range(5))]
    kept = thoughts.bounded(talk)
    assert [message["content"] for message in kept] == ["Go", "0", "1", "2", "3", "4"]
    assert [message["content"] for message in kept if thoughts.KEY in message] == ["3", "4"]
    assert thoughts.bounded(kept) == kept
