"""Do the blocks that ask a language model ask it rightly, and know which failures may pass?"""

import dataclasses
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.blocks import catalog, providers
from shared.domain import errors
from tests.unit.blocks.model_service import ANSWER, Service, said


async def test_the_answer_comes_with_its_tokens_and_model(run: Any, service: Service) -> None:
    outcome = await run("LLM", {"prompt": "Name a colour."}, idempotency_key="ne-1")
    assert outcome.failure is None
    assert outcome.tokens == [
        ("response", "blue"),
        ("token_usage", {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}),
        ("model_used", "gpt-3.5-turbo-0125"),
    ]
    assert service.asked == [
        {
            "model": "gpt-3.5-turbo",
            "max_tokens": 1000,
            "temperature": 0.7,
            "messages": [{"role": "user", "content": "Name a colour."}],
        }
    ]
    assert service.headers[0]["authorization"] == "Bearer k"
    assert service.headers[0]["idempotency-key"].startswith("ne-1-")


async def test_without_a_service_the_failure_says_what_to_set(run: Any) -> None:
    outcome = await run("LLM", {"prompt": "Hi"}, settings={})
    assert outcome.failure.reason == "LLM_NOT_CONFIGURED"
    assert "OPENAI_API_KEY" in outcome.failure.message


async def test_an_empty_model_is_not_asked(run: Any, service: Service) -> None:
    outcome = await run("LLM", {"prompt": "p", "model": " "})
    assert outcome.failure.reason == "INVALID_INPUT"
    assert "The model is empty" in outcome.failure.message
    assert service.asked == []


async def test_a_service_of_its_own_needs_no_key(run: Any, service: Service) -> None:
    outcome = await run("LLM", {"prompt": "Hi"}, settings={"OPENAI_BASE_URL": service.url})
    assert outcome.failure is None


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (429, {"retry-after": "Sat, 14 Mar 2026 12:00:30 GMT"}, 30.0),
        (429, {"retry-after": "Sat, 14 Mar 2026 11:00:00 GMT"}, 0.0),
        (429, {"retry-after": "soon"}, None),
        (429, {}, None),
        (500, {}, None),
        (503, {"retry-after": "2"}, 2.0),
    ],
)
async def test_what_may_pass_is_tried_again_by_the_engine_alone(
    run: Any, service: Service, status: int, headers: dict[str, str], after: float | None
) -> None:
    service.answers = [(status, {"error": {"message": "busy"}}, headers)]
    outcome = await run("LLM", {"prompt": "Hi"})
    assert isinstance(outcome.failure, errors.Retryable)
    assert outcome.failure.after == after
    assert str(status) in outcome.failure.message
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "no such model"}),
        (401, {"message": "bad key"}),
        (404, {"message": "no such model"}),
        (429, {"message": "pay first", "code": "insufficient_quota"}),
    ],
)
async def test_what_stays_wrong_is_not_tried_again(run: Any, service: Service, status: int, error: Any) -> None:
    service.answers = [(status, {"error": error}, {})]
    outcome = await run("LLM", {"prompt": "Hi"})
    assert not isinstance(outcome.failure, errors.Retryable)
    assert error["message"] in outcome.failure.message


async def test_a_service_that_is_down_may_come_back(run: Any) -> None:
    outcome = await run("LLM", {"prompt": "Hi"}, settings={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    assert isinstance(outcome.failure, errors.Retryable)


async def test_an_answer_without_choices_is_a_failure(run: Any, service: Service) -> None:
    service.answers = [(200, {**ANSWER, "choices": []}, {})]
    assert "without a choice" in (await run("LLM", {"prompt": "Hi"})).failure.message


async def test_an_answer_without_text_or_counts_is_empty(run: Any, service: Service) -> None:
    silent = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": None}}
    service.answers = [(200, {**ANSWER, "choices": [silent], "usage": None}, {})]
    outcome = await run("LLM", {"prompt": "Hi"})
    assert outcome.tokens[0] == ("response", "")
    assert outcome.tokens[1][1]["total_tokens"] == 0


@pytest.mark.parametrize("values", [{"max_tokens": 0}, {"temperature": 2.1}, {"temperature": -1}])
def test_settings_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(errors.BlockError, match=next(iter(values))):
        catalog.read_input(catalog.get("LLM"), {"prompt": "Hi", **values})


async def test_a_prompt_with_values_is_a_template(run: Any, service: Service) -> None:
    values = {"prompt": "Greet {{ name }}.", "sys_prompt": "In {{ name }}'s tongue.", "prompt_values_#_name": "Ada"}
    outcome = await run("AI_TEXT_GENERATOR", values)
    messages = [{"role": "system", "content": "In Ada's tongue."}, {"role": "user", "content": "Greet Ada."}]
    assert outcome.tokens == [("response", "blue"), ("prompt", messages)]
    assert service.asked == [{"model": "gpt-6-luna", "messages": messages}]


async def test_a_prompt_without_values_is_no_template(run: Any, service: Service) -> None:
    await run("AI_TEXT_GENERATOR", {"prompt": "What is {{ x }}?", "max_tokens": "5"})
    assert service.asked[0]["messages"] == [{"role": "user", "content": "What is {{ x }}?"}]
    assert service.asked[0]["max_completion_tokens"] == 5


async def test_a_model_that_openai_shut_down_is_answered_by_its_successor(
    run: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    openai = dataclasses.replace(providers.PROVIDERS["openai"], url=service.url)
    monkeypatch.setitem(cast(dict[str, Any], providers.PROVIDERS), "openai", openai)
    service.answers = [said("blue")]
    charges: list[float] = []
    asked = {"prompt": "Name a colour.", "max_tokens": 10}
    settings = {"OPENAI_API_KEY": "k"}
    for day in (22, 23):
        moment = datetime(2026, 10, day, tzinfo=UTC)
        await run("LLM", asked, settings=settings, now=lambda moment=moment: moment, charges=charges)
    before, after = service.asked
    assert (before["model"], before["max_tokens"]) == ("gpt-3.5-turbo", 10)
    assert (after["model"], after["max_completion_tokens"]) == ("gpt-6-luna", 10)
    assert (after["reasoning_effort"], after.get("temperature")) == ("low", None)
    assert charges == pytest.approx([(100 * 0.5 + 10 * 1.5) / 1e6, (100 * 0.1 + 10 * 0.5) / 1e6])


async def test_a_conversation_goes_on(run: Any, service: Service) -> None:
    outcome = await run(
        "AI_CONVERSATION", {"messages": ["Hi", {"role": "assistant", "content": "Yes?"}], "prompt": "Go"}
    )
    assert outcome.tokens[0] == ("response", "blue")
    assert [message["role"] for message in service.asked[0]["messages"]] == ["user", "assistant", "user"]


async def test_what_is_no_message_is_refused(run: Any) -> None:
    assert "role and content" in (await run("AI_CONVERSATION", {"messages": [5]})).failure.message


class Watching:
    async def tell(self, pin: str, piece: str) -> None:
        pass


async def test_a_stream_that_breaks_off_is_no_answer(run: Any, service: Service) -> None:
    chunk = {**ANSWER, "object": "chat.completion.chunk", "usage": None}
    chunk["choices"] = [{"index": 0, "delta": {"role": "assistant", "content": "bl"}, "finish_reason": None}]
    service.answers = [(200, chunk, {"x-stream": "1"})]
    outcome = await run("LLM", {"prompt": "Name a colour."}, listeners=Watching())
    assert isinstance(outcome.failure, errors.Retryable)
    assert "broke off" in outcome.failure.message


async def test_a_stream_that_counts_nothing_is_estimated_and_not_free(run: Any, service: Service) -> None:
    chunk = {**ANSWER, "object": "chat.completion.chunk", "usage": None}
    chunk["choices"] = [{"index": 0, "delta": {"role": "assistant", "content": "blue"}, "finish_reason": "stop"}]
    service.answers = [(200, chunk, {"x-stream": "1"})]
    charges: list[float] = []
    values = {"prompt": "Name a colour.", "model": "gpt-4o-mini"}
    outcome = await run("LLM", values, listeners=Watching(), charges=charges)
    assert outcome.tokens[0] == ("response", "blue")
    assert outcome.tokens[1][1]["completion_tokens"] == 2
    assert len(charges) == 1
