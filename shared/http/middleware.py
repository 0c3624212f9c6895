"""What happens to every request, before a route sees it and after?

Envelope   the request's id and trace, security headers, the access log, metrics
Heads      (heads.py) HEAD is GET without the body
Cors       (cors.py) what browsers may do
Crashes    whatever escapes becomes an AIP-193 answer
Bodies     the size limit
"""

import logging
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import clock, metrics, tracing
from shared.domain import errors
from shared.domain.errors import WeftlyError
from shared.gcp import outages
from shared.http import addresses, logs, paths, request
from shared.http import errors as wire

DRAIN_LIMIT = 100_000_000
"""Bytes of a too large body that are read and dropped, so that a client still sending reads the answer."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say otherwise itself."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_log = logging.getLogger("weftly.http")


class Envelope:
    """Outermost: names the request, finds its place in a trace, completes the headers of its answer, and logs and
    measures it. ``function``: whose app it is."""

    def __init__(self, app: ASGIApp, function: str) -> None:
        self._app = app
        self._function = function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        context = request.begin(scope)
        token = request.current.set(context)
        try:
            with tracing.at(tracing.arrived(Headers(scope=scope))):
                await self._answer(scope, receive, _Answered(context, send))
        finally:
            request.current.reset(token)
        return None

    async def _answer(self, scope: Scope, receive: Receive, answered: "_Answered") -> None:
        started = clock.monotonic()
        with tracing.span(self._function, "SERVER", method=scope["method"]) as span:
            try:
                await self._app(scope, receive, answered)
            finally:
                seconds = clock.monotonic() - started
                _log_access(scope, answered, seconds)
                self._measure(scope, answered.status or 499, seconds, span)

    def _measure(self, scope: Scope, status: int, seconds: float, span: tracing.Span) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        metrics.record("http_requests_total", function=self._function, method=method, status=str(status))
        metrics.record("http_request_duration_seconds", seconds, function=self._function, method=method)
        # The template, not the path, which may hold a capability.
        span.rename(f"{self._function} {method} {getattr(scope.get('route'), 'path', '')}".rstrip())
        span.set(status=status)
        if status >= 500:
            span.failed(str(status))


class _Answered:
    """``send``, with the headers completed and the size counted."""

    def __init__(self, context: request.RequestContext, send: Send) -> None:
        self._context = context
        self._send = send
        self.status = 0
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._all_headers():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)

    def _all_headers(self) -> list[tuple[str, str]]:
        own = {"X-Request-Id": self._context.request_id, **self._context.headers}
        return [*own.items(), *SECURITY_HEADERS.items()]


def _log_access(scope: Scope, answered: _Answered, seconds: float) -> None:
    headers = Headers(scope=scope)
    path = paths.shown(scope)
    status = answered.status or 499
    http_request: Mapping[str, object] = {
        "requestMethod": scope["method"],
        "requestUrl": path,
        "status": status,
        "latency": f"{seconds:.6f}s",
        "responseSize": str(answered.size),
        "userAgent": headers.get("user-agent", ""),
        "remoteIp": addresses.client(scope),
        "protocol": f"HTTP/{scope.get('http_version', '1.1')}",
    }
    level = logging.ERROR if status >= 500 else logging.WARNING if status in (401, 403, 429) else logging.INFO
    logs.access.log(
        level,
        "%s %s %s",
        scope["method"],
        path,
        status,
        extra={"fields": {"httpRequest": http_request}},
    )


class Crashes:
    """Nothing escapes: the functions-framework's own 500 is not JSON. Once an answer has begun, it can only
    be broken off, which is what raising does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except _ClientGone:
            return
        except WeftlyError as error:
            if started:
                raise
            await wire.answer(error)(scope, receive, send)
        except Exception as error:
            _log.exception("%s %s crashed", scope.get("method"), paths.shown(scope))
            if started:
                raise
            await wire.answer(_crashed(error))(scope, receive, send)


def _crashed(error: Exception) -> WeftlyError:
    if passing := outages.unavailable(error):
        return passing
    request_id = request.context().request_id
    return errors.Internal(f"The server failed. Try again; if it persists, report request {request_id}.")


class _ClientGone(Exception):
    """The client went away before it had sent its request."""


class Bodies:
    """Reads the whole body, up to a limit, before the app runs: a route never sees half a request."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        body = await self._read(_declared_size(scope), receive)
        replayed = False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self._app(scope, replay, send)

    async def _read(self, declared: int, receive: Receive) -> bytes:
        too_large = declared > self._limit
        chunks: list[bytes] = []
        size = 0
        more = declared <= DRAIN_LIMIT
        while more and size <= DRAIN_LIMIT:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            too_large = too_large or size > self._limit
            chunks.append(chunk)
            if too_large:
                chunks.clear()
            more = message.get("more_body", False)
        if too_large:
            raise _too_large(self._limit)
        return b"".join(chunks)


def _declared_size(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _too_large(limit: int) -> errors.BodyTooLarge:
    return errors.BodyTooLarge(
        f"The request body is larger than {limit:,} bytes; send less, or upload it as a file.",
        metadata={"max_body_bytes": str(limit)},
    )
