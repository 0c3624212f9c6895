"""What one connection does with what it is sent, and when its answers leave. Its transport only takes down."""

import asyncio

import grpc
import pytest

from local.database import Database
from local.grpc_server import frames, headers
from local.grpc_server.connection import Connection
from local.grpc_server.frames import Kind, Setting

LARGEST = 8 * 1024 * 1024


async def echo(request, _context):
    return request


class Transport:
    """Takes down how many answers left together."""

    def __init__(self):
        self.written = []
        self.is_reading = True
        self.full = None

    def get_extra_info(self, _name):
        return self

    def setsockopt(self, *_):
        pass

    def is_closing(self):
        return False

    def close(self):
        pass

    def write(self, data):
        self.written.append(data.count(b"grpc-status"))
        if self.full:
            self.full()

    def pause_reading(self):
        self.is_reading = False

    def resume_reading(self):
        self.is_reading = True


BLOCK = b"".join(headers._literal(*pair) for pair in ((b":path", b"/s/m"), (b"content-type", b"application/grpc")))
CALLS = b"".join(
    frames.frame(Kind.HEADERS, frames.END_HEADERS, 2 * number + 1, BLOCK)
    + frames.frame(Kind.DATA, frames.END_STREAM, 2 * number + 1, b"\0\0\0\0\1x")
    for number in range(20)
)


async def connected(handler, database):
    """A connection that calls have not come over yet, and what it writes to."""
    connection, transport = Connection(lambda _: handler, LARGEST, database, set()), Transport()
    connection.connection_made(transport)
    connection.data_received(frames.PREFACE)
    await asyncio.sleep(0)
    transport.written.clear()
    return connection, transport


async def test_the_first_answers_leave_while_the_last_requests_are_worked_off():
    handler = grpc.unary_unary_rpc_method_handler(echo, bytes, bytes)
    connection, transport = await connected(handler, Database(None))
    connection.data_received(CALLS)
    assert transport.written == [4, 4, 4, 4, 4]


async def test_large_answers_leave_in_portions_too():
    async def answer(_request, _context):
        return bytes(50_000)  # in four frames, and one for the trailers

    connection, transport = await connected(grpc.unary_unary_rpc_method_handler(answer, bytes, bytes), Database(None))
    connection.data_received(frames.settings({Setting.INITIAL_WINDOW_SIZE: 2**20}) + frames.window_update(0, 2**24))
    connection.data_received(CALLS)
    assert [count for count in transport.written if count] == [1] * 20


async def test_where_the_disk_is_full_no_portion_leaves(tmp_path):
    database = Database(tmp_path / "db")

    def fill():
        raise OSError("the disk is full")

    async def write(request, _context):
        database.before_commit(fill)
        return request

    handler = grpc.unary_unary_rpc_method_handler(write, bytes, bytes)
    connection, transport = await connected(handler, database)
    with pytest.raises(SystemExit, match="the disk is full"):
        connection.data_received(CALLS)
    connection.close()
    await asyncio.sleep(0)
    assert transport.written == []
    database.close()


@pytest.mark.parametrize("name", ["hang", "talk", "wait"])
@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_call_that_is_cancelled_at_once_unwinds(name, is_lost):
    unwound = asyncio.Event()

    async def hang(_request, _context):
        try:
            await asyncio.Event().wait()
        finally:
            unwound.set()

    async def wait(request, context):
        yield await hang(request, context)

    async def talk(requests, _context):
        try:
            async for request in requests:
                yield request
            await asyncio.Event().wait()
        finally:
            unwound.set()

    failures = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    handlers = {
        "hang": grpc.unary_unary_rpc_method_handler(hang, bytes, bytes),
        "talk": grpc.stream_stream_rpc_method_handler(talk, bytes, bytes),
        "wait": grpc.unary_stream_rpc_method_handler(wait, bytes, bytes),
    }
    connection, _ = await connected(handlers[name], Database(None))
    begun = CALLS[: CALLS.index(frames.frame(Kind.HEADERS, frames.END_HEADERS, 3, BLOCK))]
    connection.data_received(begun + (b"" if is_lost else frames.frame(Kind.RST_STREAM, 0, 1, bytes(4))))
    if is_lost:
        connection.connection_lost(None)
    async with asyncio.timeout(30):
        await unwound.wait()
    await asyncio.sleep(0)
    assert not failures


async def test_who_does_not_read_is_not_read_from():
    handler = grpc.unary_unary_rpc_method_handler(echo, bytes, bytes)
    connection, transport = await connected(handler, Database(None))
    transport.full = connection.pause_writing
    connection.data_received(CALLS)
    assert (transport.written, transport.is_reading) == ([4], False)
    connection.resume_writing()
    assert transport.is_reading
    await asyncio.sleep(0)
    assert (transport.written, transport.is_reading) == ([4, 4], False)
    transport.full = None
    connection.resume_writing()
    await asyncio.sleep(0)
    assert (transport.written, transport.is_reading) == ([4, 4, 4, 4, 4], True)


@pytest.mark.parametrize("size", [1, 4, 5, 7, 1000])
async def test_requests_arrive_whole_in_whatever_pieces(size):
    received = []

    async def talk(requests, _context):
        async for request in requests:
            received.append(request)
            yield request

    sent = [b"", b"a" * 20, b"b" * 3, b"c" * 300]
    content = b"".join(b"\0" + len(one).to_bytes(4, "big") + one for one in sent)
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    connection, _ = await connected(grpc.stream_stream_rpc_method_handler(talk, bytes, bytes), Database(None))
    connection.data_received(frames.frame(Kind.HEADERS, frames.END_HEADERS, 1, BLOCK))
    for number, piece in enumerate(pieces, 1):
        flags = frames.END_STREAM if number == len(pieces) else 0
        connection.data_received(frames.frame(Kind.DATA, flags, 1, piece))
    async with asyncio.timeout(30):
        while len(received) < len(sent):
            await asyncio.sleep(0)
    assert received == sent
