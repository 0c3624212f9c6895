"""Google's own gRPC client finds a whole gRPC server: every kind of call, large messages, errors, cancelling."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from local.database import Database
from local.grpc_server import frames, headers
from local.grpc_server.frames import Kind, Setting
from local.grpc_server.server import Server

LARGEST = 8 * 1024 * 1024


class Service:
    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def echo(self, request, context):
        return request

    async def refuse(self, request, context):
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "100 % «nötig»\nsecond line")

    async def fail(self, request, context):
        raise ZeroDivisionError("by design")

    async def hang(self, request, context):
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def metadata(self, request, context):
        return repr(sorted(pair for pair in context.invocation_metadata() if pair[0].startswith("x-"))).encode()

    async def count(self, request, context) -> AsyncIterator[bytes]:
        number, size = map(int, request.split())
        for one in range(number):
            yield bytes([one % 256]) * size
        if size == 13:
            await context.abort(grpc.StatusCode.DATA_LOSS, "in the middle")

    async def talk(self, requests, context) -> AsyncIterator[bytes]:
        self.begun.set()
        try:
            async for request in requests:
                yield request.upper()
        finally:
            self.cancelled.set()

    def handlers(self):
        unary = {name: getattr(self, name) for name in ("echo", "refuse", "fail", "hang", "metadata")}
        handlers = {n: grpc.unary_unary_rpc_method_handler(call, bytes, bytes) for n, call in unary.items()}
        handlers["count"] = grpc.unary_stream_rpc_method_handler(self.count, bytes, bytes)
        handlers["talk"] = grpc.stream_stream_rpc_method_handler(self.talk, bytes, bytes)
        return {"test.Service": handlers}


@pytest.fixture
def service():
    return Service()


@pytest.fixture
async def port(service):
    server = Server(service.handlers(), largest=LARGEST, durable=Database(None))
    yield await server.start(0)
    await server.stop()


@pytest.fixture
async def channel(port):
    async with grpc.aio.insecure_channel(
        f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)]
    ) as opened:
        yield opened


@pytest.fixture
def unary(channel):
    return lambda name, request=b"", **options: channel.unary_unary(f"/test.Service/{name}")(request, **options)


@pytest.mark.parametrize("size", [0, 1, 16_379, 16_384, 65_535, 1_000_003, LARGEST])
async def test_a_message_of_any_size_comes_back(unary, size):
    message = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert await unary("echo", message) == message


async def test_calls_at_once_get_each_its_own_answer(unary):
    messages = [str(number).encode() * (1 if number % 7 else 30_000) for number in range(300)]
    assert await asyncio.gather(*(unary("echo", message) for message in messages)) == messages


async def test_a_message_that_is_too_large_is_refused(unary):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unary("echo", b"x" * (LARGEST + 1))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await unary("echo", b"still there") == b"still there"


async def test_an_error_arrives_with_its_text(unary):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unary("refuse")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details() == "100 % «nötig»\nsecond line"


async def test_a_handler_that_fails_is_an_unknown_error_and_logged(unary, caplog):
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await unary("fail")
    assert failed.value.code() is grpc.StatusCode.UNKNOWN
    assert "by design" in caplog.text


async def test_an_unknown_method_is_unimplemented(unary):
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await unary("nothing")
    assert unknown.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_metadata_arrives_however_long_and_often(unary):
    long = tuple((f"x-{number:03}", "v" * 300) for number in range(100))  # more than one frame of headers
    for metadata in (long, (("x-one", "1"),), long, (("x-two", "2"),), (("x-one", "1"),)):
        assert await unary("metadata", metadata=metadata) == repr(sorted(metadata)).encode()


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_compressed_requests_are_understood(unary, compression):
    assert await unary("echo", b"again and " * 10_000, compression=compression) == b"again and " * 10_000


async def test_a_stream_of_answers_is_whole_and_waits_for_who_reads(channel):
    call = channel.unary_stream("/test.Service/count")(b"50 100000")
    received = []
    async for message in call:
        received.append(message)
        await asyncio.sleep(0)
    assert received == [bytes([one]) * 100_000 for one in range(50)]


async def test_a_stream_may_end_in_an_error(channel):
    call = channel.unary_stream("/test.Service/count")(b"3 13")
    assert [await call.read() for _ in range(3)] == [bytes([one]) * 13 for one in range(3)]
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call.read()
    assert failed.value.code() is grpc.StatusCode.DATA_LOSS


async def test_both_sides_talk_until_the_client_is_done(channel, service):
    call = channel.stream_stream("/test.Service/talk")()
    for word in (b"one", b"two"):
        await call.write(word)
        assert await call.read() == word.upper()
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    await service.cancelled.wait()


@pytest.mark.parametrize("name", ["hang", "talk"])
async def test_a_client_that_cancels_ends_the_handler(channel, service, name):
    if name == "hang":
        call = channel.unary_unary("/test.Service/hang")(b"")
    else:
        call = channel.stream_stream("/test.Service/talk")()
    async with asyncio.timeout(30):
        await service.begun.wait()
        call.cancel()
        await service.cancelled.wait()


async def test_a_deadline_that_passes_ends_the_handler(unary, service):
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await unary("hang", timeout=0.2)
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    async with asyncio.timeout(30):
        await service.cancelled.wait()


async def test_a_server_that_stops_ends_its_calls(service):
    server = Server(service.handlers(), largest=LARGEST, durable=Database(None))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await server.start(0)}") as channel:
        call = channel.unary_unary("/test.Service/hang")(b"")
        await service.begun.wait()
        await server.stop()
        with pytest.raises(grpc.aio.AioRpcError) as gone:
            await call
    assert gone.value.code() is grpc.StatusCode.UNAVAILABLE
    assert service.cancelled.is_set()


async def test_a_port_that_is_taken_is_an_os_error(service, port):
    with pytest.raises(OSError, match=str(port)):
        await Server(service.handlers(), largest=LARGEST, durable=Database(None)).start(port)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        frames.PREFACE + b"\xff\xff\xff" + bytes(6),
        frames.PREFACE + frames.frame(Kind.HEADERS, frames.END_HEADERS, 2, b"\x82"),
        frames.PREFACE + frames.frame(Kind.HEADERS, frames.END_HEADERS, 1, b"\xff\xff\xff\xff\xff"),
        frames.PREFACE + frames.frame(Kind.CONTINUATION, frames.END_HEADERS, 1),
        frames.PREFACE + frames.frame(Kind.HEADERS, 0, 1, b"\x82") + frames.frame(Kind.PING, 0, 0, bytes(8)),
        frames.PREFACE + frames.frame(Kind.DATA, frames.PADDED, 1, b"\x09x"),
        frames.PREFACE + frames.frame(Kind.SETTINGS, 0, 0, b"\x00"),
        frames.PREFACE + frames.frame(Kind.HEADERS, frames.END_HEADERS, 1, headers._literal(b"", b"x")),
        frames.PREFACE + frames.settings({Setting.MAX_FRAME_SIZE: 0}),
        frames.PREFACE + frames.settings({Setting.MAX_FRAME_SIZE: 2**24}),
        frames.PREFACE + frames.settings({Setting.INITIAL_WINDOW_SIZE: 2**31}),
        frames.PREFACE + frames.window_update(0, 2**31 - 1),
        frames.PREFACE
        + frames.frame(Kind.HEADERS, 0, 1, b"\x82")
        + frames.frame(Kind.CONTINUATION, frames.END_HEADERS, 3),
    ],
)
async def test_what_is_not_http_2_closes_the_connection(port, sent):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(30):
        received = await reader.read()
    assert bytes([Kind.GOAWAY]) in received
    writer.close()
    await writer.wait_closed()


async def test_a_call_that_is_not_grpc_is_refused(port):
    block = b"\x83\x86\x84\x41\x01x"  # POST http / x
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        flags = frames.END_HEADERS | frames.END_STREAM
        await loop.sock_sendall(client, frames.PREFACE + frames.frame(Kind.HEADERS, flags, 1, block))
        received = b""
        async with asyncio.timeout(30):
            while b"415" not in received:
                received += await loop.sock_recv(client, 4096)


async def test_a_compressed_bomb_is_refused(port, channel):
    """More than the largest request, compressed to a thousandth."""
    bomb = gzip.compress(bytes(2 * LARGEST))
    call = channel.unary_unary("/test.Service/echo")(bytes(2 * LARGEST), compression=grpc.Compression.Gzip)
    assert len(bomb) < LARGEST
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refused.value.code() is grpc.StatusCode.INTERNAL
