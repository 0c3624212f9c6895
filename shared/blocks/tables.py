"""Which blocks write tables, and read workbooks sheet by sheet?"""

import asyncio
import csv
import functools
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from pydantic import Field

from shared.blocks import bounds, rules, sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example

Rows = list[dict[str, Any] | list[Any]]
ROWS = [{"name": "Ada", "born": 1815}, {"name": "Grace, Hopper", "city": "New York"}]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def columns_of(rows: Rows) -> list[str]:
    """The keys of all records, in the order in which they first come."""
    return list(dict.fromkeys(key for row in rows if isinstance(row, dict) for key in row))


def cells_of(row: dict[str, Any] | list[Any], columns: list[str]) -> list[Any]:
    return [row.get(column) for column in columns] if isinstance(row, dict) else row


class CreateCsvBlock(Block):
    block_type = "CREATE_CSV"
    category = "FILES"
    description = "Writes records or rows as CSV, as a text and as a file."
    pure = True
    examples = [
        Example(
            title="Records",
            input={"rows": ROWS},
            output=[
                ("csv", 'name,born,city\r\nAda,1815,\r\n"Grace, Hopper",,New York\r\n'),
                (
                    "file",
                    "data:text/csv;base64,bmFtZSxib3JuLGNpdHkNCkFkYSwxODE1LA0KIkdyYWNlLCBIb3BwZXIiLCxOZXcgWW9yaw0K",
                ),
            ],
        ),
        Example(
            title="Rows, some columns",
            input={"rows": [["a", "=1+1"]], "columns": ["x", "y"], "delimiter": ";"},
            output=[("csv", "x;y\r\na;'=1+1\r\n"), ("file", "data:text/csv;base64,eDt5DQphOyc9MSsxDQo=")],
        ),
    ]

    class Input(BlockInput):
        rows: Rows = Field(description="Records, or lists of values.")
        columns: list[str] = Field(
            default_factory=list[str], description="Which columns, in order; empty: all there are."
        )
        header: bool = Field(default=True, description="Whether the names of the columns come first.")
        delimiter: str = Field(default=",", min_length=1, max_length=1, description="Stands between values.")
        formulas: bool = Field(
            default=False, description="Whether texts may begin as formulas do: risky if others wrote them."
        )

    class Output(BlockOutput):
        csv: str = Field(description="The text.")
        file: str = Field(description="The same as a file: a data URI.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        columns = input.columns or columns_of(input.rows)
        made = io.StringIO()
        writer = csv.writer(made, delimiter=input.delimiter)
        if input.header and columns:
            writer.writerow(columns)
        for row in input.rows:
            writer.writerow([_harmless(rules.as_text(one), input.formulas) for one in cells_of(row, columns)])
            bounds.check_characters(made.tell(), "The text")
        yield "csv", made.getvalue()
        yield "file", sources.data_uri(made.getvalue().encode("utf-8", "replace"), "text/csv")


def _harmless(text: str, formulas: bool) -> str:
    """A text that a spreadsheet would run is marked as a text (https://owasp.org/www-community/attacks/CSV_Injection)."""
    risky = text[:1] in ("=", "+", "-", "@", "\t", "\r") and rules.as_number(text) is None
    return f"'{text}" if risky and not formulas else text


class CreateSpreadsheetBlock(Block):
    block_type = "CREATE_SPREADSHEET"
    category = "FILES"
    description = "Writes records as an Excel workbook, with one sheet or several."
    examples = [Example(title="Two sheets", input={"sheets": {"People": ROWS, "Empty": []}})]

    class Input(BlockInput):
        sheets: dict[str, Rows] = Field(description="Name of a sheet -> its records, or lists of values.")
        header: bool = Field(default=True, description="Whether the names of the columns come first.")

    class Output(BlockOutput):
        file: str = Field(description="The workbook: a data URI.")
        sheet_names: list[str] = Field(description="Its sheets, by the names that they got.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import workbooks

        tables: dict[str, list[list[Any]]] = {}
        for name, rows in input.sheets.items():
            columns = columns_of(rows)
            head = [cast(list[Any], columns)] if input.header and columns else []
            tables[name] = head + [cells_of(row, columns) for row in rows]
        content, names = await asyncio.to_thread(functools.partial(workbooks.write, tables))
        yield "file", sources.data_uri(content, XLSX)
        yield "sheet_names", names


class ReadWorkbookBlock(Block):
    block_type = "READ_WORKBOOK"
    category = "FILES"
    description = "Reads a sheet of an Excel workbook, by its name or number."
    max_attempts = 3
    examples = [Example(title="No workbook", input={"file": "data:,x"}, fails="cannot be read")]

    class Input(BlockInput):
        file: str = Field(description="The workbook: its web address, or a data URI.")
        sheet: str = Field(default="", description="The name of the sheet, or its number from 1; empty: the first.")
        has_header: bool = Field(default=True, description="Whether the first row names the columns.")

    class Output(BlockOutput):
        rows: list[dict[str, str]] = Field(description="Its rows, as records of texts.")
        sheet_names: list[str] = Field(description="All sheets of the workbook.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import workbooks

        file = await sources.read(input.file, context)
        rows, names = await asyncio.to_thread(functools.partial(workbooks.sheet, file.content, input.sheet))
        head = rows[0] if input.has_header and rows else []
        yield "rows", [_record(head, row) for row in (rows[1:] if input.has_header else rows)]
        yield "sheet_names", names


def _record(head: list[str], row: list[str]) -> dict[str, str]:
    """Cells that a row lacks at its end are empty; a column without a name has its number from 0."""
    cells = row + [""] * (len(head) - len(row))
    return {head[i] if i < len(head) and head[i] else str(i): cell for i, cell in enumerate(cells)}


class MarkdownTableBlock(Block):
    block_type = "MARKDOWN_TABLE"
    category = "FORMATS"
    description = "Writes records as a table of Markdown, for messages and reports."
    pure = True
    examples = [
        Example(
            title="Two records",
            input={"rows": [{"a": 1, "b": "x|y"}, {"a": None}]},
            output=[("markdown", "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n|  |  |")],
        ),
    ]

    class Input(BlockInput):
        rows: list[dict[str, Any]] = Field(description="The records.")
        columns: list[str] = Field(
            default_factory=list[str], description="Which columns, in order; empty: all there are."
        )

    class Output(BlockOutput):
        markdown: str = Field(description="The table.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        columns = input.columns or columns_of(list(input.rows))
        lines: list[list[Any]] = [columns, ["---"] * len(columns), *(cells_of(row, columns) for row in input.rows)]
        bounds.check_elements(len(lines) * len(columns), "The table")
        yield (
            "markdown",
            "\n".join(
                "| " + " | ".join(" ".join(rules.as_text(one).replace("|", "\\|").split()) for one in line) + " |"
                for line in lines
            ),
        )
