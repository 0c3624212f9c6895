"""How is a server called so that the client costs little? gRPC over HTTP/2 by hand, with messages as they travel.

Google's client takes longer for a small call than the servers that are measured here, and would hide them.
"""

import asyncio
import socket
from typing import Any

from hpack.hpack import encode_integer

from local.grpc_server import frames, headers
from local.grpc_server.frames import Kind, Setting

_WINDOW = 64 * 1024 * 1024
_METADATA = {
    b":scheme": b"http",
    b":authority": b"localhost",
    b"te": b"trailers",
    b"content-type": b"application/grpc",
    b"authorization": b"Bearer owner",
}


class Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._decoder = headers.Decoder()
        self._calls: dict[int, tuple[asyncio.Future[bytes], list[bytes]]] = {}
        self._blocks: dict[str, bytes] = {}
        self._last = -1
        self._received = 0
        self._buffer = b""
        self._out: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opening = frames.settings({Setting.INITIAL_WINDOW_SIZE: _WINDOW, Setting.HEADER_TABLE_SIZE: 0})
        transport.write(frames.PREFACE + opening + frames.window_update(0, _WINDOW))

    def call(self, method: str, message: bytes) -> asyncio.Future[bytes]:
        """The messages of the answer, with their five bytes each. RuntimeError: it is an error."""
        self._last += 2
        block = self._blocks.get(method)
        if block is None:
            block = self._blocks[method] = _block(method)
        body = b"\x00" + len(message).to_bytes(4, "big") + message
        request = frames.frame(Kind.HEADERS, frames.END_HEADERS, self._last, block)
        request += frames.frame(Kind.DATA, frames.END_STREAM, self._last, body)
        if not self._calls:  # nobody else is about to call
            self._transport.write(request)
        else:
            if not self._out:
                self._loop.call_soon(self._flush)
            self._out.append(request)
        over: asyncio.Future[bytes] = self._loop.create_future()
        self._calls[self._last] = (over, [])
        return over

    def _flush(self) -> None:
        self._transport.write(b"".join(self._out))
        self._out.clear()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        position = 0
        while len(buffer) - position >= frames.HEADER:
            start = position + frames.HEADER
            stop = start + int.from_bytes(buffer[position : position + 3], "big")
            if stop > len(buffer):
                break
            stream = int.from_bytes(buffer[position + 5 : start], "big")
            self._frame(buffer[position + 3], buffer[position + 4], stream, buffer[start:stop])
            position = stop
        self._buffer = buffer[position:]

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == Kind.DATA:
            self._calls[stream][1].append(payload)
            self._received += len(payload)
            if self._received > _WINDOW // 2:
                self._transport.write(frames.window_update(0, self._received))
                self._received = 0
        elif kind == Kind.HEADERS:
            found = self._decoder.decode(payload)
            if flags & frames.END_STREAM:
                over, parts = self._calls.pop(stream)
                if ("grpc-status", "0") in found.metadata:
                    over.set_result(b"".join(parts))
                else:
                    over.set_exception(RuntimeError(str(found.metadata)))
        elif kind in (Kind.SETTINGS, Kind.PING) and not flags & frames.ACK:
            self._transport.write(frames.frame(kind, frames.ACK, 0, payload if kind == Kind.PING else b""))

    def connection_lost(self, exc: Exception | None) -> None:
        for over, _ in self._calls.values():
            over.set_exception(exc or ConnectionResetError("the server has closed the connection"))
        self._calls.clear()

    def close(self) -> None:
        self._transport.close()


def _block(method: str) -> bytes:
    given = {b":method": b"POST", b":path": method.encode(), **_METADATA}
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in given.items())


def _string(text: bytes) -> bytes:
    return bytes(encode_integer(len(text), 7)) + text


async def connect(address: str) -> Wire:
    """To ``host:port``."""
    host, _, port = address.rpartition(":")
    _, wire = await asyncio.get_running_loop().create_connection(Wire, host, int(port))
    return wire
