"""Which blocks make, change and look up dictionaries?"""

import json
from collections.abc import Iterator
from typing import Any, cast

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

Dictionary = dict[str, Any]


class CreateDictionaryBlock(Block):
    block_type = "CREATE_DICTIONARY"
    category = "DICTIONARIES"
    description = "Makes a dictionary of values."
    pure = True
    examples = [
        Example(title="Values", input={"values": {"a": 1}}, output=[("dictionary", {"a": 1})]),
        Example(
            title="Values from several pins",
            input={"values_#_a": 1, "values_#_b": [2]},
            output=[("dictionary", {"a": 1, "b": [2]})],
        ),
    ]

    class Input(BlockInput):
        values: Dictionary = Field(description="The entries.")

    class Output(BlockOutput):
        dictionary: Dictionary = Field(description="The dictionary.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "dictionary", input.values


class AddToDictionaryBlock(Block):
    block_type = "ADD_TO_DICTIONARY"
    category = "DICTIONARIES"
    description = "Adds entries to a dictionary, or to a new one."
    pure = True
    examples = [
        Example(
            title="One entry",
            input={"dictionary": {"a": 1}, "key": "b", "value": 2},
            output=[("updated_dictionary", {"a": 1, "b": 2})],
        ),
        Example(
            title="Several entries, to a new one",
            input={"entries": {"a": 1, "b": 2}},
            output=[("updated_dictionary", {"a": 1, "b": 2})],
        ),
    ]

    class Input(BlockInput):
        dictionary: Dictionary = Field(default_factory=dict[str, Any], description="The dictionary to add to.")
        key: str = Field(default="", description="The key of one entry.")
        value: Any = Field(default=None, description="The value of this entry.")
        entries: Dictionary = Field(default_factory=dict[str, Any], description="More entries.")

    class Output(BlockOutput):
        updated_dictionary: Dictionary = Field(description="The dictionary with the new entries.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        entry = {input.key: input.value} if input.key and input.value is not None else {}
        yield "updated_dictionary", {**input.dictionary, **entry, **input.entries}


class FindInDictionaryBlock(Block):
    block_type = "FIND_IN_DICTIONARY"
    category = "DICTIONARIES"
    description = "Looks up a value in a dictionary by its key, or in a list by its index."
    pure = True
    examples = [
        Example(title="A key", input={"input": {"a": 1}, "key": "a"}, output=[("output", 1)]),
        Example(title="An index", input={"input": ["x", "y"], "key": 1}, output=[("output", "y")]),
        Example(title="A dictionary as JSON text", input={"input": '{"a": 1}', "key": "a"}, output=[("output", 1)]),
        Example(title="A key that is missing", input={"input": {"a": 1}, "key": "b"}, output=[("missing", {"a": 1})]),
    ]

    class Input(BlockInput):
        input: Any = Field(description="The dictionary or list, also as JSON text.")
        key: str | int = Field(description="The key, or the index.")

    class Output(BlockOutput):
        output: Any = Field(description="The value found.")
        missing: Any = Field(description="The input, where it has no such key.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        found = _look_up(_parsed(input.input), input.key)
        yield ("output", found[0]) if found else ("missing", input.input)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _look_up(value: Any, key: str | int) -> list[Any]:
    """The value at ``key`` alone in a list; an empty list where there is none."""
    if isinstance(value, dict):
        entries = cast(Dictionary, value)
        return [entries[str(key)]] if str(key) in entries else []
    if isinstance(value, list) and (isinstance(key, int) or key.isdecimal()):
        return cast(list[Any], value)[int(key) : int(key) + 1] if int(key) >= 0 else []
    return []


class RemoveFromDictionaryBlock(Block):
    block_type = "REMOVE_FROM_DICTIONARY"
    category = "DICTIONARIES"
    description = "Removes an entry from a dictionary."
    pure = True
    examples = [
        Example(
            title="With the value that was there",
            input={"dictionary": {"a": 1, "b": 2}, "key": "a", "return_value": True},
            output=[("updated_dictionary", {"b": 2}), ("removed_value", 1)],
        ),
        Example(title="A key that is missing", input={"dictionary": {}, "key": "a"}, fails="'a'"),
    ]

    class Input(BlockInput):
        dictionary: Dictionary = Field(description="The dictionary.")
        key: str | int = Field(description="The key to remove.")
        return_value: bool = Field(default=False, description="Whether the removed value is sent too.")

    class Output(BlockOutput):
        updated_dictionary: Dictionary = Field(description="The dictionary without the entry.")
        removed_value: Any = Field(description="The value that was there.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        key = _existing(input.dictionary, input.key)
        yield "updated_dictionary", {name: value for name, value in input.dictionary.items() if name != key}
        if input.return_value:
            yield "removed_value", input.dictionary[key]


class ReplaceDictionaryValueBlock(Block):
    block_type = "REPLACE_DICTIONARY_VALUE"
    category = "DICTIONARIES"
    description = "Replaces the value of an entry of a dictionary."
    pure = True
    examples = [
        Example(
            title="A value",
            input={"dictionary": {"a": 1}, "key": "a", "value": 2},
            output=[("updated_dictionary", {"a": 2}), ("old_value", 1)],
        ),
        Example(title="A key that is missing", input={"dictionary": {}, "key": "a", "value": 2}, fails="'a'"),
    ]

    class Input(BlockInput):
        dictionary: Dictionary = Field(description="The dictionary.")
        key: str | int = Field(description="The key of the entry.")
        value: Any = Field(description="Its new value.")

    class Output(BlockOutput):
        updated_dictionary: Dictionary = Field(description="The dictionary with the new value.")
        old_value: Any = Field(description="The value that was there.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        key = _existing(input.dictionary, input.key)
        yield "updated_dictionary", {**input.dictionary, key: input.value}
        yield "old_value", input.dictionary[key]


def _existing(dictionary: Dictionary, key: str | int) -> str:
    if str(key) not in dictionary:
        known = ", ".join(sorted(dictionary)[:20]) or "none"
        raise errors.BlockError(f"The dictionary has no key {key!r}; its keys: {known}")
    return str(key)


class DictionaryIsEmptyBlock(Block):
    block_type = "DICTIONARY_IS_EMPTY"
    category = "DICTIONARIES"
    description = "Says whether a dictionary has no entries."
    pure = True
    examples = [
        Example(title="Empty", input={"dictionary": {}}, output=[("is_empty", True)]),
        Example(title="Not empty", input={"dictionary": {"a": None}}, output=[("is_empty", False)]),
    ]

    class Input(BlockInput):
        dictionary: Dictionary = Field(description="The dictionary.")

    class Output(BlockOutput):
        is_empty: bool = Field(description="Whether it has no entries.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "is_empty", not input.dictionary
