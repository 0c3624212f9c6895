"""How does a request get to its function, and the answer back? A reverse proxy that streams both ways.

It stands for the HTTPS load balancer: it routes by the URL map, says who asked (``X-Forwarded-For``), and passes
everything else on as it is. A body is never gathered, so server-sent events arrive when they are sent; and a body
that the function refuses (413) is still read to its end, so that the refusal reaches the client.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from urllib.parse import urlsplit

from starlette.types import Message, Receive, Scope, Send

from local.gateway import answers
from local.gateway.upstream import Headers, Upstream, UpstreamError
from local.gateway.urlmap import UrlMap
from local.serving import HttpServer

log = logging.getLogger(__name__)
requests_log = logging.getLogger("local.requests")

PATIENCE_SECONDS = 10.0
RETRY_AFTER_SECONDS = 2
DEFAULT_TIMEOUT_SECONDS = 60.0

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
_REPLACED_IN_REQUESTS = frozenset([b"x-forwarded-for", b"x-forwarded-proto", b"expect"])
_REPLACED_IN_ANSWERS = frozenset([b"date", b"server"])
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REPEATABLE = frozenset(["GET", "HEAD", "OPTIONS"])
_LOGGED = re.compile(r"[a-z0-9_.-]{0,28}|[A-Za-z0-9]{1,28}|[A-Z0-9_]{1,64}")
MAX_LOGGED = 500

WaitForFunctions = Callable[[float], Awaitable[bool]]


class _ClientGoneError(Exception):
    """The client closed its connection before the answer was complete."""


class Gateway:
    """A service. All functions answer at ``functions_url``/NAME. ``wait_for_functions(seconds)`` tells whether they
    do now, and waits that long for it; ``timeouts``: function name -> seconds until its answer begins."""

    def __init__(
        self,
        url_map: UrlMap,
        functions_url: str,
        wait_for_functions: WaitForFunctions,
        timeouts: Mapping[str, float] | None = None,
    ) -> None:
        self._url_map = url_map
        self._wait_for_functions = wait_for_functions
        self._timeouts = timeouts or {}
        parts = urlsplit(functions_url)
        self._prefix = parts.path.rstrip("/").encode()
        self._upstream = Upstream(parts.hostname or "", parts.port or 80)
        self._server = HttpServer(self)

    async def start(self, port: int) -> int:
        return await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()
        self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status: int | str = "unfinished"

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._route(scope, receive, send_counted)
        except _ClientGoneError:
            status = "client gone"
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            requests_log.info("%s %s %s %.0fms", scope["method"], _shown(scope["path"]), status, milliseconds)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            return await answers.send_error(scope, send, _odd_method(scope["method"]))
        function_name = self._url_map.find(scope["raw_path"])
        if function_name is None:
            return await answers.send_error(scope, send, _no_path(scope["path"]))
        return await self._call(function_name, scope, receive, send)

    async def _call(self, function_name: str, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(scope, receive, send, self._prefix + b"/" + function_name.encode())
        deadline = self._timeouts.get(function_name, DEFAULT_TIMEOUT_SECONDS)
        attempts = 2 if scope["method"] in _REPEATABLE and not exchange.has_body else 1
        for _ in range(attempts):
            if not await self._wait_for_functions(PATIENCE_SECONDS):
                break
            try:
                return await exchange.run(self._upstream, deadline)
            except TimeoutError:
                return await answers.send_error(scope, send, _late(function_name, deadline))
            except UpstreamError as error:
                log.warning("%s broke off %s %s: %s", function_name, scope["method"], _shown(scope["path"]), error)
                if exchange.answer_started:
                    return None
        return await answers.send_error(scope, send, _unavailable(function_name))


def _shown(path: str) -> str:
    """What of a path is logged: words and ids. What is longer may be a token that opens something, and what has other
    characters may be a line that somebody wants to be in the log."""
    return "/".join(step if _LOGGED.fullmatch(step) else "…" for step in path[:MAX_LOGGED].split("/"))


def _odd_method(method: str) -> answers.Problem:
    return answers.Problem(
        code=405,
        status="UNIMPLEMENTED",
        reason="METHOD_NOT_ALLOWED",
        message=f"{answers.quoted(method)} is no method of this API; the Allow header says which are.",
        headers={"allow": ", ".join(_METHODS)},
    )


def _no_path(path: str) -> answers.Problem:
    message = f"Nothing is served at {answers.quoted(path)}; the paths that exist are at /docs."
    return answers.Problem(code=404, status="NOT_FOUND", reason="PATH_NOT_FOUND", message=message)


def _late(function_name: str, seconds: float) -> answers.Problem:
    message = f"{function_name} gave no answer within {seconds:.0f} seconds; try again later."
    return answers.Problem(code=504, status="DEADLINE_EXCEEDED", reason="FUNCTION_TIMEOUT", message=message)


def _unavailable(function_name: str) -> answers.Problem:
    return answers.Problem(
        code=503,
        status="UNAVAILABLE",
        reason="FUNCTION_UNAVAILABLE",
        message=f"{function_name} does not answer; it may be starting again: retry in {RETRY_AFTER_SECONDS} s.",
        headers={"retry-after": str(RETRY_AFTER_SECONDS)},
    )


class _Exchange:
    """One request to a function and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, prefix: bytes) -> None:
        self._receive = receive
        self._send = send
        self._body_read = asyncio.Event()
        names = {name for name, _ in scope["headers"]}
        self.has_body = b"content-length" in names or b"transfer-encoding" in names
        self.answer_started = False
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        self._method = scope["method"]
        self._target = prefix + scope["raw_path"] + query
        self._headers = _request_headers(scope)

    async def run(self, upstream: Upstream, seconds: float) -> None:
        """Pass the request on and the answer back. TimeoutError: it did not begin within ``seconds``.
        _ClientGoneError: nobody waits for it any more, and the function's connection is closed."""
        relay = asyncio.create_task(self._relay(upstream, seconds))
        gone = asyncio.create_task(self._client_gone())
        try:
            await asyncio.wait({relay, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not relay.done():
                raise _ClientGoneError
            relay.result()
        finally:
            for task in (relay, gone):
                task.cancel()
            await asyncio.gather(relay, gone, return_exceptions=True)

    async def _relay(self, upstream: Upstream, seconds: float) -> None:
        body = self._body() if self.has_body else None
        async with asyncio.timeout(seconds):
            answer = await upstream.request(self._method, self._target, self._headers, body)
        try:
            headers = _end_to_end(answer.headers, _REPLACED_IN_ANSWERS)
            self.answer_started = True
            await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
            async for chunk in answer.chunks():
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})
        finally:
            answer.close()

    async def _body(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _ClientGoneError
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        self._body_read.set()

    async def _client_gone(self) -> None:
        """Returns when the client has closed its connection; the body is somebody else's to read."""
        if self.has_body:
            await self._body_read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _request_headers(scope: Scope) -> Headers:
    headers = _end_to_end(scope["headers"], _REPLACED_IN_REQUESTS)
    if any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        headers.append((b"transfer-encoding", b"chunked"))
    client = scope["client"][0].encode() if scope.get("client") else b"127.0.0.1"
    before = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    headers.append((b"x-forwarded-for", b", ".join([*before, client])))
    headers.append((b"x-forwarded-proto", scope.get("scheme", "http").encode()))
    return headers


def _end_to_end(headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[bytes]) -> Headers:
    """Headers without those that concern one connection only (RFC 9110, 7.6.1), and without ``dropped``."""
    rows = list(headers)
    named = {token.strip().lower() for name, value in rows if name == b"connection" for token in value.split(b",")}
    unwanted = _HOP_BY_HOP | dropped | named
    return [(name, value) for name, value in rows if name not in unwanted]
