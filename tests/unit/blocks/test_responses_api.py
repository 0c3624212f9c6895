"""Is OpenAI's Responses API asked rightly, and understood, whatever it answers?"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from shared.blocks import providers
from shared.blocks.completions import Model
from shared.blocks.credentials import ApiKey, Credential, Need
from shared.domain import errors
from tests.unit.blocks.model_service import ASKED, TOOL, Service, called, responded, said, thought, written

Ask = Callable[..., Any]


class Watching:
    def __init__(self) -> None:
        self.heard: list[str] = []

    async def tell(self, pin: str, piece: str) -> None:
        self.heard.append(piece)


async def failed(ask: Ask, **more: Any) -> errors.BlockError:
    with pytest.raises(errors.BlockError) as failure:
        await ask(**more)
    return failure.value


async def test_a_question_is_put_in_its_form_and_nothing_is_stored_there(ask: Ask, service: Service) -> None:
    service.answers = [(200, responded(called("c1", "look_up", '{"word": "ship"}')), {})]
    model = Model(name="gpt-6.1-sol", max_tokens=5, temperature=0.3)
    completion = await ask(model=model, parallel=False, idempotency_key="ne-1")
    assert service.paths == ["/v1/responses"]
    assert service.headers[0]["idempotency-key"].startswith("ne-1-")
    assert service.asked == [
        {
            "model": "gpt-6.1-sol",
            "input": ASKED,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "max_output_tokens": 16,
            "tools": [{"type": "function", "strict": False, **TOOL["function"]}],
            "parallel_tool_calls": False,
        }
    ]
    assert completion.tool_calls == [
        {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"word": "ship"}'}}
    ]
    assert (completion.text, completion.cut, completion.thoughts) == ("", False, None)


async def test_all_kinds_of_tokens_are_paid_each_at_its_price(ask: Ask, service: Service) -> None:
    usage = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 300},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 1050,
    }
    service.answers = [(200, responded(written("A vessel."), usage=usage), {})]
    charges: list[float] = []
    completion = await ask(charges=charges)
    assert completion.token_usage == {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}
    assert charges == pytest.approx([(100 * 2 + 600 * 0.1 + 300 * 2.5 + 50 * 10) / 1e6])


async def test_what_is_written_to_a_cache_is_paid_over_chat_completions_too(ask: Ask, service: Service) -> None:
    status, answer, headers = said("blue")
    details = {"cached_tokens": 50, "cache_write_tokens": 40}
    answer["usage"] |= {"prompt_tokens_details": details}
    service.answers = [(status, answer, headers)]
    charges: list[float] = []
    await ask(model="gpt-6-luna", tools=(), charges=charges)
    assert charges == pytest.approx([(10 * 0.1 + 50 * 0.01 + 40 * 0.125 + 10 * 0.5) / 1e6])


@pytest.mark.parametrize("usage", [None, "many", {"input_tokens": "5", "input_tokens_details": 7}])
async def test_a_call_that_is_not_counted_rightly_still_has_its_answer(
    ask: Ask, service: Service, usage: Any
) -> None:
    service.answers = [(200, responded(written("A vessel."), usage=usage), {})]
    completion = await ask()
    assert completion.text == "A vessel."
    assert (completion.usage.prompt > 0) == (not isinstance(usage, dict))


@pytest.mark.parametrize(
    ("answer", "may_pass", "says"),
    [
        (responded(), False, "without an item"),
        (responded(output=None), False, "without an item"),
        (responded({"type": "hologram"}, "x"), False, "with hologram, str alone"),  # type: ignore[arg-type]
        (responded({"type": "function_call", "name": "look_up", "arguments": "{}"}), False, "a call without an id"),
        (responded(status="failed", error={"code": "rate_limit_exceeded", "message": "slow"}), True, "slow"),
        (responded(status="failed", error={"code": "server_error", "message": "sorry"}), True, "sorry"),
        (responded(status="failed", error={"code": "invalid_prompt", "message": "no"}), False, "invalid_prompt: no"),
        (responded(status="failed", error={"code": "insufficient_quota", "message": "pay"}), False, "no credit left"),
        (responded(status="failed", error={"code": ["odd"]}), False, "it says no more"),
        (responded(status="queued"), True, "broke off"),
        (responded(written("No.", content=[{"type": "refusal", "refusal": "I will not."}])), False, "I will not"),
        (responded(written("So"), status="incomplete", incomplete_details={"reason": "content_filter"}), False,
         "filter"),
        (["a", "list"], True, "broke off"),  # the service double streams it
        (b"7", False, "no response: 7"),
        (b"null", False, "no response: None"),
        (b'{"output": [', True, "no JSON"),
        (b"<html>", True, "no JSON"),
        (b'{"output": "\xff"}', True, "no JSON"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_a_failure_that_says_so(
    ask: Ask, service: Service, answer: Any, may_pass: bool, says: str
) -> None:
    service.answers = [(200, answer, {})]
    failure = await failed(ask, **({"pin": "p", "listeners": Watching()} if isinstance(answer, list) else {}))
    assert (isinstance(failure, errors.Retryable), failure.reason) == (
        may_pass, "LLM_UNAVAILABLE" if may_pass else "LLM_REFUSED"
    )  # fmt: skip
    assert says in failure.message


async def test_a_limit_of_the_service_is_waited_for_and_a_key_is_not_shown(ask: Ask, service: Service) -> None:
    service.answers = [(429, {"error": {"message": "busy"}}, {"retry-after": "7"})]
    limited = await failed(ask)
    assert isinstance(limited, errors.Retryable)
    assert limited.after == 7
    service.answers = [(401, {"error": {"message": "bad key sk-of-all"}}, {})]
    refused = await failed(ask)
    assert "sk-of-all" not in refused.message
    assert "OPENAI_API_KEY" in refused.message


@pytest.mark.parametrize("api", ["gpt-6.1-sol", "gpt-4o"])
async def test_a_refusal_is_paid(ask: Ask, service: Service, api: str) -> None:
    part = {"type": "refusal", "refusal": "I will not."}
    status, chat, headers = said(None)
    chat["choices"][0]["message"]["refusal"] = "I will not."
    service.answers = (
        [(200, responded(written("", content=[part])), {})] if "sol" in api else [(status, chat, headers)]
    )
    charges: list[float] = []
    assert "refused: I will not." in (await failed(ask, model=api, charges=charges)).message
    assert len(charges) == 1


@pytest.mark.parametrize(
    ("delta", "ended", "says"),
    [({"refusal": "I will not."}, "stop", "I will not."), ({"content": "So"}, "content_filter", "filter")],
)
async def test_chat_completions_refuse_in_streams_as_they_do_without(
    ask: Ask, service: Service, delta: Any, ended: str, says: str
) -> None:
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    choices = [{"index": 0, "delta": delta, "finish_reason": None}, {"index": 0, "delta": {}, "finish_reason": ended}]
    service.answers = [(200, [{**chunk, "choices": [choice]} for choice in choices], {})]
    watching = Watching()
    assert says in (await failed(ask, model="gpt-4o", pin="p", listeners=watching)).message
    assert "I will not." not in watching.heard


@pytest.mark.parametrize(("items", "text"), [([written("A ves")], "A ves"), ([thought("rs_1", None)], ""), ([], "")])
async def test_an_answer_that_ends_at_its_limit_is_cut(ask: Ask, service: Service, items: Any, text: str) -> None:
    incomplete = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    service.answers = [(200, responded(*items, **incomplete), {})]
    completion = await ask()
    assert (completion.text, completion.cut) == (text, True)


async def test_what_it_says_meanwhile_is_no_part_of_the_answer(ask: Ask, service: Service) -> None:
    items = [written("I look.", phase="commentary"), written('{"a": 1}', phase="final_answer")]
    service.answers = [(200, responded(*items), {})]
    assert (await ask()).text == '{"a": 1}'


def streamed(*items: dict[str, Any], end: str = "completed", **more: Any) -> list[dict[str, Any]]:
    """The events of an answer, its text in pieces of two characters."""
    events: list[dict[str, Any]] = [{"type": "response.created", "response": responded(status="in_progress")}]
    for at, item in enumerate(items):
        events.append({"type": "response.output_item.added", "output_index": at, "item": {**item, "content": []}})
        text = item["content"][0]["text"] if item["type"] == "message" else ""
        pieces = [text[i : i + 2] for i in range(0, len(text), 2)]
        events += [{"type": "response.output_text.delta", "output_index": at, "delta": piece} for piece in pieces]
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
    return [*events, {"type": f"response.{end}", "response": responded(**more)}]


async def test_a_stream_is_told_as_it_comes_and_whole_in_the_end(ask: Ask, service: Service) -> None:
    items = [
        thought("rs_1"), written("I look.", phase="commentary"), written("A vessel.", phase="final_answer"),
        called("c1", "look_up"),
    ]  # fmt: skip
    half = [thought("rs_1", "half"), {"type": "later"}]
    service.answers = [(200, [{"type": "response.unheard_of"}, *streamed(*items, output=half)], {})]
    watching = Watching()
    completion = await ask(pin="finished", listeners=watching)
    assert service.asked[0]["stream"] is True
    assert (completion.text, "".join(watching.heard), len(watching.heard)) == ("A vessel.", "A vessel.", 5)
    assert [call["id"] for call in completion.tool_calls] == ["c1"]
    assert completion.thoughts is not None
    assert completion.thoughts["items"][0]["encrypted_content"] == "sealed"
    assert completion.token_usage["total_tokens"] == 110


@pytest.mark.parametrize(
    ("events", "may_pass", "says"),
    [
        (streamed(written("A ves"))[:-1], True, "broke off"),
        ([], True, "broke off"),
        ([{"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow"}}], True, "429: rate_limit_"),
        ([{"type": "error", "code": "server_error", "message": "sorry"}], True, "sorry"),
        ([{"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}], False, "no"),
        (streamed(end="failed", status="failed", error={"code": "server_error", "message": "oh"}), True, "oh"),
        ([{"type": "response.completed", "response": 5}], True, "broke off"),
        (b'data: {"type": "response.crea\n\n', True, "no JSON"),
    ],
)
async def test_a_stream_that_breaks_or_fails_is_no_answer(
    ask: Ask, service: Service, events: Any, may_pass: bool, says: str
) -> None:
    headers = {"content-type": "text/event-stream"} if isinstance(events, bytes) else {}
    service.answers = [(200, events, headers)]
    failure = await failed(ask, pin="finished", listeners=Watching())
    assert isinstance(failure, errors.Retryable) == may_pass
    assert says in failure.message


async def test_an_error_in_a_stream_of_chat_completions_may_pass_too(ask: Ask, service: Service) -> None:
    service.answers = [(200, [{"error": {"message": "sorry", "code": "server_error"}}], {})]
    failure = await failed(ask, model="gpt-4o", pin="finished", listeners=Watching())
    assert isinstance(failure, errors.Retryable)


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ("json", {"type": "json_object"}),
        ({"type": "object"},
         {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": False}),
    ],
)  # fmt: skip
async def test_a_form_of_the_answer_is_asked_for(ask: Ask, service: Service, form: Any, sent: Any) -> None:
    service.answers = [(200, responded(written("{}")), {})]
    await ask(model="gpt-5-pro", tools=(), form=form)
    assert service.asked[0]["text"] == {"format": sent}
    assert "tools" not in service.asked[0]


async def test_arguments_that_are_no_text_become_one(ask: Ask, service: Service) -> None:
    service.answers = [
        (200, responded(called("c1", "f", {"a": 1}), called("c2", "f", None), called("c3", "f", "{")), {})
    ]
    arguments = [call["function"]["arguments"] for call in (await ask()).tool_calls]
    assert arguments == ['{"a": 1}', "{}", "{"]


class Purse:
    async def open(self, need: Need, credentials_id: str) -> Credential:
        return ApiKey(api_key="key")


@pytest.mark.parametrize(
    ("model", "credentials", "settings", "path"),
    [
        ("gpt-6.1-sol", "openai", {}, "/v1/responses"),
        ("gpt-6.1-sol", None, {"OPENAI_API_KEY": "k"}, "/v1/responses"),
        ("gpt-6-luna", "openai", {}, "/v1/chat/completions"),
        ("openai/gpt-6.1-sol", {"id": "x", "provider": "open_router"}, {}, "/v1/chat/completions"),
        ("gpt-6.1-sol", {"id": "x", "provider": "groq"}, {}, "/v1/chat/completions"),
        ("gpt-6.1-sol", None, {"OPENAI_BASE_URL": "…"}, "/v1/chat/completions"),
        ("gpt-6.1-sol", None, {"OPENAI_BASE_URL": "…", "OPENAI_RESPONSES_API": "true"}, "/v1/responses"),
    ],
)
async def test_only_who_speaks_it_is_asked_so(
    ask: Ask,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    credentials: Any,
    settings: Any,
    path: str,
) -> None:
    for name, at in list(providers.PROVIDERS.items()):
        url = f"{service.url}{'' if name == 'openai' else '/'}"
        monkeypatch.setitem(providers.PROVIDERS, name, dataclasses.replace(at, url=url))  # type: ignore[arg-type]
    if "OPENAI_BASE_URL" in settings:
        settings = {**settings, "OPENAI_BASE_URL": f"{service.url}/"}
    service.answers = [(200, responded(written("A vessel.")), {})] if "responses" in path else [said("A vessel.")]
    await ask(model=Model(name=model, credentials=credentials), settings=settings, wallet=Purse())
    assert service.paths == [path]


def test_regions_of_openai_are_openai() -> None:
    assert providers.is_openais("https://eu.api.openai.com/v1")
    assert not providers.is_openais("https://api.openai.com.example.org/v1")
    assert not providers.is_openais("http://127.0.0.1:1/v1")
