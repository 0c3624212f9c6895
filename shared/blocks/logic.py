"""Which blocks compare values, and send an agent one way or the other?"""

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, cast

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class Comparison(Enum):
    EQUAL = "=="
    NOT_EQUAL = "!="
    GREATER = ">"
    LESS = "<"
    GREATER_OR_EQUAL = ">="
    LESS_OR_EQUAL = "<="


COMPARE: dict[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.NOT_EQUAL: operator.ne,
    Comparison.GREATER: operator.gt,
    Comparison.LESS: operator.lt,
    Comparison.GREATER_OR_EQUAL: operator.ge,
    Comparison.LESS_OR_EQUAL: operator.le,
}


def as_number(value: Any) -> Any:
    """Texts that read as numbers are compared, and passed on, as numbers."""
    if not isinstance(value, str):
        return value
    try:
        return float(value.strip())
    except ValueError:
        return value


class ConditionBlock(Block):
    block_type = "CONDITION"
    category = "LOGIC"
    description = "Compares two values, and sends one on by the way of yes or of no."
    pure = True
    examples = [
        Example(
            title="A text of digits is a number",
            input={"value1": "5", "operator": "<", "value2": 10},
            output=[("result", True), ("yes_output", 5.0)],
        ),
        Example(
            title="Without a value of its own, no passes the second operand on",
            input={"value1": "red", "operator": "==", "value2": "blue"},
            output=[("result", False), ("no_output", "blue")],
        ),
        Example(
            title="Values of its own",
            input={"value1": 1, "operator": "!=", "value2": 2, "yes_value": "go", "no_value": "stop"},
            output=[("result", True), ("yes_output", "go")],
        ),
        Example(
            title="Values that have no order",
            input={"value1": "red", "operator": ">", "value2": 1},
            fails="cannot be compared",
        ),
    ]

    class Input(BlockInput):
        value1: Any = Field(description="The first value. A text of digits counts as a number.")
        operator: Comparison = Field(description="How the two are compared.")
        value2: Any = Field(description="The second value.")
        yes_value: Any = Field(default=None, description="What yes sends on; without one, the first value.")
        no_value: Any = Field(default=None, description="What no sends on; without one, the second value.")

    class Output(BlockOutput):
        result: bool = Field(description="Whether the comparison holds.")
        yes_output: Any = Field(description="Sent when it holds.")
        no_output: Any = Field(description="Sent when it does not.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        value1, value2 = as_number(input.value1), as_number(input.value2)
        try:
            result = bool(COMPARE[input.operator](value1, value2))
        except TypeError as error:
            raise errors.BlockError(
                f"{json.dumps(value1)[:100]} and {json.dumps(value2)[:100]} cannot be compared with "
                f"{input.operator.value}: give two numbers or two texts"
            ) from error
        yield "result", result
        if result:
            yield "yes_output", value1 if input.yes_value is None else input.yes_value
        else:
            yield "no_output", value2 if input.no_value is None else input.no_value


class IfInputMatchesBlock(Block):
    block_type = "IF_INPUT_MATCHES"
    category = "LOGIC"
    description = "Sends one of two values, by whether an input equals a value."
    pure = True
    examples = [
        Example(
            title="It matches",
            input={"input": "red", "value": "red", "yes_value": "stop", "no_value": "go"},
            output=[("result", True), ("yes_output", "stop")],
        ),
        Example(
            title="A text of digits is no number",
            input={"input": "5", "value": 5, "no_value": "go"},
            output=[("result", False), ("no_output", "go")],
        ),
    ]

    class Input(BlockInput):
        input: Any = Field(description="The input.")
        value: Any = Field(description="What it is compared with.")
        yes_value: Any = Field(default=None, description="What is sent when they are equal.")
        no_value: Any = Field(default=None, description="What is sent when they are not.")

    class Output(BlockOutput):
        result: bool = Field(description="Whether they are equal.")
        yes_output: Any = Field(description="Sent when they are equal.")
        no_output: Any = Field(description="Sent when they are not.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        result = bool(input.input == input.value)
        yield "result", result
        yield ("yes_output", input.yes_value) if result else ("no_output", input.no_value)


class StepThroughItemsBlock(Block):
    block_type = "STEP_THROUGH_ITEMS"
    category = "LOGIC"
    description = "Sends the elements of a list, or the entries of a dictionary, one after the other."
    pure = True
    emits_many = frozenset({"item", "key"})
    examples = [
        Example(
            title="A list: the key is the index",
            input={"items": ["a", "b"]},
            output=[("item", "a"), ("key", 0), ("item", "b"), ("key", 1)],
        ),
        Example(
            title="A dictionary",
            input={"items_object": {"red": 1, "blue": 2}},
            output=[("item", 1), ("key", "red"), ("item", 2), ("key", "blue")],
        ),
        Example(
            title="A list as JSON text",
            input={"items_str": '[{"id": 7}]'},
            output=[("item", {"id": 7}), ("key", 0)],
        ),
        Example(title="Nothing sends nothing", input={"items": []}, output=[]),
        Example(title="A text that is not JSON", input={"items_str": "a, b"}, fails="items_str"),
    ]

    class Input(BlockInput):
        items: list[Any] = Field(default_factory=list[Any], description="A list to step through.")
        items_object: dict[str, Any] = Field(
            default_factory=dict[str, Any], description="A dictionary to step through."
        )
        items_str: str = Field(default="", description="A list or dictionary as JSON text.")

    class Output(BlockOutput):
        item: Any = Field(description="One element, or the value of one entry.")
        key: Any = Field(description="Its index, or its key.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        for items in (input.items, input.items_object, _parse(input.items_str)):
            pairs = items.items() if isinstance(items, Mapping) else enumerate(items)
            for key, item in pairs:
                yield "item", item
                yield "key", key


def _parse(text: str) -> list[Any] | dict[str, Any]:
    if not text.strip():
        return []
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise errors.BlockError(f"items_str is not JSON ({error}): give a list or a dictionary") from error
    if not isinstance(items, list | dict):
        raise errors.BlockError("items_str is neither a list nor a dictionary: give one of them as JSON")
    return cast(list[Any] | dict[str, Any], items)
