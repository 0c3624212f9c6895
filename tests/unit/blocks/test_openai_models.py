"""Are OpenAI's models told to think as little as calling tools over Chat Completions asks for?"""

from datetime import UTC, datetime

import pytest

from shared.blocks import catalog, prices, retired, thinking
from shared.domain import errors

LATER = datetime(2027, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "successor", "tools", "effort"),
    [
        ("gpt-6-luna", False, False, None),
        ("gpt-6-luna", True, False, "low"),
        ("gpt-6-luna", False, True, "none"),
        ("gpt-6.1-terra", True, True, "none"),
        ("gpt-5.6-sol", False, True, "none"),
        ("gpt-5.4", False, True, "none"),
        ("gpt-5.2", False, True, None),
        ("gpt-5-mini", False, True, None),
        ("o3", False, True, None),
        ("gpt-4o-mini", False, True, None),
        ("gpt-6.1-sol", False, False, None),
    ],
)
def test_effort_is_what_the_model_takes(model: str, successor: bool, tools: bool, effort: str | None) -> None:
    assert thinking.effort(model, successor=successor, tools=tools) == effort


@pytest.mark.parametrize("model", ["gpt-6.1-sol", "gpt-6-astra"])
def test_a_model_that_calls_no_tools_there_is_refused_with_one_that_does(model: str) -> None:
    with pytest.raises(errors.BlockError, match="choose gpt-6-sol"):
        thinking.effort(model, successor=False, tools=True)


@pytest.mark.parametrize("model", ["gpt-3.5-turbo", "gpt-4", "o1", "o4-mini", "gpt-4o-mini", "gpt-5"])
@pytest.mark.parametrize("tools", [False, True])
def test_each_successor_answers_with_and_without_tools_at_a_price(model: str, tools: bool) -> None:
    successor = retired.answering(model, LATER, tools=tools)
    assert successor != model
    assert thinking.thinks(successor)
    assert thinking.effort(successor, successor=True, tools=tools) == ("none" if tools else "low")
    assert prices.cost("openai", successor, prices.Usage(prompt=1, completion=1))


def _advice(block_type: str, **input_data: object) -> list[tuple[str, str]]:
    found = catalog.specs()[block_type].advice(input_data)
    return [(one.metadata["model"], one.metadata["successor"]) for one in found]


def test_a_retired_model_is_named_with_the_one_that_answers():
    assert _advice("LLM", prompt="x", model="gpt-3.5-turbo") == [("gpt-3.5-turbo", "gpt-6-luna")]
    assert _advice("AI_CONDITION", model=" gpt-4o ") == [("gpt-4o", "gpt-6-luna")]
    assert _advice("AI_TEXT_GENERATOR", model="o1") == [("o1", "gpt-6.1-sol")]
    assert _advice("ORCHESTRATOR", model="o1", credentials={"id": "c", "provider": "openai"}) == [("o1", "gpt-6-sol")]


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
