"""Do blocks that make much out of little stop before they build it?"""

from typing import Any

import pytest

from shared.blocks import bounds, catalog, code_extraction, runner, several_lists
from shared.domain import errors

LONG = "x" * 100_000

BOMBS: dict[str, tuple[str, dict[str, Any]]] = {
    "zip": ("ZIP_LISTS", {"lists": [[1] * 100_000, *[[]] * 100_000], "pad_to_longest": True}),
    "texts": ("COMBINE_TEXTS", {"input": [""] * 100_000, "delimiter": LONG}),
    "replace": ("TEXT_REPLACE", {"text": LONG, "old": "x", "new": LONG}),
    "replace nothing": ("TEXT_REPLACE", {"text": LONG, "old": "", "new": LONG}),
    "split": ("TEXT_SPLIT", {"text": "," * 1_000_001, "delimiter": ","}),
    "countdown": ("COUNTDOWN_TIMER", {"input_message": [LONG], "repeat": 1_000, "days": 1}),
    "matches": ("EXTRACT_TEXT_INFORMATION", {"text": LONG, "pattern": "(?=(.*))", "find_all": True}),
    "groups": ("EXTRACT_TEXT_INFORMATION", {"text": LONG, "pattern": "()" * 100, "find_all": True}),
    "table": ("READ_SPREADSHEET", {"contents": "a\n" * 1_000_001}),
}


async def ran(context: Any, block_type: str, values: dict[str, Any]) -> runner.Outcome:
    block = catalog.get(block_type)
    return await runner.collect(block, catalog.read_input(block, values), context())


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.timeout(20)
async def test_much_out_of_little_is_refused_by_its_limit(context: Any, bomb: str) -> None:
    outcome = await ran(context, *BOMBS[bomb])
    assert outcome.failure is not None
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
    assert "the limit is 1" in outcome.failure.message
    assert outcome.suspension is None


@pytest.mark.timeout(20)
async def test_uneven_lists_are_interleaved_in_the_time_of_their_elements(context: Any) -> None:
    outcome = await ran(context, "INTERLEAVE_LISTS", {"lists": [[1] * 100_000, *[[]] * 100_000]})
    assert outcome.tokens == [("interleaved_list", [1] * 100_000), ("length", 100_000)]


@pytest.mark.timeout(20)
async def test_lists_nested_deep_are_flattened(context: Any) -> None:
    nested: list[Any] = list(range(50_000))
    for _ in range(300):
        nested = [nested]
    outcome = await ran(context, "FLATTEN_LIST", {"nested_list": nested})
    assert dict(outcome.tokens)["original_depth"] == 301
    assert dict(outcome.tokens)["length"] == 50_000


@pytest.mark.timeout(20)
def test_a_fence_that_is_none_takes_linear_time() -> None:
    text = "```" + " " * 200_000 + "a" * 200_000
    read = code_extraction.CodeExtractionBlock.Input(text=text)
    assert dict(code_extraction.CodeExtractionBlock().run(read, None))["remaining_text"] == text  # type: ignore[arg-type]


@pytest.mark.timeout(20)
async def test_short_rows_of_a_file_are_put_together_in_linear_time(context: Any) -> None:
    values = {"file_input": "data:," + "a\n" * 1_000_000, "delimiter": "\n", "size_limit": 9_000_000}
    assert (await ran(context, "FILE_READ", values)).tokens == [("content", "a\n" * 1_000_000)]


def test_equal_json_values_are_one() -> None:
    values = [1, True, "1", 1.0, None, "null", {"a": 1, "b": 2}, {"b": 2, "a": 1}, [1], [1], 1, "1"]
    assert list(map(repr, several_lists.unique(values))) == [
        *("1", "True", "'1'", "1.0", "None", "'null'", "{'a': 1, 'b': 2}", "[1]"),
    ]


@pytest.mark.parametrize(
    ("value", "size"),
    [("ab", 4), ([], 2), ([1, 2], 6), ({"a": [1]}, 10), ([["a", "a"]] * 2, 24), (None, 1), ({}, 4)],
)
def test_a_value_is_weighed_as_json_at_least(value: Any, size: int) -> None:
    assert bounds.weight(value, 100) == size


def test_what_refers_to_itself_again_and_again_is_weighed_quickly() -> None:
    value: list[Any] = [1] * 1_000
    for _ in range(20):
        value = [value] * 1_000
    assert bounds.weight(value, 1_000_000) > 1_000_000


def test_what_goes_on_is_taken_up_to_the_limit() -> None:
    with pytest.raises(errors.BlockError, match="1,000,000") as failure:
        bounds.taken(iter(int, 1), "The list")
    assert failure.value.reason == "LIMIT_EXCEEDED"
