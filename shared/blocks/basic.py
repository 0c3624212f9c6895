"""Which blocks hold, convert and note values?"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import coercion, errors


class StoreValueBlock(Block):
    block_type = "STORE_VALUE"
    category = "BASIC"
    description = "Holds a value, and supplies it again and again."
    pure = True
    static_output = True
    examples = [
        Example(title="What came in", input={"input": "trigger"}, output=[("output", "trigger")]),
        Example(title="What is held", input={"input": "trigger", "data": [1]}, output=[("output", [1])]),
    ]

    class Input(BlockInput):
        input: Any = Field(description="Triggers the block; it is sent on where nothing is held.")
        data: Any = Field(default=None, description="The value that is held.")

    class Output(BlockOutput):
        output: Any = Field(description="The value.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "output", input.input if input.data is None else input.data


class PrintToConsoleBlock(Block):
    block_type = "PRINT_TO_CONSOLE"
    category = "BASIC"
    description = "Passes a value on, to be seen among the node executions."
    pure = True
    examples = [Example(title="A value", input={"text": [1]}, output=[("output", [1]), ("status", "printed")])]

    class Input(BlockInput):
        text: Any = Field(description="The value to show.")

    class Output(BlockOutput):
        output: Any = Field(description="The value.")
        status: str = Field(description="printed.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "output", input.text
        yield "status", "printed"


class NoteBlock(Block):
    block_type = "NOTE"
    category = "BASIC"
    description = "A note among the nodes of an agent."
    pure = True
    examples = [Example(title="A note", input={"text": "Ask Ada."}, output=[("output", "Ask Ada.")])]

    class Input(BlockInput):
        text: str = Field(description="The note.")

    class Output(BlockOutput):
        output: str = Field(description="The note.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "output", input.text


class TypeOption(Enum):
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    DICTIONARY = "dictionary"


SCHEMA_TYPES = {TypeOption.LIST: "array", TypeOption.DICTIONARY: "object"}


class UniversalTypeConverterBlock(Block):
    block_type = "UNIVERSAL_TYPE_CONVERTER"
    category = "BASIC"
    description = "Converts a value to a text, a number, true or false, a list or a dictionary."
    pure = True
    examples = [
        Example(title="To a text", input={"value": {"a": 1}, "type": "string"}, output=[("value", '{"a": 1}')]),
        Example(title="To a number", input={"value": "2.5", "type": "number"}, output=[("value", 2.5)]),
        Example(title="To true or false", input={"value": "TRUE", "type": "boolean"}, output=[("value", True)]),
        Example(title="To a list", input={"value": "[1, 2]", "type": "list"}, output=[("value", [1, 2])]),
        Example(
            title="To a dictionary", input={"value": ["x"], "type": "dictionary"}, output=[("value", {"0": "x"})]
        ),
        Example(title="What is no number", input={"value": "many", "type": "number"}, fails="not a number"),
    ]

    class Input(BlockInput):
        value: Any = Field(description="The value to convert.")
        type: TypeOption = Field(description="What it becomes.")

    class Output(BlockOutput):
        value: Any = Field(description="The converted value.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        try:
            converted = coercion.coerce(input.value, {"type": SCHEMA_TYPES.get(input.type, input.type.value)})
        except ValueError as error:
            raise errors.BlockError(f"The value cannot become a {input.type.value}: {error}") from error
        yield "value", converted
