"""Does SQL_QUERY read without writing, write where it may, and give what came as JSON, at judged addresses alone?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from double import SECRET, Case, World, context
from servers import HAS_POSTGRES, MySQL, error, postgres, routing

from shared.blocks import catalog, runner
from shared.blocks.credentials import Kind
from shared.domain import errors

needs_postgres = pytest.mark.skipif(not HAS_POSTGRES, reason="PostgreSQL is not on this machine")


class Way(World):
    """Leads each known name to this machine."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked: list[tuple[str, int]] = []

    async def addresses(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        if host != "db.example":
            raise errors.BlockError(f"{host} leads to 10.0.0.1, which is not public", reason="REQUEST_REFUSED")
        return ["127.0.0.1"]


async def ask(query: str, way: World | None = None, secret: str = SECRET, **more: Any) -> runner.Outcome:
    values = {"host": "db.example", "database": "postgres", "query": query, "credentials": "mine", **more}
    case = Case(block="SQL_QUERY", input=values, asks=[], kind=Kind.USER_PASSWORD, secret=secret)
    block = catalog.get("SQL_QUERY")
    return await runner.collect(block, catalog.read_input(block, values), context(case, way or Way()))


async def failure(query: str, **more: Any) -> errors.BlockError:
    outcome = await ask(query, **more)
    assert outcome.failure is not None
    assert outcome.failure.reason not in ("BLOCK_CRASHED", "BLOCK_CONTRACT")
    assert "db.example" not in outcome.failure.message
    assert "10.0.0.1" not in outcome.failure.message
    assert SECRET not in outcome.failure.message
    return outcome.failure


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "  /* SELECT */ insert into t values (1)",
        "-- SELECT\nDROP TABLE t",
        "(update t set a = 1)",
        "",
        "'select'",
        "copy t to program 'id'",
        "call f()",
        "set transaction read write",
    ],
)
async def test_what_does_not_read_is_not_asked(query: str) -> None:
    way = Way()
    assert (await failure(query, way=way)).reason == "INVALID_INPUT"
    assert way.asked == []


@pytest.mark.parametrize("query", ["select 1; drop table t", "select ';'; select 2", "begin; commit"])
async def test_several_statements_are_not_asked(query: str) -> None:
    assert "several" in (await failure(query, read_only=False)).message


@pytest.mark.parametrize(
    "query", ["select 1 delete from t", "select * into u from t", "with a as (select 1) exec xp_cmdshell 'id'"]
)
async def test_sql_server_has_no_reading_transaction_so_the_words_decide(query: str) -> None:
    assert (await failure(query, database_type="mssql")).reason == "INVALID_INPUT"


@pytest.mark.parametrize("database", ["host=127.0.0.1 dbname=x", "postgresql://127.0.0.1/x", "a\0b"])
async def test_the_name_of_a_database_is_no_way_to_another_host(database: str) -> None:
    assert (await failure("select 1", database=database)).reason == "INVALID_INPUT"


@pytest.mark.parametrize("kind", ["postgres", "mysql", "mssql"])
@pytest.mark.parametrize("host", ["inner.example", "127.0.0.1", "/var/run/postgresql", "169.254.169.254"])
async def test_a_host_that_is_not_public_is_not_connected_to(kind: str, host: str) -> None:
    failed = await failure("select 1", host=host, database_type=kind)
    assert failed.reason == "REQUEST_REFUSED"
    assert host not in failed.message


@pytest.mark.parametrize(("kind", "port"), [("postgres", 5432), ("mysql", 3306), ("mssql", 1433)])
async def test_the_port_is_the_usual_one_where_none_is_given(kind: str, port: int) -> None:
    way = Way()
    await failure("select 1", way=way, database_type=kind, host="inner.example")
    assert way.asked == [("inner.example", port)]


@pytest.fixture
async def closing() -> AsyncIterator[int]:
    """A port at which connections are taken and closed."""

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("kind", ["postgres", "mysql", "mssql"])
async def test_a_server_that_hangs_up_may_be_tried_again(closing: int, kind: str) -> None:
    failed = await failure("select 1", database_type=kind, port=closing)
    assert isinstance(failed, errors.Retryable)


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost", "inner.example"])
async def test_a_sql_server_that_sends_on_to_an_inner_host_is_not_followed(host: str) -> None:
    server = await routing(host, 1)
    way = Way()
    async with server:
        port = server.sockets[0].getsockname()[1]
        failed = await failure("select 1", way=way, database_type="mssql", port=port)
    assert (failed.reason, way.asked[1:]) == ("REQUEST_REFUSED", [(host, 1)])


async def test_a_sql_server_is_followed_once() -> None:
    last = await routing("db.example", 1)
    async with last:
        first = await routing("db.example", last.sockets[0].getsockname()[1])
        async with first:
            port = first.sockets[0].getsockname()[1]
            failed = await failure("select 1", database_type="mssql", port=port)
    assert "one server after the other" in failed.message


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with postgres("ann", SECRET) as port:
        yield port


@needs_postgres
async def test_postgres_gives_rows_as_json(server: int) -> None:
    query = (
        "select 1 as n, 1.5::numeric as d, 2::numeric as i, 'é%s' as t, null as x, date '2026-03-14' as day, "
        "'\\x00ff'::bytea as b, array[1,2] as l, '{\"a\": 1}'::jsonb as j, "
        "'00000000-0000-0000-0000-000000000001'::uuid as u, 7 as n"
    )
    row = {
        "n": 1,
        "d": 1.5,
        "i": 2,
        "t": "é%s",
        "x": None,
        "day": "2026-03-14",
        "b": "AP8=",
        "l": [1, 2],
        "j": {"a": 1},
        "u": "00000000-0000-0000-0000-000000000001",
        "n_2": 7,
    }
    outcome = await ask(query, port=server)
    assert outcome.failure is None
    assert outcome.tokens == [("results", [row]), ("columns", list(row)), ("row_count", 1), ("truncated", False)]


@needs_postgres
async def test_postgres_gives_no_more_rows_than_wanted(server: int) -> None:
    outcome = await ask("select * from generate_series(1, 5) as n", port=server, max_rows=3)
    tokens = dict(outcome.tokens)
    assert ([one["n"] for one in tokens["results"]], tokens["row_count"], tokens["truncated"]) == ([1, 2, 3], 3, True)


@needs_postgres
async def test_postgres_does_not_write_unless_it_may(server: int) -> None:
    made = await ask("create table tide (high float)", port=server, read_only=False)
    assert made.tokens == [("affected_rows", 0)]
    added = await ask("insert into tide values (6.9), (7.1)", port=server, read_only=False)
    assert added.tokens == [("affected_rows", 2)]
    for query in ("with gone as (delete from tide returning 1) select 1 from gone", "select setval('x', 1)"):
        failed = await failure(query, port=server)
        assert failed.reason == "SERVICE_REFUSED"
    count = await ask("select count(*) as n from tide", port=server)
    assert dict(count.tokens)["results"] == [{"n": 2}]


@needs_postgres
async def test_postgres_stops_what_takes_too_long(server: int) -> None:
    failed = await failure("select pg_sleep(60)", port=server, timeout=1)
    assert failed.reason == "SERVICE_REFUSED"
    assert "timeout" in failed.message


@needs_postgres
@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"secret": "wrong-password"}, "CREDENTIALS_REFUSED"),
        ({"query": "select nothing"}, "SERVICE_REFUSED"),
        ({"database": "absent"}, "SERVICE_UNAVAILABLE"),
    ],
)
async def test_postgres_says_what_is_wrong(server: int, more: dict[str, str], reason: str) -> None:
    assert (await failure(**{"query": "select 1", "port": server, **more})).reason == reason


@pytest.fixture
async def mysql() -> AsyncIterator[Callable[..., Any]]:
    running: list[asyncio.Server] = []

    async def start(answers: dict[str, Any], **more: Any) -> tuple[MySQL, int]:
        double = MySQL(answers, **more)
        running.append(await asyncio.start_server(double.serve, "127.0.0.1", 0))
        return double, running[-1].sockets[0].getsockname()[1]

    yield start
    for server in running:
        server.close()
        await server.wait_closed()


async def test_mysql_reads_within_a_reading_transaction(mysql: Any) -> None:
    double, port = await mysql({"select 1": (["port", "high"], [["Brest", "6.9"], ["Conquet", None]])})
    outcome = await ask("select 1", port=port, database_type="mysql", max_rows=1)
    assert outcome.failure is None
    assert outcome.tokens == [
        ("results", [{"port": "Brest", "high": "6.9"}]),
        ("columns", ["port", "high"]),
        ("row_count", 1),
        ("truncated", True),
    ]
    asked = [one for one in double.queries if not one.startswith("SET ")]
    assert asked == ["START TRANSACTION READ ONLY", "select 1", "ROLLBACK"]


async def test_mysql_commits_what_it_may_write(mysql: Any) -> None:
    double, port = await mysql({"delete from t": 3})
    outcome = await ask("delete from t", port=port, database_type="mysql", read_only=False)
    assert outcome.tokens == [("affected_rows", 3)]
    assert double.queries[-2:] == ["delete from t", "COMMIT"]


async def test_mysql_says_what_is_wrong(mysql: Any) -> None:
    _, port = await mysql({"select x": error(1054, "42S22", "Unknown column 'x'")})
    failed = await failure("select x", port=port, database_type="mysql")
    assert "Unknown column 'x'" in failed.message
    _, port = await mysql({}, denies=True)
    assert (await failure("select 1", port=port, database_type="mysql")).reason == "CREDENTIALS_REFUSED"
