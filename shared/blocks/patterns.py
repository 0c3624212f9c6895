"""Which blocks find patterns in texts, and code and escapes among them?"""

import asyncio
import codecs
import functools
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example, may_be_set
from shared.domain import errors


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class MatchTextPatternBlock(Block):
    block_type = "MATCH_TEXT_PATTERN"
    category = "TEXT"
    description = "Sends data one way where a pattern matches a text, and the other where it does not."
    pure = True
    examples = [
        Example(
            title="A match sends the data on",
            input={"text": "order 17", "match": r"order \d+", "data": {"id": 1}},
            output=[("positive", {"id": 1})],
        ),
        Example(
            title="No match; without data, the text goes on",
            input={"text": "Order 17", "match": "order"},
            output=[("negative", "Order 17")],
        ),
        Example(
            title="In any letter case",
            input={"text": "Order", "match": "order", "case_sensitive": False},
            output=[("positive", "Order")],
        ),
        Example(title="Not a pattern", input={"text": "a", "match": "("}, fails="not a pattern"),
    ]

    class Input(BlockInput):
        text: Any = Field(description="The text to look at.")
        match: str = Field(description="A regular expression.")
        data: Any = Field(default=None, description="What is sent on; without any, the text.")
        case_sensitive: bool = Field(default=True, description="Whether the letter case counts.")
        dot_all: bool = Field(default=True, description="Whether a dot matches the end of a line.")

    class Output(BlockOutput):
        positive: Any = Field(description="The data, where the pattern matches.")
        negative: Any = Field(description="The data, where it does not.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import patterns

        search = functools.partial(
            patterns.find_all,
            input.match,
            as_text(input.text),
            case_sensitive=input.case_sensitive,
            dot_all=input.dot_all,
            limit=1,
        )
        matched = await asyncio.to_thread(search)
        yield "positive" if matched else "negative", input.text if input.data is None else input.data


class ExtractTextInformationBlock(Block):
    block_type = "EXTRACT_TEXT_INFORMATION"
    category = "TEXT"
    description = "Takes out of a text what a pattern matches."
    pure = True
    emits_many = frozenset({"positive"})
    examples = [
        Example(
            title="A group of the first match",
            input={"text": "a=1, b=2", "pattern": r"(\w)=(\d)", "group": 2},
            output=[("positive", "1"), ("matched_results", ["1"]), ("matched_count", 1)],
        ),
        Example(
            title="All matches",
            input={"text": "a=1, b=2", "pattern": r"\d", "find_all": True},
            output=[("positive", "1"), ("positive", "2"), ("matched_results", ["1", "2"]), ("matched_count", 2)],
        ),
        Example(
            title="No match",
            input={"text": "abc", "pattern": r"\d"},
            output=[("negative", "abc"), ("matched_results", []), ("matched_count", 0)],
        ),
        Example(
            title="A pattern without that group matches nothing",
            input={"text": "abc", "pattern": "b", "group": 1},
            output=[("negative", "abc"), ("matched_results", []), ("matched_count", 0)],
        ),
    ]

    class Input(BlockInput):
        text: Any = Field(description="The text to search.")
        pattern: str = Field(description="A regular expression.")
        group: int = Field(default=0, description="The group to take; 0 is the whole match.")
        case_sensitive: bool = Field(default=True, description="Whether the letter case counts.")
        dot_all: bool = Field(default=True, description="Whether a dot matches the end of a line.")
        find_all: bool = Field(default=False, description="Whether all matches are taken, or the first.")

    class Output(BlockOutput):
        positive: str = Field(description="What was taken: one token a match.")
        negative: str = Field(description="The text, where nothing matches.")
        matched_results: list[str] = Field(description="All that was taken.")
        matched_count: int = Field(description="How many that are.")

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        return cls.emits_many if may_be_set(input_data, "find_all") else frozenset()

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import patterns

        text = as_text(input.text)
        search = functools.partial(
            patterns.find_all,
            input.pattern,
            text,
            case_sensitive=input.case_sensitive,
            dot_all=input.dot_all,
            limit=None if input.find_all else 1,
        )
        matches = await asyncio.to_thread(search)
        results = [match.groups[input.group] for match in matches if 0 <= input.group < len(match.groups)]
        for result in results:
            yield "positive", result
        if not results:
            yield "negative", text
        yield "matched_results", results
        yield "matched_count", len(results)


class TextEncoderBlock(Block):
    block_type = "TEXT_ENCODER"
    category = "TEXT"
    description = "Writes line ends, tabs and characters beyond ASCII as escape sequences."
    pure = True
    examples = [
        Example(title="A line end", input={"text": "a\né"}, output=[("encoded_text", "a\\n\\xe9")]),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text to encode.")

    class Output(BlockOutput):
        encoded_text: str = Field(description="The text with escape sequences.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "encoded_text", input.text.encode("unicode_escape").decode("ascii")


class TextDecoderBlock(Block):
    block_type = "TEXT_DECODER"
    category = "TEXT"
    description = "Reads escape sequences as the characters that they stand for."
    pure = True
    examples = [
        Example(title="A line end", input={"text": "é\\n\\u00e9"}, output=[("decoded_text", "é\né")]),
        Example(title="An escape that is none", input={"text": "\\N{no such}"}, fails="escape"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text with escape sequences.")

    class Output(BlockOutput):
        decoded_text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        try:
            yield "decoded_text", _ESCAPE.sub(_unescape, input.text)
        except UnicodeDecodeError as error:
            raise errors.BlockError(f"The text has an escape sequence that is none: {error.reason}") from error


_ESCAPE = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|N\{[^{}]{1,100}\}|[0-7]{1,3}|[\\'\"abfnrtv])"
)


def _unescape(match: re.Match[str]) -> str:
    return codecs.decode(match[0], "unicode_escape")
