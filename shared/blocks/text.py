"""Which blocks change, split and join texts?"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from pydantic import Field

from shared.blocks import bounds
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


class CombineTextsBlock(Block):
    block_type = "COMBINE_TEXTS"
    category = "TEXT"
    description = "Joins texts into one, with a delimiter between them."
    pure = True
    examples = [
        Example(
            title="With a delimiter",
            input={"input": ["red", "blue"], "delimiter": ", "},
            output=[("output", "red, blue")],
        ),
        Example(title="Without one", input={"input": ["a", 1]}, output=[("output", "a1")]),
    ]

    class Input(BlockInput):
        input: list[str] = Field(description="The texts, in order.")
        delimiter: str = Field(default="", description="Stands between two texts.")

    class Output(BlockOutput):
        output: str = Field(description="The one text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        delimiters = len(input.delimiter) * max(0, len(input.input) - 1)
        bounds.check_characters(sum(map(len, input.input)) + delimiters, "The text")
        yield "output", input.delimiter.join(input.input)


class TextSplitBlock(Block):
    block_type = "TEXT_SPLIT"
    category = "TEXT"
    description = "Splits a text at each delimiter."
    pure = True
    examples = [
        Example(
            title="The parts without the spaces around them",
            input={"text": "a, b , c", "delimiter": ","},
            output=[("texts", ["a", "b", "c"])],
        ),
        Example(
            title="The parts as they are",
            input={"text": "a, b", "delimiter": ",", "strip": False},
            output=[("texts", ["a", " b"])],
        ),
        Example(title="An empty text has no parts", input={"text": "", "delimiter": ","}, output=[("texts", [])]),
        Example(title="No delimiter", input={"text": "ab", "delimiter": ""}, fails="delimiter"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text to split.")
        delimiter: str = Field(description="Where to split it.")
        strip: bool = Field(default=True, description="Whether spaces around the parts are removed.")

    class Output(BlockOutput):
        texts: list[str] = Field(description="The parts, in order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if not input.delimiter:
            raise errors.BlockError("The delimiter is empty: say where to split the text")
        bounds.check_elements(input.text.count(input.delimiter) + 1, "The list of parts")
        texts = input.text.split(input.delimiter) if input.text else []
        yield "texts", [text.strip() for text in texts] if input.strip else texts


class TextReplaceBlock(Block):
    block_type = "TEXT_REPLACE"
    category = "TEXT"
    description = "Replaces every occurrence of one text in another."
    pure = True
    examples = [
        Example(
            title="Every occurrence",
            input={"text": "tomato", "old": "to", "new": "po"},
            output=[("output", "pomapo")],
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text to change.")
        old: str = Field(description="What to replace.")
        new: str = Field(description="What to put there.")

    class Output(BlockOutput):
        output: str = Field(description="The changed text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        size = len(input.text) + input.text.count(input.old) * (len(input.new) - len(input.old))
        bounds.check_characters(size, "The text")
        yield "output", input.text.replace(input.old, input.new)


class WordCharacterCountBlock(Block):
    block_type = "WORD_CHARACTER_COUNT"
    category = "TEXT"
    description = "Counts the words and the characters of a text."
    pure = True
    examples = [
        Example(
            title="Words stand between spaces",
            input={"text": "two  words"},
            output=[("word_count", 2), ("character_count", 10)],
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text to count.")

    class Output(BlockOutput):
        word_count: int = Field(description="Its words.")
        character_count: int = Field(description="Its characters, spaces among them.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "word_count", len(input.text.split())
        yield "character_count", len(input.text)


class FillTextTemplateBlock(Block):
    block_type = "FILL_TEXT_TEMPLATE"
    category = "TEXT"
    description = "Fills a Jinja2 template with values."
    pure = True
    examples = [
        Example(
            title="Values, and a loop",
            input={
                "values": {"name": "Ada", "items": ["a", "b"]},
                "format": "{{ name }}:{% for item in items %} {{ item }}{% endfor %}",
            },
            output=[("output", "Ada: a b")],
        ),
        Example(
            title="Escaped for HTML",
            input={"values": {"x": "<"}, "format": "<b>{{ x }}</b>", "escape_html": True},
            output=[("output", "<b>&lt;</b>")],
        ),
        Example(title="The sandbox", input={"values": {}, "format": "{{ ''.__class__.__mro__ }}"}, fails="unsafe"),
    ]

    class Input(BlockInput):
        values: dict[str, Any] = Field(description="The values by name.")
        format: str = Field(description="The template: {{ name }} stands for a value.")
        escape_html: bool = Field(default=False, description="Whether values are escaped for HTML.")

    class Output(BlockOutput):
        output: str = Field(description="The filled template.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import templates

        fill = functools.partial(templates.render, input.format, input.values, escape_html=input.escape_html)
        yield "output", await asyncio.to_thread(fill)
