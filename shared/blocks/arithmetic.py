"""Which blocks calculate and count?"""

import math
from collections.abc import Iterator
from enum import Enum
from typing import Any, cast

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class Operation(Enum):
    ADD = "Add"
    SUBTRACT = "Subtract"
    MULTIPLY = "Multiply"
    DIVIDE = "Divide"
    POWER = "Power"


class CalculatorBlock(Block):
    block_type = "CALCULATOR"
    category = "NUMBERS"
    description = "Calculates with two numbers."
    pure = True
    examples = [
        Example(title="Add", input={"operation": "Add", "a": 2, "b": "3.5"}, output=[("result", 5.5)]),
        Example(
            title="Rounded to a whole number",
            input={"operation": "Divide", "a": 7, "b": 2, "round_result": True},
            output=[("result", 4)],
        ),
        Example(
            title="Division by zero is infinite",
            input={"operation": "Divide", "a": 1, "b": 0},
            output=[("result", math.inf)],
        ),
        Example(title="Power", input={"operation": "Power", "a": 2, "b": 10}, output=[("result", 1024.0)]),
        Example(title="No real number", input={"operation": "Power", "a": -8, "b": 0.5}, fails="real"),
    ]

    class Input(BlockInput):
        operation: Operation = Field(description="What to calculate.")
        a: float = Field(description="The first number.")
        b: float = Field(description="The second number.")
        round_result: bool = Field(default=False, description="Whether the result becomes a whole number.")

    class Output(BlockOutput):
        result: float = Field(description="The result.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        result = calculate(input.operation, input.a, input.b)
        yield "result", round(result) if input.round_result and math.isfinite(result) else result


def calculate(operation: Operation, a: float, b: float) -> float:
    """What is beyond the greatest number, and what is divided by zero, is infinite."""
    match operation:
        case Operation.ADD:
            return a + b
        case Operation.SUBTRACT:
            return a - b
        case Operation.MULTIPLY:
            return a * b
        case Operation.DIVIDE:
            return a / b if b else math.inf
        case Operation.POWER:
            return _power(a, b)


def _power(a: float, b: float) -> float:
    try:
        result: complex = a**b
    except (OverflowError, ZeroDivisionError):
        return math.inf
    if isinstance(result, complex):
        raise errors.BlockError(f"{a} to the power of {b} is not a real number: give a whole exponent")
    return result


class CountItemsBlock(Block):
    block_type = "COUNT_ITEMS"
    category = "LISTS"
    description = "Counts the elements of a list, the entries of a dictionary or the characters of a text."
    pure = True
    examples = [
        Example(title="A list", input={"collection": [1, 2, 3]}, output=[("count", 3)]),
        Example(title="A dictionary", input={"collection": {"a": 1}}, output=[("count", 1)]),
        Example(title="A text", input={"collection": "four"}, output=[("count", 4)]),
        Example(title="A number has no items", input={"collection": 5}, fails="cannot be counted"),
    ]

    class Input(BlockInput):
        collection: Any = Field(description="What to count.")

    class Output(BlockOutput):
        count: int = Field(description="How many items there are.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if not isinstance(input.collection, list | dict | str):
            raise errors.BlockError(
                f"The items of {input.collection!r} cannot be counted: give a list, a dictionary or a text"
            )
        yield "count", len(cast(list[Any], input.collection))
