"""Which blocks work on lists of records as on a table: choose, order, put together, count?"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.blocks import bounds, rules
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.rules import Combination, Rule

Items = list[Any]
Rules = list[Rule]
Fields = list[str]

PEOPLE = [{"name": "Ada", "city": "London", "age": 36}, {"name": "Konrad", "city": "Berlin", "age": 85}]
FIELD = "The field, like customer.city; empty: the element itself."


class FilterListBlock(Block):
    block_type = "FILTER_LIST"
    category = "LISTS"
    description = "Keeps the elements of a list that keep the rules."
    pure = True
    examples = [
        Example(
            title="By a field",
            input={"list": PEOPLE, "rules": [{"field": "age", "operator": "greater", "value": 40}]},
            output=[("kept", [PEOPLE[1]]), ("dropped", [PEOPLE[0]])],
        ),
        Example(
            title="Plain values",
            input={"list": ["a", "", "b"], "rules": [{"operator": "not_empty"}]},
            output=[("kept", ["a", "b"]), ("dropped", [""])],
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        rules: Rules = Field(description="Rules of a field, an operator and a value, as of IF.")
        combine: Combination = Field(default=Combination.ALL, description="Whether all have to be kept, or any.")

    class Output(BlockOutput):
        kept: Items = Field(description="The elements that keep them, in order.")
        dropped: Items = Field(description="The others, in order.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        kept = await asyncio.to_thread(
            lambda: [rules.all_keep(one, input.rules, input.combine) for one in input.list]
        )
        yield "kept", list(itertools.compress(input.list, kept))
        yield "dropped", [one for one, is_kept in zip(input.list, kept, strict=True) if not is_kept]


class SortListBlock(Block):
    block_type = "SORT_LIST"
    category = "LISTS"
    description = "Puts the elements of a list in order, by a field or by themselves. Equal ones stay in their order."
    pure = True
    examples = [
        Example(
            title="Numbers before texts",
            input={"list": ["b", 10, "9", "a"]},
            output=[("sorted_list", ["9", 10, "a", "b"])],
        ),
        Example(
            title="By a field, greatest first",
            input={"list": PEOPLE, "by": "age", "descending": True},
            output=[("sorted_list", PEOPLE[::-1])],
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        by: str = Field(default="", description=FIELD)
        descending: bool = Field(default=False, description="Whether the greatest comes first.")
        ignore_case: bool = Field(default=False, description="Whether texts are compared in any letter case.")

    class Output(BlockOutput):
        sorted_list: Items = Field(description="The elements in order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        def key(one: Any) -> tuple[int, Any]:
            kind, value = rules.order_key(rules.at(one, input.by))
            return kind, value.casefold() if input.ignore_case and kind == 2 else value

        yield "sorted_list", sorted(input.list, key=key, reverse=input.descending)


class RemoveDuplicatesBlock(Block):
    block_type = "REMOVE_DUPLICATES"
    category = "LISTS"
    description = "Keeps the first of the elements that are equal, or that are equal in some fields."
    pure = True
    examples = [
        Example(
            title="Values",
            input={"list": [1, 2, 1, "1"]},
            output=[("unique_list", [1, 2, "1"]), ("removed_count", 1)],
        ),
        Example(
            title="By a field",
            input={"list": [{"id": 1, "a": 1}, {"id": 1, "a": 2}], "by": ["id"]},
            output=[("unique_list", [{"id": 1, "a": 1}]), ("removed_count", 1)],
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        by: Fields = Field(default_factory=lambda: [], description="The fields that count; without any, all.")

    class Output(BlockOutput):
        unique_list: Items = Field(description="The first of each, in order.")
        removed_count: int = Field(description="How many were left out.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        found: dict[str, Any] = {}
        for one in input.list:
            cause = [_value(one, field) for field in input.by] if input.by else one
            found.setdefault(key_of(cause), one)
        yield "unique_list", list(found.values())
        yield "removed_count", len(input.list) - len(found)


class GroupListBlock(Block):
    block_type = "GROUP_LIST"
    category = "LISTS"
    description = "Puts the elements of a list that have the same value of a field together."
    pure = True
    emits_many = frozenset({"group"})
    examples = [
        Example(
            title="By city",
            input={"list": [{"c": "x", "n": 1}, {"c": "y", "n": 2}, {"c": "x", "n": 3}], "by": "c"},
            output=[
                ("groups", {"x": [{"c": "x", "n": 1}, {"c": "x", "n": 3}], "y": [{"c": "y", "n": 2}]}),
                ("group", {"key": "x", "items": [{"c": "x", "n": 1}, {"c": "x", "n": 3}], "count": 2}),
                ("group", {"key": "y", "items": [{"c": "y", "n": 2}], "count": 1}),
            ],
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        by: str = Field(description="The field, like customer.city.")

    class Output(BlockOutput):
        groups: dict[str, Items] = Field(description="Value of the field, as a text -> its elements, in order.")
        group: dict[str, Any] = Field(description="Each group: key, items, count.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        groups: dict[str, Items] = {}
        for one in input.list:
            groups.setdefault(rules.as_text(rules.at(one, input.by)), []).append(one)
        yield "groups", groups
        for key, items in groups.items():
            yield "group", {"key": key, "items": items, "count": len(items)}


class Summary(Enum):
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    LIST = "list"
    UNIQUE = "unique"


class Column(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: str = Field(default="", description="What is summed up.")
    summary: Summary = Field(default=Summary.COUNT, description="How.")
    name: str = Field(default="", description="What the result is called; without one, field and summary.")


Columns = list[Column]


class AggregateListBlock(Block):
    block_type = "AGGREGATE_LIST"
    category = "LISTS"
    description = "Sums up a list of records: counts, sums, means, extremes, for each group or for all."
    pure = True
    examples = [
        Example(
            title="For each group",
            input={
                "list": [{"c": "x", "n": 1}, {"c": "y", "n": 2}, {"c": "x", "n": "3"}],
                "group_by": ["c"],
                "columns": [{"field": "n", "summary": "sum", "name": "total"}, {"summary": "count"}],
            },
            output=[("rows", [{"c": "x", "total": 4, "count": 2}, {"c": "y", "total": 2, "count": 1}])],
        ),
        Example(
            title="For all",
            input={"list": [1, 2, None, "x"], "columns": [{"summary": "mean"}, {"summary": "max"}]},
            output=[("rows", [{"mean": 1.5, "max": "x"}])],
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The records.")
        columns: Columns = Field(description="What to sum up: field, summary (count, sum, mean, …), name.")
        group_by: Fields = Field(default_factory=lambda: [], description="Fields; without any, all is one group.")

    class Output(BlockOutput):
        rows: Items = Field(description="A record a group: the fields of the group, and the columns.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        columns, fields = input.columns, input.group_by
        groups: dict[str, tuple[dict[str, Any], Items]] = {}
        for one in input.list:
            head = {field: _value(one, field) for field in fields}
            groups.setdefault(key_of(head), (head, []))[1].append(one)
        if not fields and not groups:
            groups[""] = ({}, [])
        yield (
            "rows",
            [{**head, **{_called(c): _summed(c, items) for c in columns}} for head, items in groups.values()],
        )


def _called(column: Column) -> str:
    return column.name or "_".join(part for part in (column.field, column.summary.value) if part)


def _summed(column: Column, items: Items) -> Any:
    values = [rules.at(one, column.field) for one in items]
    values = [one for one in values if one is not rules.MISSING and one is not None]
    numbers = [number for one in values if (number := rules.as_number(one)) is not None]
    match column.summary:
        case Summary.COUNT:
            return len(values) if column.field else len(items)
        case Summary.SUM:
            return sum(numbers)
        case Summary.MEAN:
            return sum(numbers) / len(numbers) if numbers else None
        case Summary.MIN:
            return min(values, key=rules.order_key, default=None)
        case Summary.MAX:
            return max(values, key=rules.order_key, default=None)
        case Summary.FIRST:
            return values[0] if values else None
        case Summary.LAST:
            return values[-1] if values else None
        case Summary.LIST:
            return values
        case Summary.UNIQUE:
            return list({key_of(one): one for one in reversed(values)}.values())[::-1]


class LimitListBlock(Block):
    block_type = "LIMIT_LIST"
    category = "LISTS"
    description = "Takes so many elements of a list, from its start or its end."
    pure = True
    examples = [
        Example(title="The first", input={"list": [1, 2, 3], "count": 2}, output=[("items", [1, 2]), ("rest", [3])]),
        Example(
            title="The last, but one",
            input={"list": [1, 2, 3], "count": 1, "skip": 1, "from_end": True},
            output=[("items", [2]), ("rest", [1, 3])],
        ),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        count: int = Field(ge=0, description="How many to take.")
        skip: int = Field(default=0, ge=0, description="How many to pass over before.")
        from_end: bool = Field(default=False, description="Whether to count from the end.")

    class Output(BlockOutput):
        items: Items = Field(description="The elements taken, in order.")
        rest: Items = Field(description="The others, in order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        start, end = input.skip, input.skip + input.count
        if input.from_end:
            start, end = max(0, len(input.list) - end), max(0, len(input.list) - start)
        yield "items", input.list[start:end]
        yield "rest", [*input.list[:start], *input.list[end:]]


class SplitIntoBatchesBlock(Block):
    block_type = "SPLIT_INTO_BATCHES"
    category = "LISTS"
    description = "Sends a list on in batches, one after the other."
    pure = True
    emits_many = frozenset({"batch"})
    examples = [
        Example(
            title="Batches of two",
            input={"list": [1, 2, 3], "size": 2},
            output=[("batch", [1, 2]), ("batch", [3]), ("count", 2)],
        ),
        Example(title="Nothing", input={"list": []}, output=[("count", 0)]),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        size: int = Field(default=10, ge=1, description="Elements of a batch.")

    class Output(BlockOutput):
        batch: Items = Field(description="A batch; one token each.")
        count: int = Field(description="How many batches there were.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        starts = range(0, len(input.list), input.size)
        for start in starts:
            yield "batch", input.list[start : start + input.size]
        yield "count", len(starts)


class Join(Enum):
    INNER = "inner"
    LEFT = "left"
    OUTER = "outer"


class MergeByFieldBlock(Block):
    block_type = "MERGE_BY_FIELD"
    category = "LISTS"
    description = "Joins the records of two lists that have the same value of a field, as a database does."
    pure = True
    examples = [
        Example(
            title="Those in both",
            input={"left": [{"id": 1, "a": "x"}, {"id": 2}], "right": [{"id": "1", "b": "y"}], "field": "id"},
            output=[("merged", [{"id": "1", "a": "x", "b": "y"}]), ("left_only", [{"id": 2}]), ("right_only", [])],
        ),
        Example(
            title="All of the left, another name on the right",
            input={
                "left": [{"id": 1}, {"id": 2}],
                "right": [{"n": 2, "b": 1}],
                "field": "id",
                "right_field": "n",
                "join": "left",
            },
            output=[
                ("merged", [{"id": 1}, {"id": 2, "n": 2, "b": 1}]),
                ("left_only", [{"id": 1}]),
                ("right_only", []),
            ],
        ),
    ]

    class Input(BlockInput):
        left: list[dict[str, Any]] = Field(description="Records.")
        right: list[dict[str, Any]] = Field(description="Records; their fields go over those of the left.")
        field: str = Field(description="The field, like customer.id.")
        right_field: str = Field(default="", description="The field on the right, if it is another.")
        join: Join = Field(default=Join.INNER, description="Those in both, or all of the left, or all.")

    class Output(BlockOutput):
        merged: Items = Field(description="The joined records, in the order of the left.")
        left_only: Items = Field(description="Those of the left without one on the right.")
        right_only: Items = Field(description="Those of the right without one on the left.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        on_right: dict[str, list[dict[str, Any]]] = {}
        for one in input.right:
            on_right.setdefault(_cause(one, input.right_field or input.field), []).append(one)
        merged: Items = []
        left_only: Items = []
        seen: set[str] = set()
        for one in input.left:
            matches = on_right.get(cause := _cause(one, input.field), [])
            seen.add(cause)
            bounds.check_elements(len(merged) + len(matches), "The merged list")
            merged += [{**one, **other} for other in matches]
            if not matches:
                left_only.append(one)
                merged += [one] if input.join != Join.INNER else []
        right_only = [one for cause, some in on_right.items() if cause not in seen for one in some]
        yield "merged", [*merged, *(right_only if input.join == Join.OUTER else [])]
        yield "left_only", left_only
        yield "right_only", right_only


def _cause(record: Mapping[str, Any], field: str) -> str:
    return rules.as_text(rules.at(record, field))


def _value(record: Any, field: str) -> Any:
    found = rules.at(record, field)
    return None if found is rules.MISSING else found


def key_of(value: Any) -> str:
    """A text that is the same for equal JSON values, and for no others."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
