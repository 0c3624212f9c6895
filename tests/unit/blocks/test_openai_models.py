"""Is each of OpenAI's models asked over the API that it answers, and told to think as little as that asks for?"""

from datetime import UTC, datetime

import pytest

from shared.blocks import catalog, openai_models, prices, retired

LATER = datetime(2027, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "texts", "tools"),
    [
        ("gpt-6.1-sol", "chat", "responses"),
        ("gpt-6-astra", "chat", "responses"),
        ("gpt-6.1-terra", "chat", "responses"),
        ("gpt-6.2-sol", "chat", "responses"),
        ("gpt-7-nova", "chat", "responses"),
        ("gpt-10", "chat", "responses"),
        ("gpt-6-sol", "chat", "chat"),
        ("gpt-6-luna", "chat", "chat"),
        ("gpt-5.6-terra", "chat", "chat"),
        ("gpt-5.4-mini-2026-03-17", "chat", "chat"),
        ("gpt-5.2", "chat", "chat"),
        ("gpt-5-2025-08-07", "chat", "chat"),
        ("gpt-5-chat-latest", "chat", "chat"),
        ("gpt-4o-mini", "chat", "chat"),
        ("o3", "chat", "chat"),
        ("o3-pro", "responses", "responses"),
        ("gpt-5.5-pro-2026-04-23", "responses", "responses"),
        ("gpt-5.1-codex-max", "responses", "responses"),
        ("gpt-daybreak-blue-latest", "responses", "responses"),
        ("gpt-6-rosalind", "responses", "responses"),
        ("some-new-thing", "chat", "chat"),
    ],
)
def test_a_model_is_asked_over_the_api_that_it_answers(model: str, texts: str, tools: str) -> None:
    assert openai_models.api(model, tools=False) == texts
    assert openai_models.api(model, tools=True) == tools


@pytest.mark.parametrize(
    ("model", "successor", "tools", "effort"),
    [
        ("gpt-6-luna", False, False, None),
        ("gpt-6-luna", True, False, "low"),
        ("gpt-6-luna", False, True, "none"),
        ("gpt-6.1-terra", True, True, "low"),
        ("gpt-5.6-sol", False, True, "none"),
        ("gpt-5.4", False, True, "none"),
        ("gpt-5.2", False, True, None),
        ("gpt-5-mini", False, True, None),
        ("o3", False, True, None),
        ("gpt-4o-mini", False, True, None),
        ("gpt-6.1-sol", False, False, None),
        ("gpt-6.1-sol", False, True, None),
        ("gpt-6.1-sol", True, True, "low"),
        ("gpt-6.2-astra", False, True, None),
    ],
)
def test_effort_is_what_the_model_takes(model: str, successor: bool, tools: bool, effort: str | None) -> None:
    assert openai_models.effort(model, successor=successor, tools=tools) == effort


@pytest.mark.parametrize(
    ("model", "thinks"),
    [("o1", True), ("openai/gpt-6-astra", True), ("gpt-5", True), ("gpt-5-chat", False), ("gpt-4.1", False),
     ("llama3", False), ("gpt-10-x", True)],
)  # fmt: skip
def test_who_thinks_is_known_by_name(model: str, thinks: bool) -> None:
    assert openai_models.of(model).thinks == thinks


@pytest.mark.parametrize("model", ["gpt-3.5-turbo", "gpt-4", "o1", "o4-mini", "gpt-4o-mini", "gpt-5"])
@pytest.mark.parametrize("tools", [False, True])
def test_each_successor_answers_with_and_without_tools_at_a_price(model: str, tools: bool) -> None:
    successor = retired.answering(model, LATER)
    assert successor != model
    assert openai_models.of(successor).thinks
    assert openai_models.effort(successor, successor=True, tools=tools) in ("none", "low")
    assert prices.cost("openai", successor, prices.Usage(prompt=1, completion=1))


def _advice(block_type: str, **input_data: object) -> list[tuple[str, str]]:
    found = catalog.specs()[block_type].advice(input_data)
    return [(one.metadata["model"], one.metadata["successor"]) for one in found]


def test_a_retired_model_is_named_with_the_one_that_answers():
    assert _advice("LLM", prompt="x", model="gpt-3.5-turbo") == [("gpt-3.5-turbo", "gpt-6-luna")]
    assert _advice("AI_CONDITION", model=" gpt-4o ") == [("gpt-4o", "gpt-6-luna")]
    assert _advice("AI_TEXT_GENERATOR", model="o1") == [("o1", "gpt-6.1-sol")]
    assert _advice("ORCHESTRATOR", model="o1", credentials={"id": "c", "provider": "openai"}) == [
        ("o1", "gpt-6.1-sol")
    ]


@pytest.mark.parametrize(
    ("block_type", "input_data"),
    [
        ("LLM", {}),
        ("LLM", {"model": "gpt-6-luna"}),
        ("LLM", {"model": ["gpt-4"]}),
        ("LLM", {"model": "openai/gpt-4o"}),
        ("AI_CONDITION", {"model": "gpt-4o", "credentials": {"id": "c", "provider": "open_router"}}),
        ("STORE_VALUE", {"input": "gpt-4"}),
    ],
)
def test_what_answers_as_it_is_named_is_no_matter(block_type: str, input_data: dict[str, object]):
    assert _advice(block_type, **input_data) == []


@pytest.mark.parametrize("model", ["gpt-6-astra", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6.2-astra", "gpt-6.2-sol"])
def test_what_calls_tools_over_the_responses_api_has_a_price_of_each_kind(model: str) -> None:
    row = prices.find("openai", model) or {}
    assert {"input", "cached", "written", "output", "long", "window"} <= row.keys()
