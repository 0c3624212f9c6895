"""What one turn of the loop writes is committed together, after it; no answer leaves before."""

import asyncio
import sqlite3
from contextlib import suppress

import grpc
import grpc.aio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local import checkpoints
from local.database import Database
from local.grpc_server.server import Server
from local.serving import HttpServer

INSERT = "INSERT INTO things VALUES (?)"


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "test.sqlite3")
    made.create("CREATE TABLE things (name TEXT PRIMARY KEY)")
    yield made
    made.close()


@pytest.fixture
def on_disk(tmp_path):
    """What another process would find."""

    def names():
        connection = sqlite3.connect(tmp_path / "test.sqlite3")
        try:
            return sorted(name for (name,) in connection.execute("SELECT name FROM things"))
        finally:
            connection.close()

    return names


async def test_writers_of_one_turn_share_a_commit(database, on_disk):
    commits = []
    database.connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    async def write(number):
        if number % 2:
            database.write(INSERT, (str(number),))
        else:
            with database.transaction() as sql:
                sql.execute(INSERT, (str(number),))
        assert on_disk() == []
        await database.settled()

    await asyncio.gather(*map(write, range(6)))
    assert on_disk() == ["0", "1", "2", "3", "4", "5"]
    assert len(commits) == 1


async def test_a_member_that_fails_leaves_its_neighbours_alone(database, on_disk):
    with database.transaction() as sql:
        sql.execute(INSERT, ("before",))
    with suppress(sqlite3.IntegrityError), database.transaction() as sql:
        sql.execute(INSERT, ("half",))
        sql.execute(INSERT, ("before",))
    with pytest.raises(sqlite3.IntegrityError):
        database.write(INSERT, ("before",))
    database.write(INSERT, ("after",))
    await database.settled()
    assert on_disk() == ["after", "before"]


def test_without_a_loop_each_write_is_committed_at_once(database, on_disk):
    database.write(INSERT, ("a",))
    assert on_disk() == ["a"]
    with database.transaction() as sql:
        sql.execute(INSERT, ("b",))
        database.write(INSERT, ("c",))
        assert on_disk() == ["a"]
    assert on_disk() == ["a", "b", "c"]


def test_a_loop_that_ends_early_takes_nothing_along(database, on_disk):
    async def write(name):
        database.write(INSERT, (name,))

    asyncio.run(write("a"))
    asyncio.run(write("b"))
    database.commit()
    assert on_disk() == ["a", "b"]


async def test_nothing_to_write_is_nothing_to_wait_for(database):
    assert not database.after_commit(lambda: pytest.fail("nobody has written"))
    await database.settled()


def test_a_commit_that_fails_ends_the_process_and_answers_nothing(tmp_path, capsys):
    database = Database(tmp_path / "test.sqlite3")
    database.create(
        """PRAGMA foreign_keys = ON; CREATE TABLE parents (id INTEGER PRIMARY KEY);
        CREATE TABLE children (id INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)"""
    )
    answered = []

    async def write():
        database.write("INSERT INTO children VALUES (7)")
        await database.settled()
        answered.append(7)

    with pytest.raises(SystemExit, match="Nothing that was answered is lost"):
        asyncio.run(write())
    assert not answered
    database.close()
    assert "The database cannot be written: FOREIGN KEY" in capsys.readouterr().err


async def test_what_waits_for_a_commit_is_called_right_after_it(database, on_disk):
    found = asyncio.get_running_loop().create_future()
    database.write(INSERT, ("a",))
    assert database.after_commit(lambda: found.set_result(on_disk()))
    assert await found == ["a"]


async def test_where_a_commit_failed_no_answer_leaves_later_either(database):
    def fail():
        raise OSError("the disk is full")

    database.before_commit(fail)
    with pytest.raises(SystemExit, match="the disk is full"):
        database.commit()
    assert database.after_commit(lambda: pytest.fail("it is not there"))
    database.hold()
    database.release()
    database.commit_early()
    database.commit()


def test_what_is_no_database_is_named(tmp_path):
    (tmp_path / "other").write_bytes(b"garbage" * 100)
    with pytest.raises(OSError, match="other cannot be opened: file is not a database"):
        Database(tmp_path / "other")


class Held:
    """A database that commits when the test says so."""

    def __init__(self) -> None:
        self.waiting = []
        self.asked = asyncio.Event()
        self.is_open = True

    def after_commit(self, call):
        if self.is_open:
            self.waiting.append(call)
            self.asked.set()
        return self.is_open

    def hold(self):
        pass

    release = commit_early = hold

    def commit(self):
        self.is_open = False
        for call in self.waiting:
            call()


async def test_an_answer_over_grpc_leaves_after_the_commit():
    async def answer(request: bytes, _context: object) -> bytes:
        return request

    held = Held()
    handlers = {"Write": grpc.unary_unary_rpc_method_handler(answer, bytes, bytes)}
    held.is_open = False
    server = Server({"test.Service": handlers}, largest=100, durable=held)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await server.start(0)}") as channel:
        call = channel.unary_unary("/test.Service/Write")
        assert await call(b"1") == b"1"
        held.is_open = True
        calls = [asyncio.ensure_future(call(name)) for name in (b"2", b"3")]
        await held.asked.wait()
        await asyncio.sleep(0)
        assert not any(call.done() for call in calls)
        held.commit()
        assert await asyncio.gather(*calls) == [b"2", b"3"]
    await server.stop()


async def test_an_answer_over_http_leaves_after_the_commit(database, on_disk):
    commits, committed_before = [], []
    database.connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    async def write(_request):
        database.write(INSERT, ("a",))
        return Seen("written")

    class Seen(PlainTextResponse):
        async def __call__(self, scope, receive, send):
            await super().__call__(scope, receive, send)
            committed_before.extend(commits)

    server = HttpServer(Starlette(routes=[Route("/", write, methods=["POST"])]), database)
    port = await server.start(0)
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"http://127.0.0.1:{port}/")).text == "written"
    assert committed_before == ["COMMIT"]
    await server.stop()


def test_the_log_is_moved_aside_and_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_PAUSE", 0.0)
    monkeypatch.setattr(checkpoints, "_LARGE", 0)
    database = Database(tmp_path / "long.sqlite3")
    database.create("CREATE TABLE things (name TEXT PRIMARY KEY)")
    for number in range(200):
        database.write(INSERT, (f"{number:0500}",))
        database._checkpoints.close()
    log, file = tmp_path / "long.sqlite3-wal", tmp_path / "long.sqlite3"
    assert log.stat().st_size < 50 * 4096
    assert database.connection.execute("PRAGMA journal_size_limit").fetchone() == (64 * 1024 * 1024,)
    assert file.stat().st_size > 100_000
    database.close()
    assert not log.exists()


@pytest.mark.parametrize(("fsync", "level"), [(False, 1), (True, 2)])
def test_with_fsync_a_commit_waits_for_the_disk(tmp_path, fsync, level):
    database = Database(tmp_path / "other.sqlite3", fsync=fsync)
    assert database.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.connection.execute("PRAGMA synchronous").fetchone() == (level,)
    database.close()


async def test_a_lone_writer_is_committed_before_its_turn_ends(database, on_disk):
    database.write(INSERT, ("a",))
    database.commit_early()
    assert on_disk() == ["a"]
    database.write(INSERT, ("b",))
    database.commit_early()  # another one: the turn has become a crowd
    assert on_disk() == ["a"]
    await database.settled()
    database.write(INSERT, ("c",))
    database.commit_early()
    assert on_disk() == ["a", "b"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    database.write(INSERT, ("d",))
    database.commit_early()
    assert on_disk() == ["a", "b", "c", "d"]


async def test_what_is_to_be_safe_beside_the_database_is_before_its_commit(database, on_disk):
    seen = []
    database.before_commit(lambda: seen.append("alone"))
    assert database.after_commit(lambda: seen.append("answered"))
    assert seen == []
    await database.settled()
    assert seen == ["alone", "answered"]
    database.write(INSERT, ("a",))
    database.before_commit(lambda: seen.append(on_disk()))
    database.before_commit(lambda: seen.append("last"))
    await database.settled()
    assert seen[2:] == [[], "last"]
    assert on_disk() == ["a"]


async def test_what_costs_little_is_safe_as_often_as_it_is_asked_for(database):
    seen = []
    for number in range(3):
        database.before_commit(lambda number=number: seen.append(number))
        database.commit_early()
        assert seen[-1] == number
    database.write(INSERT, ("a",))
    for number in (3, 4):
        database.before_commit(lambda number=number: seen.append(number))
        database.commit_early()
    assert seen == [0, 1, 2, 3, 4]


def test_what_cannot_be_made_safe_ends_the_process(database):
    def fail():
        raise OSError("the disk is full")

    with pytest.raises(SystemExit, match="the disk is full"):
        database.before_commit(fail)
