"""Which blocks make, change and search lists?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example, may_be_set
from shared.domain import errors

Items = list[Any]

CHARACTERS_A_TOKEN = 4
"""An estimate that holds for English text, the same for every model."""


class CreateListBlock(Block):
    block_type = "CREATE_LIST"
    category = "LISTS"
    description = "Makes a list of values, or several of a limited size."
    pure = True
    emits_many = frozenset({"list"})
    examples = [
        Example(title="Values", input={"values": [1, "a"]}, output=[("list", [1, "a"])]),
        Example(
            title="Several lists",
            input={"values": [1, 2, 3], "max_size": 2},
            output=[("list", [1, 2]), ("list", [3])],
        ),
        Example(
            title="Several lists by their tokens",
            input={"values": ["a" * 14, "b", "c" * 14], "max_tokens": 5},
            output=[("list", ["a" * 14, "b"]), ("list", ["c" * 14])],
        ),
        Example(title="Nothing makes one empty list", input={"values": []}, output=[("list", [])]),
    ]

    class Input(BlockInput):
        values: Items = Field(description="The values, in order.")
        max_size: int | None = Field(default=None, ge=1, description="Elements of a list at most.")
        max_tokens: int | None = Field(default=None, ge=1, description="Tokens of a list at most, estimated.")

    class Output(BlockOutput):
        list: Items = Field(description="The list; with a limit, one token a list.")

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        limited = may_be_set(input_data, "max_size") or may_be_set(input_data, "max_tokens")
        return cls.emits_many if limited else frozenset()

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        chunk: Items = []
        tokens = 0
        for value in input.values:
            cost = 0 if input.max_tokens is None else _tokens(value)
            full = input.max_size is not None and len(chunk) >= input.max_size
            if chunk and (full or (input.max_tokens is not None and tokens + cost > input.max_tokens)):
                yield "list", chunk
                chunk, tokens = [], 0
            chunk.append(value)
            tokens += cost
        if chunk or not input.values:
            yield "list", chunk


def _tokens(value: Any) -> int:
    return -(-len(json.dumps(value, ensure_ascii=False)) // CHARACTERS_A_TOKEN)


class AddToListBlock(Block):
    block_type = "ADD_TO_LIST"
    category = "LISTS"
    description = "Adds elements to a list, or to a new one."
    pure = True
    examples = [
        Example(title="At the end", input={"list": [1], "entry": 2}, output=[("updated_list", [1, 2])]),
        Example(
            title="Several at a position",
            input={"list": [1, 4], "entries": [2, 3], "position": 1},
            output=[("updated_list", [1, 2, 3, 4])],
        ),
        Example(title="To a new list", input={"entries": [1], "entry": 2}, output=[("updated_list", [1, 2])]),
    ]

    class Input(BlockInput):
        list: Items = Field(default_factory=list[Any], description="The list to add to.")
        entry: Any = Field(default=None, description="One element.")
        entries: Items = Field(default_factory=lambda: [], description="More elements; they come before the one.")
        position: int | None = Field(default=None, description="Before which index; without one, at the end.")

    class Output(BlockOutput):
        updated_list: Items = Field(description="The list with the new elements.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        added = input.entries if input.entry is None else [*input.entries, input.entry]
        position = len(input.list) if input.position is None else input.position
        yield "updated_list", [*input.list[:position], *added, *input.list[position:]]


class FindInListBlock(Block):
    block_type = "FIND_IN_LIST"
    category = "LISTS"
    description = "Finds where a value stands in a list."
    pure = True
    examples = [
        Example(title="Found", input={"list": ["a", "b"], "value": "b"}, output=[("index", 1), ("found", True)]),
        Example(
            title="Not found", input={"list": [1], "value": 2}, output=[("found", False), ("not_found_value", 2)]
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list to search.")
        value: Any = Field(description="The value to find.")

    class Output(BlockOutput):
        index: int = Field(description="The index of the first that is equal.")
        found: bool = Field(description="Whether there is one.")
        not_found_value: Any = Field(description="The value, where there is none.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if input.value in input.list:
            yield "index", input.list.index(input.value)
            yield "found", True
        else:
            yield "found", False
            yield "not_found_value", input.value


class GetListItemBlock(Block):
    block_type = "GET_LIST_ITEM"
    category = "LISTS"
    description = "Takes one element out of a list."
    pure = True
    examples = [
        Example(title="The first", input={"list": ["a", "b"], "index": 0}, output=[("item", "a")]),
        Example(title="The last", input={"list": ["a", "b"], "index": -1}, output=[("item", "b")]),
        Example(title="There is none", input={"list": ["a"], "index": 1}, fails="no element 1"),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        index: int = Field(description="The index, from 0; below 0 it counts from the end.")

    class Output(BlockOutput):
        item: Any = Field(description="The element.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "item", input.list[_index(input.list, input.index)]


class RemoveFromListBlock(Block):
    block_type = "REMOVE_FROM_LIST"
    category = "LISTS"
    description = "Removes one element from a list, by its index or its value."
    pure = True
    examples = [
        Example(
            title="By index",
            input={"list": ["a", "b"], "index": 0, "return_item": True},
            output=[("updated_list", ["b"]), ("removed_item", "a")],
        ),
        Example(
            title="The first that is equal", input={"list": [1, 2, 1], "value": 1}, output=[("updated_list", [2, 1])]
        ),
        Example(title="A value that is not there", input={"list": [1], "value": 2}, fails="not in the list"),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        value: Any = Field(default=None, description="The value to remove, where no index is given.")
        index: int | None = Field(default=None, description="The index; below 0 it counts from the end.")
        return_item: bool = Field(default=False, description="Whether the removed element is sent too.")

    class Output(BlockOutput):
        updated_list: Items = Field(description="The list without the element.")
        removed_item: Any = Field(description="The element that was there.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if input.index is None and input.value not in input.list:
            raise errors.BlockError("The value to remove is not in the list: give one that is, or an index")
        place = input.list.index(input.value) if input.index is None else _index(input.list, input.index)
        yield "updated_list", [*input.list[:place], *input.list[place + 1 :]]
        if input.return_item:
            yield "removed_item", input.list[place]


class ReplaceListItemBlock(Block):
    block_type = "REPLACE_LIST_ITEM"
    category = "LISTS"
    description = "Replaces one element of a list."
    pure = True
    examples = [
        Example(
            title="The last",
            input={"list": [1, 2], "index": -1, "value": 3},
            output=[("updated_list", [1, 3]), ("old_item", 2)],
        ),
        Example(title="There is none", input={"list": [], "index": 0, "value": 3}, fails="no element 0"),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        index: int = Field(description="The index; below 0 it counts from the end.")
        value: Any = Field(description="The new element.")

    class Output(BlockOutput):
        updated_list: Items = Field(description="The list with the new element.")
        old_item: Any = Field(description="The element that was there.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        place = _index(input.list, input.index)
        yield "updated_list", [*input.list[:place], input.value, *input.list[place + 1 :]]
        yield "old_item", input.list[place]


def _index(items: Items, index: int) -> int:
    """``index`` counted from the start. BlockError where the list has no such element."""
    if not -len(items) <= index < len(items):
        raise errors.BlockError(f"The list has no element {index}: it has {len(items)}, counted from 0")
    return index % len(items)


class ListIsEmptyBlock(Block):
    block_type = "LIST_IS_EMPTY"
    category = "LISTS"
    description = "Says whether a list has no elements."
    pure = True
    examples = [
        Example(title="Empty", input={"list": []}, output=[("is_empty", True)]),
        Example(title="Not empty", input={"list": [None]}, output=[("is_empty", False)]),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")

    class Output(BlockOutput):
        is_empty: bool = Field(description="Whether it has no elements.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "is_empty", not input.list


class ReverseListOrderBlock(Block):
    block_type = "REVERSE_LIST_ORDER"
    category = "LISTS"
    description = "Turns the order of a list round."
    pure = True
    examples = [Example(title="Reversed", input={"input_list": [1, 2, 3]}, output=[("reversed_list", [3, 2, 1])])]

    class Input(BlockInput):
        input_list: Items = Field(description="The list.")

    class Output(BlockOutput):
        reversed_list: Items = Field(description="The list from its end to its start.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "reversed_list", input.input_list[::-1]
