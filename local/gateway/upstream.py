"""How does the gateway speak to the functions? HTTP/1.1 over connections that are kept, bodies as streams.

A general client spends more time on its pool than the whole exchange takes, in the loop that also serves the
database; this one knows a single origin and parses with h11 (https://h11.readthedocs.io).
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import h11

Headers = list[tuple[bytes, bytes]]

_READ_BYTES = 65536
_MOST_IDLE = 64


class UpstreamError(ConnectionError):
    """The origin refused the connection, broke off, or answered what is not HTTP."""


class Upstream:
    """One origin, ``host:port``."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._idle: list[_Connection] = []

    async def request(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None
    ) -> "Answer":
        """Send a request, its body to the end, and wait until the answer begins. ``headers`` say how the body is
        framed. The answer has to be closed. UpstreamError: there is none."""
        connection = await self._connect()
        try:
            await connection.send(h11.Request(method=method, target=target, headers=headers), body)
            head = await connection.head()
        except (OSError, h11.ProtocolError) as error:
            connection.close()
            raise UpstreamError(f"no answer: {error!r}") from error
        except BaseException:
            connection.close()
            raise
        return Answer(self, connection, head)

    def keep(self, connection: "_Connection") -> None:
        """Take a connection back: it is used again if its exchange is complete."""
        if len(self._idle) < _MOST_IDLE and connection.start_next():
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _connect(self) -> "_Connection":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open():
                return connection
            connection.close()
        try:
            return _Connection(*await asyncio.open_connection(*self._address))
        except OSError as error:
            raise UpstreamError(f"no connection: {error!r}") from error


class Answer:
    """An answer whose body is still to come. ``headers``: names in lower case."""

    def __init__(self, upstream: Upstream, connection: "_Connection", head: h11.Response) -> None:
        self._upstream = upstream
        self._connection = connection
        self.status = head.status_code
        self.headers: Headers = list(head.headers)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. UpstreamError: it broke off."""
        try:
            while True:
                event = await self._connection.event()
                if not isinstance(event, h11.Data):
                    return
                yield bytes(event.data)
        except (OSError, h11.ProtocolError) as error:
            raise UpstreamError(f"the answer broke off: {error!r}") from error

    def close(self) -> None:
        self._upstream.keep(self._connection)


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_READ_BYTES)

    def is_open(self) -> bool:
        return not self._writer.is_closing() and not self._reader.at_eof()

    async def send(self, request: h11.Request, body: AsyncIterator[bytes] | None) -> None:
        """Send all of a request. A connection that breaks meanwhile may still hold an answer, so that is no error
        yet."""
        self._write(request)
        try:
            if body is not None:
                async for chunk in body:
                    self._write(h11.Data(data=chunk))
                    await self._writer.drain()
            self._write(h11.EndOfMessage())
            await self._writer.drain()
        except ConnectionError:
            return

    async def head(self) -> h11.Response:
        """The head of the final answer."""
        while True:
            event = await self.event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise ConnectionError("closed before it answered")

    async def event(self) -> Any:
        """The next thing that the origin says."""
        while True:
            event = self._state.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._state.receive_data(await self._reader.read(_READ_BYTES))

    def start_next(self) -> bool:
        """Make ready for another exchange; whether that can be."""
        if self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        return self.is_open()

    def close(self) -> None:
        self._writer.close()

    def _write(self, event: Any) -> None:
        data = self._state.send(event)
        if data:
            self._writer.write(data)
