"""SQL: a query to a database of the user's.

What is to read only reads: the first word says so, the transaction is a reading one where the database has such
(https://www.postgresql.org/docs/current/sql-set-transaction.html,
https://dev.mysql.com/doc/refman/8.4/en/set-transaction.html), and it is rolled back in any case. One statement a
query.
"""

import re
from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need, UserPassword
from shared.blocks.integrations import api, databases
from shared.domain import errors

NEED = Need(
    provider="database",
    kinds=(Kind.USER_PASSWORD,),
    where="https://www.postgresql.org/docs/current/sql-createrole.html",
)


class DatabaseType(Enum):
    POSTGRES = "postgres"
    MYSQL = "mysql"
    MSSQL = "mssql"


_PORTS = {DatabaseType.POSTGRES: 5432, DatabaseType.MYSQL: 3306, DatabaseType.MSSQL: 1433}
_READING = {"select", "with", "show", "describe", "desc", "explain", "table", "values"}
_WRITING = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|create|truncate|exec|execute|grant|revoke|deny|into|backup|restore|"
    r"bulk|shutdown|kill|dbcc|reconfigure|openrowset|opendatasource|openquery)\b"
)
_NOT_CODE = re.compile(r"'(?:[^']|'')*'" + r'|"(?:[^"]|"")*"' + r"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL)


class SQLQueryBlock(Block):
    block_type = "SQL_QUERY"
    category = "DATA"
    description = "Asks a PostgreSQL, MySQL or SQL Server database, and only reads unless it is told otherwise."
    max_attempts = 3
    credentials = {"credentials": NEED}
    examples = [
        Example(
            title="Rows",
            input={"host": "db.example.com", "database": "tides", "query": "SELECT port, high FROM today"},
        ),
        Example(
            title="Reading does not write",
            input={"host": "db.example.com", "database": "tides", "query": "DELETE FROM today"},
            fails="read_only",
        ),
        api.without_credentials({"host": "db.example.com", "database": "tides", "query": "SELECT 1"}),
    ]

    class Input(BlockInput):
        database_type: DatabaseType = Field(default=DatabaseType.POSTGRES, description="Which database it is.")
        host: str = Field(
            description="Where it is: a name or an address, no port.", json_schema_extra={"secret": True}
        )
        port: int | None = Field(
            default=None, ge=1, le=65535, description="Its port, where it is another than usual."
        )
        database: str = Field(description="The name of the database.")
        query: str = Field(description="One statement.")
        read_only: bool = Field(default=True, description="Whether it may only read.")
        timeout: int = Field(default=30, ge=1, le=120, description="Seconds that the statement may take.")
        max_rows: int = Field(default=1000, ge=1, le=10_000, description="How many rows at most.")
        credentials: Any = api.credentials_pin("the database: user and password")

    class Output(BlockOutput):
        results: list[dict[str, Any]] = Field(description="The rows, by the names of their columns.")
        columns: list[str] = Field(description="The names of the columns.")
        row_count: int = Field(description="How many rows there are.")
        truncated: bool = Field(description="Whether there were more.")
        affected_rows: int = Field(description="Of a statement without rows, how many it changed.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        _check(input)
        credential = await context.credential(NEED, input.credentials)
        if not isinstance(credential, UserPassword):
            raise errors.BlockError("Credentials with user and password are needed", reason="CREDENTIALS_UNSUITABLE")
        rows = await databases.ask(_server(input), credential, _request(input), context)
        if rows.affected is not None:
            yield "affected_rows", rows.affected
            return
        yield "results", rows.rows
        yield "columns", rows.columns
        yield "row_count", len(rows.rows)
        yield "truncated", rows.truncated


def _server(input: SQLQueryBlock.Input) -> databases.Server:
    port = input.port or _PORTS[input.database_type]
    return databases.Server(
        kind=input.database_type.value, host=input.host.strip(), port=port, database=input.database
    )


def _request(input: SQLQueryBlock.Input) -> databases.Request:
    return databases.Request(
        query=input.query, read_only=input.read_only, seconds=input.timeout, max_rows=input.max_rows
    )


def _check(input: SQLQueryBlock.Input) -> None:
    code = _NOT_CODE.sub(" ", input.query).lower().strip().rstrip(";").strip()
    if not code:
        raise errors.BlockError("The query is empty: give a statement", reason="INVALID_INPUT")
    if ";" in code:
        raise errors.BlockError("The query has several statements: give one", reason="INVALID_INPUT")
    first = re.match(r"[(\s]*(\w*)", code)
    if input.read_only and (first is None or first[1] not in _READING):
        raise errors.BlockError("The query does more than to read: set read_only to false", reason="INVALID_INPUT")
    if input.read_only and input.database_type is DatabaseType.MSSQL and (found := _WRITING.search(code)):
        raise errors.BlockError(f"The query has {found[1]}: set read_only to false", reason="INVALID_INPUT")
    if re.search(r"[=\x00]|://", input.database):
        raise errors.BlockError(f"{input.database!r} is no name of a database", reason="INVALID_INPUT")
