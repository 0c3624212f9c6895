"""Which blocks take texts apart by patterns and sizes, and compare them?"""

import asyncio
import functools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks import bounds
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

MAX_COMPARED = 20_000
"""Characters of a text that is compared with another: it takes the product of both."""


class ReplaceByPatternBlock(Block):
    block_type = "REPLACE_BY_PATTERN"
    category = "TEXT"
    description = "Replaces what a pattern matches in a text."
    pure = True
    examples = [
        Example(
            title="Groups in another order",
            input={"text": "2026-03-14", "pattern": r"(\d+)-(\d+)-(\d+)", "replacement": r"\3.\2.\1"},
            output=[("text", "14.03.2026"), ("count", 1)],
        ),
        Example(
            title="The first alone",
            input={"text": "aAa", "pattern": "a", "limit": 1, "case_sensitive": False},
            output=[("text", "Aa"), ("count", 1)],
        ),
        Example(title="No pattern", input={"text": "a", "pattern": "("}, fails="not a pattern"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        pattern: str = Field(description="A regular expression.")
        replacement: str = Field(
            default="", description=r"What comes in its place; \1 is the first group, \0 all of it."
        )
        limit: int = Field(default=0, ge=0, description="How often at most; 0: no limit.")
        case_sensitive: bool = Field(default=True, description="Whether the letter case counts.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")
        count: int = Field(description="How often something was replaced.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import patterns

        replace = functools.partial(
            patterns.replace_all,
            input.pattern,
            input.text,
            input.replacement,
            case_sensitive=input.case_sensitive,
            limit=input.limit or None,
        )
        text, count = await asyncio.to_thread(replace)
        yield "text", text
        yield "count", count


class ExtractByPatternBlock(Block):
    block_type = "EXTRACT_BY_PATTERN"
    category = "TEXT"
    description = "Takes the named groups of a pattern out of a text, a record for each match."
    pure = True
    examples = [
        Example(
            title="Two records",
            input={"text": "a=1, b=2", "pattern": r"(?P<key>\w)=(?P<value>\d)"},
            output=[("records", [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]), ("count", 2)],
        ),
        Example(
            title="Groups without names",
            input={"text": "a=1", "pattern": r"(\w)=(\d)"},
            output=[("records", [{"1": "a", "2": "1"}]), ("count", 1)],
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        pattern: str = Field(description="A regular expression; (?P<name>…) is a group with a name.")
        limit: int = Field(default=0, ge=0, description="How many matches at most; 0: no limit.")
        case_sensitive: bool = Field(default=True, description="Whether the letter case counts.")

    class Output(BlockOutput):
        records: list[dict[str, str]] = Field(description="A record a match: name or number of a group -> its text.")
        count: int = Field(description="How many matches there are.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import patterns

        find = functools.partial(
            patterns.find_all,
            input.pattern,
            input.text,
            case_sensitive=input.case_sensitive,
            limit=input.limit or None,
        )
        matches = await asyncio.to_thread(find)
        names = patterns.names(input.pattern)
        yield (
            "records",
            [
                {
                    names.get(number, str(number)): text
                    for number, text in enumerate(match.groups)
                    if number or len(match.groups) == 1
                }
                for match in matches
            ],
        )
        yield "count", len(matches)


class TextSimilarityBlock(Block):
    block_type = "TEXT_SIMILARITY"
    category = "TEXT"
    description = "Says how alike two texts are, from 0 to 1, and the way of alike or of different."
    pure = True
    examples = [
        Example(
            title="A slip",
            input={"text": "Weftly", "other": "Wefltly"},
            output=[("similarity", 0.9231), ("similar", "Weftly")],
        ),
        Example(
            title="Words in any order",
            input={"text": "new york mets", "other": "mets new york", "words": True},
            output=[("similarity", 1.0), ("similar", "new york mets")],
        ),
        Example(
            title="Different", input={"text": "a", "other": "b"}, output=[("similarity", 0.0), ("different", "a")]
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="A text.")
        other: str = Field(description="Another.")
        threshold: float = Field(default=0.8, ge=0, le=1, description="From where on they are alike.")
        words: bool = Field(default=False, description="Whether words count, in any order.")
        ignore_case: bool = Field(default=True, description="Whether the letter case is passed over.")

    class Output(BlockOutput):
        similarity: float = Field(description="From 0 to 1, four digits.")
        similar: str = Field(description="The text, where they are alike.")
        different: str = Field(description="The text, where they are not.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        from rapidfuzz import fuzz

        for one in (input.text, input.other):
            if len(one) > MAX_COMPARED:
                raise errors.BlockError(
                    f"A text that is compared has at most {MAX_COMPARED:,} characters", reason="LIMIT_EXCEEDED"
                )
        one, other = (text.casefold() if input.ignore_case else text for text in (input.text, input.other))
        ratio = round((fuzz.token_sort_ratio if input.words else fuzz.ratio)(one, other) / 100, 4)
        yield "similarity", ratio
        yield "similar" if ratio >= input.threshold else "different", input.text


class SplitTextIntoChunksBlock(Block):
    block_type = "SPLIT_TEXT_INTO_CHUNKS"
    category = "TEXT"
    description = (
        "Splits a long text for a model or a search: at paragraphs, lines, sentences or words, with an overlap."
    )
    pure = True
    emits_many = frozenset({"chunk"})
    examples = [
        Example(
            title="At sentences",
            input={"text": "One two. Three four. Five.", "size": 12},
            output=[
                ("chunk", "One two."),
                ("chunk", "Three four."),
                ("chunk", "Five."),
                ("chunks", ["One two.", "Three four.", "Five."]),
            ],
        ),
        Example(
            title="With an overlap",
            input={"text": "aaa bbb ccc", "size": 8, "overlap": 3},
            output=[("chunk", "aaa bbb"), ("chunk", "bbb ccc"), ("chunks", ["aaa bbb", "bbb ccc"])],
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        size: int = Field(default=2_000, ge=1, description="Characters of a chunk at most.")
        overlap: int = Field(default=0, ge=0, description="Characters of a chunk that the next begins with, about.")

    class Output(BlockOutput):
        chunk: str = Field(description="A chunk; one token each.")
        chunks: list[str] = Field(description="All of them.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if input.overlap * 2 > input.size:
            raise errors.BlockError(f"The overlap, {input.overlap}, is more than half of the size, {input.size}")
        chunks = bounds.taken(
            (one for one in _chunks(input.text, input.size, input.overlap) if one), "The chunks of the text"
        )
        for chunk in chunks:
            yield "chunk", chunk
        yield "chunks", chunks


_ENDS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(end)
    for name, end in {
        "paragraph": r"\n\s*\n",
        "line": r"\n",
        "sentence": r"(?<=[.!?。])\s",
        "word": r"\s",
    }.items()
}


def _chunks(text: str, size: int, overlap: int) -> Iterator[str]:
    start = 0
    while len(text) - start > size:
        end = _end(text, start, size)
        chunk = text[start:end].rstrip()
        yield chunk.strip()
        following, last = end, start + len(chunk)
        if overlap and (space := text.find(" ", max(start + 1, last - overlap - 1), last)) >= 0:
            following = space
        start = max(following, start + 1)
    yield text[start:].strip()


def _end(text: str, start: int, size: int) -> int:
    """After the last paragraph that fits, or line, sentence, word; else in the middle of one."""
    window = text[start : start + size + 1]
    for pattern in _ENDS.values():
        ends = [
            found.end() for found in pattern.finditer(window) if found.start() > size // 3 and found.start() <= size
        ]
        if ends:
            return start + ends[-1]
    return start + size
