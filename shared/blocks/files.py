"""Which blocks read files?"""

import asyncio
import csv
import io
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks import bounds, sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example, may_be_set
from shared.domain import errors

csv.field_size_limit(sources.MAX_FILE_BYTES)

CSV = "name, city\nAda, London\nKonrad, Berlin"


class FileReadBlock(Block):
    block_type = "FILE_READ"
    category = "FILES"
    description = "Reads a file as text, whole or in pieces."
    max_attempts = 3
    emits_many = frozenset({"content"})
    examples = [
        Example(title="Whole", input={"file_input": "data:,a%0Ab"}, output=[("content", "a\nb")]),
        Example(
            title="Line by line",
            input={"file_input": "data:,a%0Ab%0Ac%0Ad", "delimiter": "\n", "skip_rows": 1, "row_limit": 2},
            output=[("content", "b"), ("content", "c")],
        ),
        Example(
            title="Lines put together up to a size",
            input={"file_input": "data:,aa%0Abb%0Acc", "delimiter": "\n", "size_limit": 5},
            output=[("content", "aa\nbb"), ("content", "cc")],
        ),
        Example(
            title="Pieces of a size",
            input={"file_input": "data:;base64,YWJjZGU=", "size_limit": 2, "skip_size": 1},
            output=[("content", "bc"), ("content", "de")],
        ),
        Example(title="No file", input={"file_input": "/etc/passwd"}, fails="neither a web address"),
    ]

    class Input(BlockInput):
        file_input: str = Field(description="The file: its web address, a data URI, or the id of one of yours.")
        delimiter: str = Field(default="", description="What separates rows; without one there are none.")
        size_limit: int = Field(default=0, ge=0, description="Characters of a piece at most; 0: no limit.")
        row_limit: int = Field(default=0, ge=0, description="Rows read at most; 0: no limit.")
        skip_size: int = Field(default=0, ge=0, description="Characters skipped at the start.")
        skip_rows: int = Field(default=0, ge=0, description="Rows skipped at the start.")

    class Output(BlockOutput):
        content: str = Field(description="The text; in pieces where rows or a size are asked for.")

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        in_pieces = bool(input_data.get("delimiter")) or may_be_set(input_data, "size_limit")
        return cls.emits_many if in_pieces else frozenset()

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        file = await sources.read(input.file_input, context)
        text = file.text()[input.skip_size :]
        for piece in await asyncio.to_thread(bounds.taken, pieces(text, input), "The pieces of the file"):
            yield "content", piece


def pieces(text: str, input: FileReadBlock.Input) -> Iterator[str]:
    """The text whole; row by row with a delimiter; rows together, or parts of them, up to ``size_limit``."""
    rows = iter([text])
    if input.delimiter:
        end = input.skip_rows + input.row_limit if input.row_limit else None
        rows = itertools.islice(_rows(text, input.delimiter), input.skip_rows, end)
    return _batches(rows, input.delimiter, input.size_limit) if input.size_limit else rows


def _rows(text: str, delimiter: str) -> Iterator[str]:
    """As ``text.split(delimiter)``, without holding all of them."""
    start = 0
    while (end := text.find(delimiter, start)) >= 0:
        yield text[start:end]
        start = end + len(delimiter)
    yield text[start:]


def _batches(rows: Iterator[str], delimiter: str, size: int) -> Iterator[str]:
    batch: list[str] = []
    length = 0
    for part in itertools.chain.from_iterable(_parts(row, size) for row in rows):
        if batch and length + len(delimiter) + len(part) > size:
            yield delimiter.join(batch)
            batch = []
        length = length + len(delimiter) + len(part) if batch else len(part)
        batch.append(part)
    if batch:
        yield delimiter.join(batch)


def _parts(row: str, size: int) -> Iterator[str]:
    yield row[:size]
    for start in range(size, len(row), size):
        yield row[start : start + size]


class ReadSpreadsheetBlock(Block):
    block_type = "READ_SPREADSHEET"
    category = "FILES"
    description = "Reads the rows of a CSV text, or of a CSV or Excel file."
    max_attempts = 3
    emits_many = frozenset({"row"})
    examples = [
        Example(
            title="All rows",
            input={"contents": CSV},
            output=[("rows", [{"name": "Ada", "city": "London"}, {"name": "Konrad", "city": "Berlin"}])],
        ),
        Example(
            title="Row by row, without a column",
            input={"contents": CSV, "produce_singular_result": True, "skip_columns": ["city"]},
            output=[("row", {"name": "Ada"}), ("row", {"name": "Konrad"})],
        ),
        Example(
            title="A file without a header",
            input={"file_input": "data:text/csv,a;b%0Ac;d", "delimiter": ";", "has_header": False, "skip_rows": 1},
            output=[("rows", [{"0": "c", "1": "d"}])],
        ),
        Example(title="Nothing to read", input={}, fails="contents"),
    ]

    class Input(BlockInput):
        contents: str | None = Field(default=None, description="The CSV text.")
        file_input: str | None = Field(default=None, description="A CSV or Excel file: web address, data URI, or id.")
        delimiter: str = Field(default=",", min_length=1, max_length=1, description="Stands between values.")
        quotechar: str = Field(default='"', min_length=1, max_length=1, description="Stands around a value.")
        escapechar: str = Field(default="\\", max_length=1, description="Stands before a character meant as it is.")
        has_header: bool = Field(default=True, description="Whether the first row names the columns.")
        skip_rows: int = Field(default=0, ge=0, description="Rows skipped after the header.")
        strip: bool = Field(default=True, description="Whether spaces around values are removed.")
        skip_columns: list[str] = Field(default_factory=list[str], description="Columns left out, by name.")
        produce_singular_result: bool = Field(default=False, description="Whether rows are sent one by one.")

    class Output(BlockOutput):
        row: dict[str, str] = Field(description="A row: column to value; without a header, index to value.")
        rows: list[dict[str, str]] = Field(description="All rows.")

    @classmethod
    def many_pins(cls, input_data: Mapping[str, Any]) -> frozenset[str]:
        return cls.emits_many if may_be_set(input_data, "produce_singular_result") else frozenset()

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        rows = await asyncio.to_thread(as_records, await _table(input, context), input)
        if input.produce_singular_result:
            for row in rows:
                yield "row", row
        else:
            yield "rows", rows


async def _table(input: ReadSpreadsheetBlock.Input, context: Context) -> Iterator[list[str]]:
    if input.file_input:
        file = await sources.read(input.file_input, context)
        if file.content.startswith(b"PK\x03\x04"):
            from shared.blocks.sandbox import workbooks

            return iter(await asyncio.to_thread(workbooks.rows, file.content))
        if file.content.startswith(b"\xd0\xcf\x11\xe0"):
            raise sources.unreadable("The file is of Excel before 2007: save it as .xlsx or .csv")
        return _csv(file.text(), input)
    if input.contents is None:
        raise errors.BlockError("There is nothing to read: give contents or file_input")
    return _csv(input.contents, input)


def _csv(text: str, input: ReadSpreadsheetBlock.Input) -> Iterator[list[str]]:
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=input.delimiter,
        quotechar=input.quotechar,
        escapechar=input.escapechar or None,
        skipinitialspace=input.strip,
    )


def as_records(table: Iterator[list[str]], input: ReadSpreadsheetBlock.Input) -> list[dict[str, str]]:
    """The rows with the names of their columns; empty lines are none. BlockError where the CSV is broken."""
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in filter(None, table):
            cells += len(row)
            bounds.check_elements(cells, "The table")
            rows.append([value.strip() for value in row] if input.strip else row)
    except csv.Error as error:
        raise errors.BlockError(f"The spreadsheet cannot be read: {error}") from error
    header = rows[0] if rows and input.has_header else []
    body = rows[(1 if input.has_header else 0) + input.skip_rows :]
    skipped = set(input.skip_columns)
    return [_record(header, row, skipped) for row in body]


def _record(header: list[str], row: list[str], skipped: set[str]) -> dict[str, str]:
    names = itertools.chain(header, (str(index) for index in range(len(header), len(row))))
    return {name: value for name, value in zip(names, row, strict=False) if name not in skipped}
