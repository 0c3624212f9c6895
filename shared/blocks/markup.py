"""Which blocks read and write XML, YAML, TOML, Markdown and HTML?"""

import functools
import json
from collections.abc import AsyncIterator, Iterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import bounds
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

PAGE = "<html><head><title>T</title></head><body><h1>Hello</h1><p class=x>A <a href='/b'>link</a></p></body></html>"
BASE = "The address of the page: links become whole."


class XmlParserBlock(Block):
    block_type = "XML_PARSER"
    category = "FORMATS"
    description = "Reads XML as a dictionary: elements by name, those of one name as a list."
    pure = True
    examples = [
        Example(
            title="Elements",
            input={"input_xml": "<a><b>1</b><b>2</b></a>"},
            output=[("parsed_xml", {"a": {"b": ["1", "2"]}})],
        ),
        Example(
            title="Attributes",
            input={"input_xml": '<a id="1">x</a>'},
            output=[("parsed_xml", {"a": {"@id": "1", "#text": "x"}})],
        ),
        Example(title="No XML", input={"input_xml": "<a><b></a>"}, fails="is not XML"),
        Example(
            title="Entities", input={"input_xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, fails="is not XML"
        ),
    ]

    class Input(BlockInput):
        input_xml: str = Field(description="The text.")

    class Output(BlockOutput):
        parsed_xml: dict[str, Any] = Field(description="The document: @name is an attribute, #text the text beside.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        from shared.blocks.sandbox import xml

        yield "parsed_xml", xml.read(input.input_xml)


class WriteXmlBlock(Block):
    block_type = "WRITE_XML"
    category = "FORMATS"
    description = "Writes a dictionary as XML: the counterpart of XML_PARSER."
    pure = True
    examples = [
        Example(
            title="An element",
            input={"data": {"a": {"@id": "1", "b": ["x", "<"]}}},
            output=[("xml", '<a id="1"><b>x</b><b>&lt;</b></a>')],
        ),
        Example(title="Not one element", input={"data": {"a": 1, "b": 2}}, fails="one element"),
    ]

    class Input(BlockInput):
        data: dict[str, Any] = Field(description="One element: its name -> what is in it.")
        pretty: bool = Field(default=False, description="Whether it is written for people.")

    class Output(BlockOutput):
        xml: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        from shared.blocks.sandbox import xml

        yield "xml", xml.write(input.data, input.pretty)


class ParseYamlBlock(Block):
    block_type = "PARSE_YAML"
    category = "FORMATS"
    description = "Reads YAML of plain types."
    pure = True
    examples = [
        Example(
            title="A document",
            input={"text": "a: [1, x]\nb: 2026-03-14"},
            output=[("data", {"a": [1, "x"], "b": "2026-03-14"})],
        ),
        Example(title="Several", input={"text": "a\n---\nb", "all": True}, output=[("data", ["a", "b"])]),
        Example(title="No plain type", input={"text": "!!python/name:os.system"}, fails="is not YAML"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        all: bool = Field(default=False, description="Whether all its documents are meant, as a list, or the first.")

    class Output(BlockOutput):
        data: Any = Field(description="What it says.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import isolated, threads

        found = await threads.run(
            functools.partial(isolated.call, "trees.yaml", input.text.encode("utf-8", "replace"))
        )
        yield "data", found if input.all else next(iter(found), None)


class WriteYamlBlock(Block):
    block_type = "WRITE_YAML"
    category = "FORMATS"
    description = "Writes a value as YAML."
    pure = True
    examples = [
        Example(
            title="A dictionary",
            input={"data": {"a": [1, "é"], "b": None}},
            output=[("text", "a:\n- 1\n- é\nb: null\n")],
        )
    ]

    class Input(BlockInput):
        data: Any = Field(description="The value.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        import yaml

        # The same part at several places would be written once, and referred to: what others read does not expect it.
        plain = json.loads(json.dumps(input.data))
        yield "text", yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)


class ParseTomlBlock(Block):
    block_type = "PARSE_TOML"
    category = "FORMATS"
    description = "Reads TOML."
    pure = True
    examples = [
        Example(
            title="A table",
            input={"text": "[a]\nb = 1\nc = 2026-03-14"},
            output=[("data", {"a": {"b": 1, "c": "2026-03-14"}})],
        ),
        Example(title="No TOML", input={"text": "a ="}, fails="is not TOML"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")

    class Output(BlockOutput):
        data: dict[str, Any] = Field(description="What it says; dates and times as texts.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        import tomllib

        if len(input.text) > 1_000_000:
            raise errors.BlockError("A text of TOML has at most 1,000,000 characters", reason="LIMIT_EXCEEDED")
        try:
            yield "data", tomllib.loads(input.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise errors.BlockError(f"The text is not TOML: {error}", reason="TEXT_INVALID") from error


class WriteTomlBlock(Block):
    block_type = "WRITE_TOML"
    category = "FORMATS"
    description = "Writes a dictionary as TOML."
    pure = True
    examples = [
        Example(
            title="A table",
            input={"data": {"a": {"b": [1, "x"]}}},
            output=[("text", '[a]\nb = [\n    1,\n    "x",\n]\n')],
        ),
        Example(title="There is no null in TOML", input={"data": {"a": None}}, fails="cannot be written"),
    ]

    class Input(BlockInput):
        data: dict[str, Any] = Field(description="The dictionary.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        import tomli_w

        try:
            yield "text", tomli_w.dumps(input.data)
        except (TypeError, ValueError, RecursionError) as error:
            raise errors.BlockError(f"The data cannot be written as TOML: {error}", reason="TEXT_INVALID") from error


class MarkdownToHtmlBlock(Block):
    block_type = "MARKDOWN_TO_HTML"
    category = "FORMATS"
    description = "Turns Markdown into HTML, without what could run in a browser."
    pure = True
    examples = [
        Example(title="A heading", input={"markdown": "# A *b*"}, output=[("html", "<h1>A <em>b</em></h1>\n")]),
        Example(title="A script", input={"markdown": "a <script>b</script>"}, output=[("html", "<p>a </p>\n")]),
    ]

    class Input(BlockInput):
        markdown: str = Field(description="CommonMark, with tables.")

    class Output(BlockOutput):
        html: str = Field(description="The HTML.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        yield "html", await _isolated("pages.from_markdown", input.markdown)


class HtmlToMarkdownBlock(Block):
    block_type = "HTML_TO_MARKDOWN"
    category = "FORMATS"
    description = "Turns a page of HTML into Markdown, as people and models read it."
    pure = True
    examples = [
        Example(
            title="A page",
            input={"html": PAGE, "base_url": "https://example.com/a"},
            output=[
                ("markdown", "# Hello\n\nA [link](https://example.com/b)"),
                ("title", "T"),
                ("links", ["https://example.com/b"]),
            ],
        ),
    ]

    class Input(BlockInput):
        html: str = Field(description="The page.")
        base_url: str = Field(default="", description=BASE)
        main_only: bool = Field(default=False, description="Whether menus, headers and footers are left out.")

    class Output(BlockOutput):
        markdown: str = Field(description="The text.")
        title: str = Field(description="The title of the page.")
        links: list[str] = Field(description="Where its links lead, each once.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        found = await _isolated("pages.to_markdown", input.html, base_url=input.base_url, main_only=input.main_only)
        for pin in ("markdown", "title", "links"):
            yield pin, found[pin]


class HtmlExtractBlock(Block):
    block_type = "HTML_EXTRACT"
    category = "FORMATS"
    description = "Takes out of a page of HTML what a CSS selector matches: texts, HTML or attributes."
    pure = True
    examples = [
        Example(
            title="Texts",
            input={"html": PAGE, "selector": "p.x"},
            output=[("values", ["A link"]), ("first", "A link"), ("count", 1)],
        ),
        Example(
            title="Where links lead",
            input={"html": PAGE, "selector": "a", "attribute": "href", "base_url": "https://example.com"},
            output=[("values", ["https://example.com/b"]), ("first", "https://example.com/b"), ("count", 1)],
        ),
        Example(title="No selector", input={"html": PAGE, "selector": "p["}, fails="is not a CSS selector"),
    ]

    class Input(BlockInput):
        html: str = Field(description="The page.")
        selector: str = Field(max_length=1_000, description="The CSS selector.")
        attribute: str = Field(default="text", description="text, html, or the name of an attribute.")
        base_url: str = Field(default="", description=BASE)

    class Output(BlockOutput):
        values: list[str] = Field(description="What it matches, in order.")
        first: str = Field(description="The first, where there is one.")
        count: int = Field(description="How many there are.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        asked = {"selector": input.selector, "attribute": input.attribute, "base_url": input.base_url}
        values = await _isolated("pages.select", input.html, **asked)
        yield "values", values
        if values:
            yield "first", values[0]
        yield "count", len(values)


class HtmlTablesBlock(Block):
    block_type = "HTML_TABLES"
    category = "FORMATS"
    description = "Reads the tables of a page of HTML as lists of records."
    pure = True
    examples = [
        Example(
            title="A table",
            input={"html": "<table><tr><th>a<th>b<tr><td>1<td>2</table>"},
            output=[("tables", [[{"a": "1", "b": "2"}]]), ("first", [{"a": "1", "b": "2"}])],
        ),
    ]

    class Input(BlockInput):
        html: str = Field(description="The page.")
        has_header: bool = Field(default=True, description="Whether the first row names the columns.")

    class Output(BlockOutput):
        tables: list[list[dict[str, str]]] = Field(description="The tables, each a list of records.")
        first: list[dict[str, str]] = Field(description="The first, where there is one.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        tables = [_records(rows, input.has_header) for rows in await _isolated("pages.tables", input.html)]
        yield "tables", tables
        if tables:
            yield "first", tables[0]


def _records(rows: list[list[str]], has_header: bool) -> list[dict[str, str]]:
    names = rows[0] if has_header and rows else []
    return [
        {names[i] if i < len(names) and names[i] else str(i): cell for i, cell in enumerate(row)}
        for row in (rows[1:] if has_header else rows)
        if row
    ]


class Kept(Enum):
    SAFE = "safe"
    BASIC = "basic"
    NONE = "none"


class CleanHtmlBlock(Block):
    block_type = "CLEAN_HTML"
    category = "FORMATS"
    description = "Removes from HTML what could run in a browser, or all but plain tags, or all tags."
    pure = True
    examples = [
        Example(
            title="What is safe",
            input={"html": '<p onclick="x">a<script>b</script></p>'},
            output=[("html", "<p>a</p>")],
        ),
        Example(title="No tags", input={"html": "<b>a</b> &lt; b", "keep": "none"}, output=[("html", "a &lt; b")]),
    ]

    class Input(BlockInput):
        html: str = Field(description="The HTML.")
        keep: Kept = Field(default=Kept.SAFE, description="safe: all harmless tags; basic: p, br, b, lists; none.")

    class Output(BlockOutput):
        html: str = Field(description="The HTML that is left.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        tags = {Kept.SAFE: None, Kept.BASIC: ["p", "br", "b", "strong", "i", "em", "ul", "ol", "li"], Kept.NONE: []}
        yield "html", await _isolated("pages.clean", input.html, tags=tags[input.keep])


async def _isolated(function: str, text: str, **options: Any) -> Any:
    from shared.blocks.sandbox import isolated, threads

    bounds.check_characters(len(text), "The text")
    return await threads.run(functools.partial(isolated.call, function, text.encode("utf-8", "replace"), **options))
