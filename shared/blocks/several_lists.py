"""Which blocks make one list of several?"""

import itertools
import json
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, cast

from pydantic import Field

from shared.blocks import bounds
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example

Items = list[Any]

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def identity(value: Any) -> Hashable:
    """Equal keys for equal JSON values: what two lists have in common is found in one pass."""
    return (type(value), value) if isinstance(value, str | int) else _canonical(value)


def unique(values: Iterable[Any]) -> Items:
    """Each value once, where it came first."""
    first: dict[Hashable, Any] = {}
    for value in values:
        first.setdefault(identity(value), value)
    return list(first.values())


class ConcatenateListsBlock(Block):
    block_type = "CONCATENATE_LISTS"
    category = "LISTS"
    description = "Joins lists into one, in order."
    pure = True
    examples = [
        Example(
            title="In order",
            input={"lists": [[1, 2], [2, None]]},
            output=[("concatenated_list", [1, 2, 2, None]), ("length", 4)],
        ),
        Example(
            title="Each value once, without nulls",
            input={"lists": [[1, 2], None, [2, None]], "deduplicate": True, "remove_none": True},
            output=[("concatenated_list", [1, 2]), ("length", 2)],
        ),
    ]

    class Input(BlockInput):
        lists: list[Items | None] = Field(description="The lists; null among them is skipped.")
        deduplicate: bool = Field(default=False, description="Whether each value is kept once, where it came first.")
        remove_none: bool = Field(default=False, description="Whether nulls are left out.")

    class Output(BlockOutput):
        concatenated_list: Items = Field(description="The one list.")
        length: int = Field(description="Its elements.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        joined = [value for one in input.lists if one is not None for value in one]
        if input.deduplicate:
            joined = unique(joined)
        if input.remove_none:
            joined = [value for value in joined if value is not None]
        yield "concatenated_list", joined
        yield "length", len(joined)


class FlattenListBlock(Block):
    block_type = "FLATTEN_LIST"
    category = "LISTS"
    description = "Takes the elements of lists within a list up into it."
    pure = True
    examples = [
        Example(
            title="Entirely",
            input={"nested_list": [1, [2, [3, [4]]]]},
            output=[("flattened_list", [1, 2, 3, 4]), ("length", 4), ("original_depth", 4)],
        ),
        Example(
            title="One level",
            input={"nested_list": [1, [2, [3]]], "max_depth": 1},
            output=[("flattened_list", [1, 2, [3]]), ("length", 3), ("original_depth", 3)],
        ),
    ]

    class Input(BlockInput):
        nested_list: Items = Field(description="The list with lists within.")
        max_depth: int = Field(default=-1, description="How many levels; -1 means all.")

    class Output(BlockOutput):
        flattened_list: Items = Field(description="The flat list.")
        length: int = Field(description="Its elements.")
        original_depth: int = Field(description="How deep the lists were nested; 1 is flat.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        flat = list(flatten(input.nested_list, input.max_depth))
        yield "flattened_list", flat
        yield "length", len(flat)
        yield "original_depth", depth(input.nested_list)


def flatten(items: Items, levels: int) -> Iterator[Any]:
    """The elements, those of lists within up to ``levels`` deep (below 0: all) in their place."""
    inside = [iter(items)]
    while inside:
        for item in inside[-1]:
            if isinstance(item, list) and len(inside) - 1 != levels:
                inside.append(iter(cast(Items, item)))
                break
            yield item
        else:
            inside.pop()


def depth(items: Items) -> int:
    levels, lists = 0, [items]
    while lists:
        lists = [cast(Items, item) for one in lists for item in one if isinstance(item, list)]
        levels += 1
    return levels


class InterleaveListsBlock(Block):
    block_type = "INTERLEAVE_LISTS"
    category = "LISTS"
    description = "Takes one element of each list in turn."
    pure = True
    examples = [
        Example(
            title="A list that is over is passed by",
            input={"lists": [[1, 2, 3], ["a"], ["x", "y"]]},
            output=[("interleaved_list", [1, "a", "x", 2, "y", 3]), ("length", 6)],
        ),
    ]

    class Input(BlockInput):
        lists: list[Items] = Field(description="The lists.")

    class Output(BlockOutput):
        interleaved_list: Items = Field(description="The one list.")
        length: int = Field(description="Its elements.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        interleaved = list(interleave(input.lists))
        yield "interleaved_list", interleaved
        yield "length", len(interleaved)


def interleave(lists: list[Items]) -> Iterator[Any]:
    """What is over is asked no more: the time is that of the elements, however uneven the lists."""
    index = 0
    while lists := [one for one in lists if len(one) > index]:
        yield from (one[index] for one in lists)
        index += 1


class ZipListsBlock(Block):
    block_type = "ZIP_LISTS"
    category = "LISTS"
    description = "Puts the elements of lists together that stand at one index."
    pure = True
    examples = [
        Example(
            title="As far as the shortest goes",
            input={"lists": [[1, 2], ["a"]]},
            output=[("zipped_list", [[1, "a"]]), ("length", 1)],
        ),
        Example(
            title="As far as the longest goes",
            input={"lists": [[1, 2], ["a"]], "pad_to_longest": True, "fill_value": "-"},
            output=[("zipped_list", [[1, "a"], [2, "-"]]), ("length", 2)],
        ),
    ]

    class Input(BlockInput):
        lists: list[Items] = Field(description="The lists.")
        pad_to_longest: bool = Field(default=False, description="Whether shorter lists are filled up.")
        fill_value: Any = Field(default=None, description="What fills them up.")

    class Output(BlockOutput):
        zipped_list: list[Items] = Field(description="A list for each index.")
        length: int = Field(description="How many these are.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        ends = max if input.pad_to_longest else min
        bounds.check_elements(ends(map(len, input.lists), default=0) * len(input.lists), "The zipped list")
        padded = itertools.zip_longest(*input.lists, fillvalue=input.fill_value)
        rows = padded if input.pad_to_longest else zip(*input.lists, strict=False)
        zipped = [list(row) for row in rows]
        yield "zipped_list", zipped
        yield "length", len(zipped)


class TwoLists(BlockInput):
    list_a: Items = Field(description="The first list.")
    list_b: Items = Field(description="The second list.")


class ListDifferenceBlock(Block):
    block_type = "LIST_DIFFERENCE"
    category = "LISTS"
    description = "Finds what one list has and another has not."
    pure = True
    examples = [
        Example(
            title="Of the first list",
            input={"list_a": [1, 2, 3], "list_b": [2, 4]},
            output=[("difference", [1, 3]), ("length", 2)],
        ),
        Example(
            title="Of both",
            input={"list_a": [1, 2], "list_b": [2, 4], "symmetric": True},
            output=[("difference", [1, 4]), ("length", 2)],
        ),
    ]

    class Input(TwoLists):
        symmetric: bool = Field(default=False, description="Whether what only the second has counts too.")

    class Output(BlockOutput):
        difference: Items = Field(description="The elements that one of them lacks.")
        length: int = Field(description="How many these are.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        difference = without(input.list_a, input.list_b)
        if input.symmetric:
            difference += without(input.list_b, input.list_a)
        yield "difference", difference
        yield "length", len(difference)


class ListIntersectionBlock(Block):
    block_type = "LIST_INTERSECTION"
    category = "LISTS"
    description = "Finds what two lists have in common, each value once."
    pure = True
    examples = [
        Example(
            title="In the order of the first",
            input={"list_a": [3, 1, 3, {"a": 1}], "list_b": [{"a": 1}, 3]},
            output=[("intersection", [3, {"a": 1}]), ("length", 2)],
        ),
    ]

    Input = TwoLists

    class Output(BlockOutput):
        intersection: Items = Field(description="The values that both have.")
        length: int = Field(description="How many these are.")

    def run(self, input: TwoLists, context: Context) -> Iterator[tuple[str, Any]]:
        other = {identity(value) for value in input.list_b}
        common = [value for value in unique(input.list_a) if identity(value) in other]
        yield "intersection", common
        yield "length", len(common)


def without(items: Items, others: Items) -> Items:
    known = {identity(value) for value in others}
    return [value for value in items if identity(value) not in known]
