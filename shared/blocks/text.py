"""Which blocks change, split and join texts?"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

OPERATIONS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "strip": str.strip,
    "reverse": lambda text: text[::-1],
}


class TextProcessingBlock(Block):
    block_type = "TEXT_PROCESSING"
    category = "TEXT"
    description = "Changes a text: upper case, lower case, without the spaces around it, or reversed."
    pure = True
    examples = [
        Example(
            title="Upper case",
            input={"text": "hello", "operation": "upper"},
            output=[("processed_text", "HELLO"), ("original_length", 5), ("processed_length", 5)],
        ),
        Example(
            title="Spaces around it removed, the operation in any letter case",
            input={"text": "  hello ", "operation": "Strip"},
            output=[("processed_text", "hello"), ("original_length", 8), ("processed_length", 5)],
        ),
        Example(
            title="An operation that there is not",
            input={"text": "hello", "operation": "shout"},
            fails="'shout'",
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text to change.")
        operation: str = Field(description="upper, lower, strip or reverse, in any letter case.")

    class Output(BlockOutput):
        processed_text: str = Field(description="The changed text.")
        original_length: int = Field(description="Characters of the text as it came.")
        processed_length: int = Field(description="Characters of the changed text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        operation = OPERATIONS.get(input.operation.lower())
        if operation is None:
            raise errors.BlockError(f"{input.operation!r} is not an operation on texts; use {', '.join(OPERATIONS)}")
        processed = operation(input.text)
        yield "processed_text", processed
        yield "original_length", len(input.text)
        yield "processed_length", len(processed)
