"""Is an answer that cannot be used mended, at its full cost, and refused where it stays so?"""

from typing import Any

import pytest

from shared.blocks import answers, llm_answers
from shared.domain import errors
from tests.unit.blocks.model_service import Service, said

PERSON = {"prompt": "Invent a person.", "expected_format": {"name": "first name", "age": "in years"}}
ONE_CALL = (100 * 0.10 + 10 * 0.50) / 1_000_000
"""Dollars of 100 and 10 tokens of gpt-6-luna."""


async def test_data_come_after_two_answers_that_are_no_json_and_all_three_are_paid(
    run: Any, service: Service
) -> None:
    service.answers = [said("Sure! Here"), said('{"name": "Ada"}'), said('```json\n{"name": "Ada", "age": 36}\n```')]
    charges: list[float] = []
    outcome = await run("AI_STRUCTURED_RESPONSE_GENERATOR", PERSON, charges=charges)
    assert outcome.failure is None
    assert outcome.tokens[0] == ("response", {"name": "Ada", "age": 36})
    assert charges == pytest.approx([ONE_CALL] * 3)
    first, second, third = (one["messages"] for one in service.asked)
    assert first == second[: len(first)] == third[: len(first)]
    assert "it is not JSON" in second[-1]["content"]
    assert "'age' is a required property" in third[-1]["content"]
    assert third[-2] == {"role": "assistant", "content": '{"name": "Ada"}'}


async def test_what_stays_unusable_fails_and_is_paid(run: Any, service: Service) -> None:
    service.answers = [said("no")]
    charges: list[float] = []
    outcome = await run("AI_STRUCTURED_RESPONSE_GENERATOR", {**PERSON, "retry": 2}, charges=charges)
    assert outcome.failure.reason == "LLM_ANSWER_UNUSABLE"
    assert "2 tries" in outcome.failure.message
    assert len(charges) == len(service.asked) == 2


async def test_an_answer_that_was_cut_off_is_told_so(run: Any, service: Service) -> None:
    service.answers = [said('{"name": "A', finish="length"), said('{"name": "Ada", "age": 1}')]
    await run("AI_STRUCTURED_RESPONSE_GENERATOR", PERSON)
    assert "cut off at max_tokens" in service.asked[1]["messages"][-1]["content"]


async def test_a_list_of_objects_comes_without_its_wrapping(run: Any, service: Service) -> None:
    service.answers = [said('{"items": [{"name": "Ada", "age": 1}, {"name": "Bo", "age": 2}]}')]
    outcome = await run(
        "AI_STRUCTURED_RESPONSE_GENERATOR",
        {
            **PERSON,
            "list_result": True,
            "force_json_output": True,
            "conversation_history": [{"role": "user", "content": "Hi"}],
        },
    )
    assert [one["name"] for one in outcome.tokens[0][1]] == ["Ada", "Bo"]
    assert service.asked[0]["response_format"] == {"type": "json_object"}
    assert service.asked[0]["messages"][0] == {"role": "user", "content": "Hi"}


async def test_a_long_prompt_is_shortened_to_what_the_model_takes(run: Any, service: Service) -> None:
    service.answers = [said('{"name": "Ada", "age": 1}')]
    long = {**PERSON, "model": "gpt-3.5-turbo", "prompt": f"begin {'word ' * 40_000} end"}
    await run("AI_STRUCTURED_RESPONSE_GENERATOR", long)
    await run("AI_STRUCTURED_RESPONSE_GENERATOR", {**long, "compress_prompt_to_fit": False})
    short, whole = (one["messages"][0]["content"] for one in service.asked)
    assert short.startswith("begin")
    assert short.endswith("end")
    assert len(short) < 16_385 * 3 < len(whole)


@pytest.mark.parametrize("answer", ['{"items": ["Mars", "Venus"]}', '["Mars", "Venus"]', 'Here: ["Mars", "Venus"].'])
async def test_a_list_comes_whole_and_one_by_one(run: Any, service: Service, answer: str) -> None:
    service.answers = [said(answer)]
    outcome = await run("AI_LIST_GENERATOR", {"focus": "planets"})
    assert outcome.tokens[:3] == [
        ("generated_list", ["Mars", "Venus"]),
        ("list_item", "Mars"),
        ("list_item", "Venus"),
    ]


async def test_a_list_of_nothing_is_not_asked_for(run: Any, service: Service) -> None:
    assert "focus" in (await run("AI_LIST_GENERATOR", {})).failure.message
    assert service.asked == []


@pytest.mark.parametrize(
    ("answer", "values", "tokens"),
    [
        ("true", {}, [("result", True), ("yes_output", "x")]),
        ("**False.**", {"no_value": 0}, [("result", False), ("no_output", 0)]),
        ("Yes", {"yes_value": "y"}, [("result", True), ("yes_output", "y")]),
    ],
)
async def test_a_condition_chooses_a_way(run: Any, service: Service, answer: str, values: Any, tokens: Any) -> None:
    service.answers = [said(answer)]
    outcome = await run("AI_CONDITION", {"input_value": "x", "condition": "is a letter", **values})
    assert outcome.tokens == tokens


async def test_a_condition_that_stays_unclear_fails(run: Any, service: Service) -> None:
    service.answers = [said("true or false, who knows")]
    outcome = await run("AI_CONDITION", {"input_value": "x", "condition": "is a letter"})
    assert outcome.failure.reason == "LLM_ANSWER_UNUSABLE"
    assert len(service.asked) == 3


async def test_data_keep_to_the_schema(run: Any, service: Service) -> None:
    service.answers = [said('{"total": "99"}'), said('{"total": 99.5}')]
    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
    outcome = await run("AI_EXTRACT_DATA", {"text": "99.50 EUR", "json_schema": schema, "strict": True})
    assert outcome.tokens == [("data", {"total": 99.5})]
    assert service.asked[0]["response_format"]["json_schema"]["schema"] == schema
    assert "$.total: '99' is not of type 'number'" in service.asked[1]["messages"][-1]["content"]


async def test_a_category_is_one_of_those_that_were_named(run: Any, service: Service) -> None:
    service.answers = [said("complaints"), said("'Order'.")]
    outcome = await run("AI_CLASSIFIER", {"text": "Where is it?", "categories": ["order", "other"]})
    assert outcome.tokens == [("category", "order")]


def test_a_schema_that_leads_out_of_itself_is_refused() -> None:
    with pytest.raises(errors.BlockError, match="leads out"):
        answers.form({"properties": {"a": {"$ref": "http://169.254.169.254/x"}}})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (' {"a": 1} ', {"a": 1}),
        ("So:\n```\n[1]\n```\nDone.", [1]),
        ('The answer {"a": [1, 2]} is it', {"a": [1, 2]}),
        ("[1] and {}", [1]),
    ],
)
def test_json_is_found_among_words(text: str, value: Any) -> None:
    assert answers.json_in(text) == value


@pytest.mark.parametrize("text", ["", "none", "{broken", "[" * 100_000])
def test_what_is_no_json_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        answers.json_in(text)


def test_neither_yes_nor_no_is_unclear() -> None:
    with pytest.raises(ValueError, match="one word"):
        llm_answers.yes_or_no("perhaps")
