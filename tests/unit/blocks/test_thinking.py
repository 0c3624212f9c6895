"""Are OpenAI's models told to think as little as calling tools over Chat Completions asks for?"""

from datetime import UTC, datetime

import pytest

from shared.blocks import prices, retired, thinking
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
