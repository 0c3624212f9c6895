"""How does trouble meet an HTTP call? By an application around the service's, or a caller around its caller."""

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local import calling
from local.faults.disturbance import Disturbance
from local.faults.spec import Kind


class Application:
    """An ASGI application with trouble. The method of a call is its HTTP method in capitals, as in ``auth.POST``.

    The body is read first, so that it can be applied a second time; so uploads lie in memory while they come in."""

    def __init__(self, app: ASGIApp, disturbance: Disturbance) -> None:
        self._app = app
        self._disturbance = disturbance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("OPTIONS", "HEAD"):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        body = await _whole(receive)
        trouble = self._disturbance.next(method)
        await self._disturbance.before(method, trouble)
        if not trouble.is_refused:
            await self._app(_own(scope), _of(body, receive), _nowhere if trouble.kind is Kind.LOSE else send)
            if trouble.kind is Kind.DUPLICATE:
                await self._app(_own(scope), _of(body, receive), _nowhere)
            self._disturbance.after(method)
        if trouble.is_refused or trouble.kind is Kind.LOSE:
            fault = {"code": 503, "message": self._disturbance.told(method, trouble), "status": "UNAVAILABLE"}
            await JSONResponse({"error": fault}, status_code=503)(scope, receive, send)


class TroubledCaller:
    """A caller whose calls meet trouble on their way. ``method``: what they are called in the specification."""

    def __init__(self, caller: calling.Calls, disturbance: Disturbance, method: str) -> None:
        self._caller = caller
        self._disturbance = disturbance
        self._method = method

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> calling.Answer:
        """CallFailedError also where the answer is lost; an abort is an answer of 503."""
        trouble = self._disturbance.next(self._method)
        await self._disturbance.before(self._method, trouble)
        if trouble.kind is Kind.ABORT:
            return calling.Answer(status=503, headers={})
        if trouble.kind is Kind.DROP:
            raise calling.CallFailedError(
                f"{url}: injected fault: drop of {self._disturbance.service}.{self._method}"
            )
        try:
            answers = [self._caller.call(method, url, headers, body)]
            if trouble.kind is Kind.DUPLICATE:
                answers.append(self._caller.call(method, url, headers, body))
            answered = (await asyncio.gather(*answers))[0]
        finally:
            self._disturbance.after(self._method)
        if trouble.kind is Kind.LOSE:
            raise calling.CallFailedError(
                f"{url}: injected fault: lose of {self._disturbance.service}.{self._method}"
            )
        return answered

    async def close(self) -> None:
        """Close what is idle."""
        await self._caller.close()


def around(app: ASGIApp, disturbance: Disturbance) -> ASGIApp:
    """``app`` with trouble, where there is any."""
    return app if disturbance.is_calm else Application(app, disturbance)


def caller(disturbance: Disturbance, method: str) -> calling.Calls:
    """What a service calls functions with."""
    plain = calling.Caller()
    return plain if disturbance.is_calm else TroubledCaller(plain, disturbance, method)


async def _whole(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


def _own(scope: Scope) -> MutableMapping[str, Any]:
    """Applications write into the scope."""
    return dict(scope)


def _of(body: bytes, then: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else await then()

    return receive


async def _nowhere(_message: Message) -> None:
    """The answer is lost."""
