"""How do frames become calls, and answers frames?

What is written in one turn of the loop leaves in few pieces, however many calls it answers, and not before what the
services wrote in that turn is committed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any

import grpc

from local.grpc_server import frames, headers
from local.grpc_server.calls import Call
from local.grpc_server.frames import Kind, ProtocolError, Reason, Setting

if TYPE_CHECKING:
    from local.database import Durable
    from local.grpc_server.headers import Request

_WINDOW = 16 * 1024 * 1024
_FRAME = 256 * 1024
_PORTION = 4
"""Answers that leave together while more requests are worked off: the client goes on with them meanwhile."""

_OPENING = frames.settings(
    {
        Setting.INITIAL_WINDOW_SIZE: _WINDOW,
        Setting.MAX_FRAME_SIZE: _FRAME,
        Setting.MAX_HEADER_LIST_SIZE: headers.LARGEST,
    }
) + frames.window_update(0, frames.LARGEST_WINDOW - frames.DEFAULT_WINDOW)

Find = Callable[["Request"], "Awaitable[Any] | Any"]
"""From the headers of a call to its handler, or None: it is unknown."""


class Connection(asyncio.Protocol):
    """One client. ``largest``: bytes of a request. ``durable`` says when what was written may leave. ``others``: the
    open connections, of which this becomes one."""

    def __init__(self, find: Find, largest: int, durable: Durable, others: set[Connection]) -> None:
        self.loop = asyncio.get_running_loop()
        self.largest = largest
        self.is_full = False
        self.lost: asyncio.Future[None] = self.loop.create_future()
        """Done when the connection is closed."""
        self._find = find
        self._durable = durable
        self._others = others
        self._transport: Any = None
        self._decoder = headers.Decoder()
        self._calls: dict[int, Call] = {}
        self._buffer = b""
        self._greeted = self._is_reading = False
        self._block: tuple[int, int, bytes] | None = None
        self._out: list[bytes] = []
        self._window = frames.DEFAULT_WINDOW
        self._initial = frames.DEFAULT_WINDOW
        self._largest_frame = frames.DEFAULT_FRAME
        self._received = 0
        self._last = 0

    # What asyncio says

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._others.add(self)
        self._write(_OPENING)

    def connection_lost(self, exc: Exception | None) -> None:
        self._others.discard(self)
        for call in list(self._calls.values()):
            call.cancel()
        self._calls.clear()
        self.lost.set_result(None)

    def pause_writing(self) -> None:
        """The client does not read: it is not asked for more, and what it has asked for waits, so that its answers do
        not pile up here."""
        self.is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self.is_full = False
        self._transport.resume_reading()
        self._wake()
        if self._buffer:
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """With requests that came before the client stopped to read."""
        if not self._transport.is_closing():
            self.data_received(b"")

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        self._is_reading = True
        self._durable.hold()
        try:
            used = self._consume(buffer)
            self._buffer = buffer[used:] if used < len(buffer) else b""
        except ProtocolError as error:
            self.close(error.reason)
        finally:
            self._is_reading = False
            self._durable.release()
            if self._out:
                self._flush()

    def _consume(self, buffer: bytes) -> int:
        """How many bytes of whole frames were in the buffer."""
        position, end = 0, len(buffer)
        waiting = 0  # of what is to be sent, for a commit
        if not self._greeted:
            if not frames.PREFACE.startswith(buffer[: len(frames.PREFACE)]):
                raise ProtocolError(Reason.PROTOCOL_ERROR, "this is not HTTP/2")
            if end < len(frames.PREFACE):
                return 0
            self._greeted, position = True, len(frames.PREFACE)
        while end - position >= frames.HEADER:
            first, flags, stream = frames.unpack_header(buffer, position)
            start = position + frames.HEADER
            stop = start + (first >> 8)
            if stop - start > _FRAME:
                raise ProtocolError(Reason.PROTOCOL_ERROR, "a frame is too large")
            if stop > end:
                break
            self._frame(first & 0xFF, flags, stream & 0x7FFF_FFFF, buffer[start:stop])
            position = stop
            if len(self._out) - waiting >= _PORTION:
                self._durable.commit_early()
                self._flush()
                waiting = len(self._out)
                if self.is_full:
                    break
        return position

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._block is not None and kind != Kind.CONTINUATION:
            raise ProtocolError(Reason.PROTOCOL_ERROR, "headers are cut off")
        match kind:
            case Kind.DATA:
                self._data(flags, stream, payload)
            case Kind.HEADERS:
                self._headers(flags, stream, flags, frames.fragment(flags, payload))
            case Kind.CONTINUATION:
                if self._block is None or self._block[0] != stream:
                    raise ProtocolError(Reason.PROTOCOL_ERROR, "headers go on that have not begun")
                _, first, block = self._block
                self._headers(flags, stream, first, block + payload)
            case Kind.RST_STREAM:
                if (call := self._calls.pop(stream, None)) is not None:
                    call.cancel()
            case Kind.SETTINGS:
                self._settings(flags, payload)
            case Kind.PING:
                if not flags & frames.ACK:
                    self._write(frames.frame(Kind.PING, frames.ACK, 0, payload))
            case Kind.WINDOW_UPDATE:
                self._window_update(stream, int.from_bytes(payload, "big") & 0x7FFF_FFFF)
            case _:
                pass  # GOAWAY and PRIORITY ask for nothing; unknown ones must be ignored

    # Requests

    def _headers(self, flags: int, stream: int, first: int, block: bytes) -> None:
        """``first``: the flags of the first frame of the block."""
        if len(block) > headers.LARGEST:
            raise ProtocolError(Reason.PROTOCOL_ERROR, "headers are too large")
        if not flags & frames.END_HEADERS:
            self._block = (stream, first, block)
            return
        self._block = None
        request = self._decoder.decode(block)
        if stream in self._calls:
            raise ProtocolError(Reason.PROTOCOL_ERROR, "a client sends no trailers")
        if stream <= self._last or not stream % 2:
            raise ProtocolError(Reason.PROTOCOL_ERROR, "a stream has a wrong number")
        self._last = stream
        call = self._calls[stream] = Call(self, stream, request, self._initial)
        call.half_closed = bool(first & frames.END_STREAM)
        self._begin(call)

    def _begin(self, call: Call) -> None:
        if not call.request.content_type.startswith("application/grpc"):
            self._finish(call, frames.last_headers(call.id, headers.NOT_GRPC))
            return
        handler = self._find(call.request)
        if handler is None:
            call.refuse(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        else:
            call.begin(handler)
            if call.half_closed:
                call.receive(b"", last=True)

    def _data(self, flags: int, stream: int, payload: bytes) -> None:
        self._received += len(payload)
        if self._received > frames.LARGEST_WINDOW // 2:
            self._write(frames.window_update(0, self._received))
            self._received = 0
        call = self._calls.get(stream)
        if call is None:
            if stream > self._last:
                raise ProtocolError(Reason.PROTOCOL_ERROR, "a stream has data before headers")
            return  # it has ended meanwhile
        last = bool(flags & frames.END_STREAM)
        call.received += len(payload)
        if call.received > _WINDOW // 2 and not last:
            self._write(frames.window_update(stream, call.received))
            call.received = 0
        call.receive(frames.unpadded(payload) if flags & frames.PADDED else payload, last=last)

    def _settings(self, flags: int, payload: bytes) -> None:
        if flags & frames.ACK:
            return
        for name, value in frames.parse_settings(payload):
            if name == Setting.MAX_FRAME_SIZE:
                if not frames.DEFAULT_FRAME <= value <= frames.LARGEST_FRAME:
                    raise ProtocolError(Reason.PROTOCOL_ERROR, "no frame may be of such a size")
                self._largest_frame = min(value, _FRAME)
            elif name == Setting.INITIAL_WINDOW_SIZE:
                if value > frames.LARGEST_WINDOW:
                    raise ProtocolError(Reason.FLOW_CONTROL_ERROR, "a window is too large")
                for call in self._calls.values():
                    call.window += value - self._initial
                self._initial = value
        self._write(frames.frame(Kind.SETTINGS, frames.ACK, 0))
        self._wake()

    def _window_update(self, stream: int, more: int) -> None:
        call = self._calls.get(stream)
        if stream and call is None:
            return  # it has ended meanwhile
        if more + (self._window if call is None else call.window) > frames.LARGEST_WINDOW:
            raise ProtocolError(Reason.FLOW_CONTROL_ERROR, "a window is too large")
        if call is None:
            self._window += more
            self._wake()
        else:
            call.window += more
            self._wake((call,))

    # Answers

    def answer(self, call: Call, message: bytes, trailers: bytes | None) -> None:
        """Send a message, and with trailers end the call."""
        if call.ended:
            return
        size = len(message) + 5
        if call.held or size > call.window or size > self._window or size > self._largest_frame:
            self._hold(call, b"\x00" + len(message).to_bytes(4, "big") + message, trailers)
            return
        call.window -= size
        self._window -= size
        data = frames.message(call.id, message)
        if not call.has_begun:
            call.has_begun = True
            data = frames.headers(call.id, headers.INITIAL) + data
        if trailers is None:
            self._write(data)
        else:
            self._finish(call, data + frames.last_headers(call.id, trailers))

    def end(self, call: Call, trailers: bytes) -> None:
        """End the call, after what is held back."""
        if call.ended:
            return
        if call.held:
            self._hold(call, b"", trailers)
            return
        block = trailers if call.has_begun else headers.INITIAL + trailers
        self._finish(call, frames.last_headers(call.id, block))

    def _finish(self, call: Call, last: bytes) -> None:
        call.ended = True
        if not call.half_closed:
            last += frames.frame(Kind.RST_STREAM, 0, call.id, Reason.NO_ERROR.to_bytes(4, "big"))
        self._calls.pop(call.id, None)
        self._write(last)

    def _hold(self, call: Call, data: bytes, trailers: bytes | None) -> None:
        """Send as much as the windows allow now, and the rest as they open."""
        if not call.has_begun:
            call.has_begun = True
            self._write(frames.headers(call.id, headers.INITIAL))
        call.held.append((data, trailers))
        self._release(call)

    def _release(self, call: Call) -> None:
        while call.held:
            data, trailers = call.held[0]
            rest = self._send(call, data)
            if rest:
                call.held[0] = (rest, trailers)
                return
            del call.held[0]
            if trailers is not None:
                self._finish(call, frames.last_headers(call.id, trailers))

    def _send(self, call: Call, data: bytes) -> bytes:
        """Send in frames what the windows allow; what is left."""
        sent, allowed = 0, min(len(data), call.window, self._window)
        while sent < allowed:
            size = min(allowed - sent, self._largest_frame)
            self._write(frames.frame(Kind.DATA, 0, call.id, data[sent : sent + size]))
            sent += size
        call.window -= sent
        self._window -= sent
        return data[sent:]

    def _wake(self, calls: Collection[Call] | None = None) -> None:
        """Go on with what was held back."""
        for call in list(self._calls.values()) if calls is None else calls:
            if call.held:
                self._release(call)
            if call.answered is not None and not call.held and not self.is_full:
                call.answered.set()

    async def drained(self, call: Call) -> None:
        """Wait until what was answered is on its way."""
        if call.ended:
            return
        call.answered = asyncio.Event()
        await call.answered.wait()
        call.answered = None

    def _write(self, data: bytes) -> None:
        if not self._out and not self._is_reading:
            self.loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        if not self._out or self._durable.after_commit(self._flush):
            return
        out, self._out = self._out, []
        if not self._transport.is_closing():
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def close(self, reason: Reason = Reason.NO_ERROR) -> list[asyncio.Task[None]]:
        """Say why, and end what is under way; what is still to unwind."""
        ending = [task for call in self._calls.values() if (task := call.cancel()) is not None]
        self._out.append(frames.frame(Kind.GOAWAY, 0, 0, self._last.to_bytes(4, "big") + reason.to_bytes(4, "big")))
        self._durable.commit()
        self._flush()
        self._transport.close()
        return ending

    def abort(self) -> None:
        """Close at once, with what is not sent yet unsent."""
        self._transport.abort()
