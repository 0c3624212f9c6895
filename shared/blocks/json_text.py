"""Which blocks read, write, query and check JSON?"""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

BOOKS = {"books": [{"title": "A", "price": 8}, {"title": "B", "price": 12}]}


class JsonDecoderBlock(Block):
    block_type = "JSON_DECODER"
    category = "FORMATS"
    description = "Reads a text of JSON."
    pure = True
    examples = [
        Example(title="A list", input={"json_str": "[1, null]"}, output=[("data", [1, None])]),
        Example(
            title="JSON between other words",
            input={"json_str": 'Sure:\n```json\n{"a": 1}\n```', "lenient": True},
            output=[("data", {"a": 1})],
        ),
        Example(title="No JSON", input={"json_str": "{'a': 1}"}, fails="line 1"),
    ]

    class Input(BlockInput):
        json_str: str = Field(description="The text.")
        lenient: bool = Field(default=False, description="Whether to look for the first JSON within other words.")

    class Output(BlockOutput):
        data: Any = Field(description="The value.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        try:
            yield "data", json.loads(_first(input.json_str) if input.lenient else input.json_str)
        except RecursionError as error:
            raise errors.BlockError("The JSON nests too deep", reason="LIMIT_EXCEEDED") from error
        except ValueError as error:
            raise errors.BlockError(f"The text is not JSON: {error}", reason="TEXT_INVALID") from error


def _first(text: str) -> str:
    """From the first bracket on that begins JSON, what belongs to it."""
    reader = json.JSONDecoder()
    for start in [i for i, character in enumerate(text) if character in "{["][:100]:
        try:
            _, end = reader.raw_decode(text, start)
            return text[start:end]
        except ValueError:
            continue
    return text


class JsonEncoderBlock(Block):
    block_type = "JSON_ENCODER"
    category = "FORMATS"
    description = "Writes a value as JSON."
    pure = True
    examples = [
        Example(title="On one line", input={"data": {"a": [1, "é"]}}, output=[("json_str", '{"a": [1, "é"]}')]),
        Example(title="For people", input={"data": [1], "indent": 2}, output=[("json_str", "[\n  1\n]")]),
    ]

    class Input(BlockInput):
        data: Any = Field(description="The value.")
        indent: int = Field(default=0, ge=0, le=8, description="Spaces a level; 0: all on one line.")
        sort_keys: bool = Field(default=False, description="Whether keys stand in order.")

    class Output(BlockOutput):
        json_str: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield (
            "json_str",
            json.dumps(input.data, ensure_ascii=False, indent=input.indent or None, sort_keys=input.sort_keys),
        )


class JsonQueryBlock(Block):
    block_type = "JSON_QUERY"
    category = "FORMATS"
    description = "Asks a JMESPath query of data: choose, filter, reshape, count."
    pure = True
    examples = [
        Example(
            title="Filter and choose",
            input={"data": BOOKS, "query": "books[?price > `10`].title"},
            output=[("result", ["B"])],
        ),
        Example(
            title="Reshape",
            input={"data": BOOKS, "query": "{count: length(books), total: sum(books[].price)}"},
            output=[("result", {"count": 2, "total": 20})],
        ),
        Example(title="Nothing", input={"data": BOOKS, "query": "films"}, output=[("result", None)]),
        Example(title="No query", input={"data": 1, "query": "a["}, fails="cannot be answered"),
    ]

    class Input(BlockInput):
        data: Any = Field(description="The data.")
        query: str = Field(description="The query (https://jmespath.org).")

    class Output(BlockOutput):
        result: Any = Field(description="What it finds; null where there is nothing.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import queries

        yield "result", await asyncio.to_thread(queries.search, input.query, input.data)


class JsonPathBlock(Block):
    block_type = "JSON_PATH"
    category = "FORMATS"
    description = "Finds all that a JSONPath leads to in data."
    pure = True
    examples = [
        Example(
            title="Every price",
            input={"data": BOOKS, "path": "$..price"},
            output=[
                ("values", [8, 12]),
                ("paths", ["$['books'][0]['price']", "$['books'][1]['price']"]),
                ("first", 8),
            ],
        ),
        Example(title="Nothing", input={"data": BOOKS, "path": "$.films"}, output=[("values", []), ("paths", [])]),
        Example(title="No path", input={"data": 1, "path": "$["}, fails="cannot be answered"),
    ]

    class Input(BlockInput):
        data: Any = Field(description="The data.")
        path: str = Field(max_length=10_000, description="The path (RFC 9535).")

    class Output(BlockOutput):
        values: list[Any] = Field(description="What it finds, in order, 100,000 at most.")
        paths: list[str] = Field(description="Where each is.")
        first: Any = Field(description="The first, where there is one.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import isolated, threads

        content = json.dumps(input.data).encode()
        found = await threads.run(functools.partial(isolated.call, "trees.json_path", content, path=input.path))
        yield "values", [one["value"] for one in found]
        yield "paths", [one["path"] for one in found]
        if found:
            yield "first", found[0]["value"]


class JsonValidateBlock(Block):
    block_type = "JSON_VALIDATE"
    category = "FORMATS"
    description = "Checks data against a JSON Schema."
    pure = True
    examples = [
        Example(
            title="It suits",
            input={"data": {"a": 1}, "json_schema": {"required": ["a"]}},
            output=[("is_valid", True), ("valid", {"a": 1}), ("problems", [])],
        ),
        Example(
            title="It does not",
            input={"data": {"a": "x"}, "json_schema": {"properties": {"a": {"type": "integer"}}}},
            output=[
                ("is_valid", False),
                ("invalid", {"a": "x"}),
                ("problems", [{"path": "$.a", "message": "'x' is not of type 'integer'"}]),
            ],
        ),
        Example(title="No schema", input={"data": 1, "json_schema": {"type": "sting"}}, fails="no JSON Schema"),
    ]

    class Input(BlockInput):
        data: Any = Field(description="The data.")
        json_schema: dict[str, Any] = Field(description="The JSON Schema; nothing that it names is fetched.")

    class Output(BlockOutput):
        is_valid: bool = Field(description="Whether it suits.")
        valid: Any = Field(description="The data, where it suits.")
        invalid: Any = Field(description="The data, where it does not.")
        problems: list[dict[str, str]] = Field(description="What does not suit: path and message, 100 at most.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import isolated, threads

        content = json.dumps(input.data).encode()
        problems = await threads.run(
            functools.partial(isolated.call, "trees.problems", content, schema=input.json_schema)
        )
        yield "is_valid", not problems
        yield "invalid" if problems else "valid", input.data
        yield "problems", problems
