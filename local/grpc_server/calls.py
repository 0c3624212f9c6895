"""What happens to one call, from its headers to its trailers?

A handler runs as soon as its request is there, and becomes a task only where it has to wait: most never do. So it may
not ask for its task (as ``asyncio.timeout`` does) before it has waited for something.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator, Coroutine, Generator, Iterable
from types import coroutine
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.message import DecodeError

from local.grpc_server import headers

if TYPE_CHECKING:
    from local.grpc_server.connection import Connection

_log = logging.getLogger(__name__)
_PREFIX = 5
_WINDOW_BITS = {"gzip": 31, "deflate": 15}


class AbortError(Exception):
    """A handler has ended its call with an error, which is sent."""


class Call:
    """A call that is under way; for its handler it is also the context."""

    __slots__ = (
        "_buffer",
        "_handler",
        "_requests",
        "_task",
        "answered",
        "connection",
        "ended",
        "half_closed",
        "has_begun",
        "has_started",
        "held",
        "id",
        "received",
        "request",
        "window",
    )

    def __init__(self, connection: Connection, id_: int, request: headers.Request, window: int) -> None:
        self.connection = connection
        self.id = id_
        self.request = request
        self.window = window
        """How much more may be sent."""
        self.held: list[tuple[bytes, bytes | None]] = []
        """What waits for the window to open: bytes, and the trailers that come after them."""
        self.received = 0
        self.half_closed = self.has_begun = self.has_started = self.ended = False
        self.answered: asyncio.Event | None = None
        self._buffer = bytearray()
        """The beginning of a request that came in pieces. It grows in place: joined anew for each piece, a request of
        many would keep everybody waiting."""
        self._handler: Any = None
        self._requests: asyncio.Queue[bytes | None] | None = None
        self._task: asyncio.Task[None] | None = None

    # What the connection says

    def begin(self, handler: Any) -> None:
        """``handler``: a ``grpc.RpcMethodHandler``, of behaviours that are coroutines or asynchronous generators."""
        self._handler = handler
        if handler.request_streaming:
            self._requests = asyncio.Queue()
            self._start(self._stream_stream(self._iterate(self._requests)))

    def receive(self, data: bytes, *, last: bool) -> None:
        """Bytes of requests."""
        buffer: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            buffer = self._buffer
        start, size = 0, len(buffer)
        while size - start >= _PREFIX:
            first = start + _PREFIX
            end = first + int.from_bytes(buffer[start + 1 : first], "big")
            if end - first > self.connection.largest:
                self._break(grpc.StatusCode.RESOURCE_EXHAUSTED, "The request is too large.")
                return
            if size < end:
                break
            message: bytes | None = bytes(buffer[first:end])
            if buffer[start]:
                message = self._decompressed(message)
            if message is None:
                self._break(grpc.StatusCode.INTERNAL, "The request cannot be decompressed.")
                return
            self._message(message)
            start = end
        if start or buffer is data:
            self._buffer = bytearray(buffer[start:])
        if last:
            self._close()

    def _decompressed(self, message: bytes) -> bytes | None:
        bits = _WINDOW_BITS.get(self.request.encoding)
        if bits is None:
            return None
        try:
            decompressor = zlib.decompressobj(bits)
            found = decompressor.decompress(message, self.connection.largest)
        except zlib.error:
            return None
        return found if decompressor.eof else None

    def _break(self, code: grpc.StatusCode, message: str) -> None:
        self.refuse(code, message)
        self.cancel()

    def _message(self, message: bytes) -> None:
        if self._requests is not None:
            self._requests.put_nowait(message)
        elif not self.has_started and not self.ended:
            self._start(self._unary(message) if not self._handler.response_streaming else self._unary_stream(message))

    def _close(self) -> None:
        self.half_closed = True
        if self._requests is not None:
            self._requests.put_nowait(None)
        elif not self.has_started and not self.ended:
            self.refuse(grpc.StatusCode.INTERNAL, "The call has no request.")

    def cancel(self) -> asyncio.Task[None] | None:
        """The client has gone, or the server goes: end without an answer. What is still to unwind."""
        self.ended = True
        if self._task is not None and not self._task.done():
            # Not at once: one that is cancelled before its first step would not unwind what it is to go on with.
            self.connection.loop.call_soon(self._task.cancel)
            return self._task
        return None

    # What the handler does

    def _start(self, running: Coroutine[Any, Any, None]) -> None:
        self.has_started = True
        try:
            awaited = running.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - told to the client, and logged
            self._failed(error)
            return
        self._task = task = self.connection.loop.create_task(_go_on(running, awaited))
        task.add_done_callback(self._done)
        task.add_done_callback(lambda _: running.close())

    def _done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.refuse(grpc.StatusCode.CANCELLED, "The server has cancelled the call.")
        elif (error := task.exception()) is not None:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, AbortError):
            _log.error("%s failed", self.request.method, exc_info=error)
            self.refuse(grpc.StatusCode.UNKNOWN, f"Unexpected {type(error)}: {error}")

    async def _unary(self, message: bytes) -> None:
        response = await self._handler.unary_unary(self._parsed(message), self)
        self.connection.answer(self, self._handler.response_serializer(response), headers.DONE)

    async def _unary_stream(self, message: bytes) -> None:
        await self._answer_all(self._handler.unary_stream(self._parsed(message), self))

    async def _stream_stream(self, requests: AsyncIterator[Any]) -> None:
        await self._answer_all(self._handler.stream_stream(requests, self))

    async def _answer_all(self, responses: Any) -> None:
        serialize = self._handler.response_serializer
        try:
            async for response in responses:
                self.connection.answer(self, serialize(response), None)
                if self.held or self.connection.is_full:
                    await self.connection.drained(self)
        finally:
            await responses.aclose()
        self.connection.end(self, headers.DONE)

    async def _iterate(self, incoming: asyncio.Queue[bytes | None]) -> AsyncIterator[Any]:
        while (message := await incoming.get()) is not None:
            yield self._parsed(message)

    def _parsed(self, message: bytes) -> Any:
        try:
            return self._handler.request_deserializer(message)
        except DecodeError as error:
            self.refuse(grpc.StatusCode.INTERNAL, "The request cannot be parsed.")
            raise AbortError from error

    def refuse(self, code: grpc.StatusCode, message: str, metadata: Iterable[tuple[str, str | bytes]] = ()) -> None:
        """End the call with an error, unless it has ended."""
        if not self.ended:
            trailers = b"".join(headers.trailer(name, value) for name, value in metadata)
            self.connection.end(self, headers.refusal(code.value[0], message) + trailers)

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> NoReturn:
        """As ``grpc.aio.ServicerContext``: end the call with an error."""
        self.refuse(code, details, trailing_metadata)
        raise AbortError(details)

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """As ``grpc.aio.ServicerContext``."""
        return self.request.metadata


async def _go_on(running: Coroutine[Any, Any, None], awaited: Any) -> None:
    """The rest of a coroutine, which waits for ``awaited``."""
    await _steps(running, awaited)


@coroutine
def _steps(running: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    while True:
        try:
            result = yield awaited
        except GeneratorExit:
            running.close()
            raise
        except BaseException as error:  # noqa: BLE001 - as a task does
            step, given = running.throw, error
        else:
            step, given = running.send, result
        try:
            awaited = step(given)
        except StopIteration:
            return
