"""How does a service of the local cloud call a function? Over HTTP, on connections kept open for the next call.

Written for calls of a few milliseconds, hundreds of them under way: a general client spends more on its pool than an
exchange takes. One request is one write; the answer is parsed by h11 (https://h11.readthedocs.io) as it comes.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import h11

# Shorter than servers wait before they hang up (uvicorn as a rule 5 s), so that a call seldom meets a closing one.
IDLE_SECONDS = 4.0
MAX_IDLE_PER_ORIGIN = 500
_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


class CallFailedError(Exception):
    """No answer came: the address is none, nobody listens there, or the connection broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``headers`` have lower-case names; of one that came twice, the last."""

    status: int
    headers: Mapping[str, str]


class Calls(Protocol):
    """What services call functions with."""

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send, and read the answer to its end; its body is dropped. CallFailedError: there is none."""
        ...

    async def close(self) -> None:
        """Close what is idle. Calls under way are the caller's to end first."""
        ...


class Caller:
    """Calls any number of URLs at once. It follows no redirect and has no time limit: put one around it, and a call
    cut short closes its connection."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[_Connection]] = {}
        self._ssl_context: ssl.SSLContext | None = None

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send, and read the answer to its end; its body is dropped. CallFailedError: there is none."""
        try:
            parts = urlsplit(url)
            origin = _origin(parts)
            request = h11.Request(method=method, target=_target(parts), headers=_headers(parts, headers, body))
            connection = await self._connection(origin)
            try:
                answer = await connection.exchange(request, body)
            finally:
                self._keep(origin, connection)
        except (OSError, ValueError, h11.ProtocolError) as error:
            raise CallFailedError(f"{url}: {type(error).__name__}: {error}") from error
        return answer

    async def _connection(self, origin: Origin) -> "_Connection":
        idle = self._idle.get(origin, [])
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if connection.is_open and now - connection.used_at < IDLE_SECONDS:
                return connection
            connection.close()
        scheme, host, port = origin
        if scheme == "https" and self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        context = self._ssl_context if scheme == "https" else None
        _, made = await asyncio.get_running_loop().create_connection(_Connection, host, port, ssl=context)
        return made

    def _keep(self, origin: Origin, connection: "_Connection") -> None:
        """For the next call, if its exchange is complete; and give up the one that has been idle longest, if that is
        too long."""
        idle = self._idle.setdefault(origin, [])
        if len(idle) >= MAX_IDLE_PER_ORIGIN or not connection.start_next():
            connection.close()
            return
        idle.append(connection)
        if connection.used_at - idle[0].used_at >= IDLE_SECONDS:
            idle.pop(0).close()

    async def close(self) -> None:
        """Close what is idle. Calls under way are the caller's to end first."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the transports close in the next turn of the loop


class _Connection(asyncio.Protocol):
    """One connection; one exchange at a time."""

    def __init__(self) -> None:
        self._state = h11.Connection(h11.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[Answer] | None = None
        self._head: h11.Response | None = None
        self.is_open = False
        self.used_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        self._state.receive_data(data)
        self._advance()

    def eof_received(self) -> bool:
        self.is_open = False
        self._state.receive_data(b"")
        self._advance()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._fail(exc or ConnectionError("closed before it answered"))

    async def exchange(self, request: h11.Request, body: bytes) -> Answer:
        """OSError, h11.ProtocolError: the connection broke, or what came is not HTTP."""
        assert self._transport is not None
        self._answered, self._head = asyncio.get_running_loop().create_future(), None
        events: list[h11.Event] = [request, h11.Data(data=body), h11.EndOfMessage()]
        self._transport.write(b"".join(self._state.send(event) or b"" for event in events))
        return await self._answered

    def _advance(self) -> None:
        """Take in what has come, up to the end of the answer."""
        try:
            while (event := self._state.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
                if isinstance(event, h11.Response):
                    self._head = event
                elif isinstance(event, h11.EndOfMessage):
                    self._succeed()
                    return
                elif isinstance(event, h11.ConnectionClosed):
                    self._fail(ConnectionError("closed before it answered"))
                    return
        except h11.RemoteProtocolError as error:
            self._fail(error)

    def _succeed(self) -> None:
        if self._head is None or self._answered is None or self._answered.done():
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._head.headers}
        self._answered.set_result(Answer(status=self._head.status_code, headers=headers))

    def _fail(self, error: Exception) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)

    def start_next(self) -> bool:
        """Make ready for another exchange; whether that can be."""
        if not self.is_open or (self._state.our_state, self._state.their_state) != (h11.DONE, h11.DONE):
            return False
        self._state.start_next_cycle()
        self.used_at = asyncio.get_running_loop().time()
        return True

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.close()


def _origin(parts: SplitResult) -> Origin:
    """ValueError: the URL is none that can be called."""
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("not an http or https URL")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _target(parts: SplitResult) -> bytes:
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return target.encode("ascii")


def _headers(parts: SplitResult, given: Mapping[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
    headers = [(b"Host", parts.netloc.rpartition("@")[2].encode("ascii"))]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]
    headers.append((b"Content-Length", str(len(body)).encode()))
    return headers
