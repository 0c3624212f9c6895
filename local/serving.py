"""How does a service of the local cloud listen? One HTTP and one gRPC server, both on loopback only."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import uvicorn
from google.rpc import status_pb2
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.database import Database, Durable
from local.grpc_server.server import Server

HOST = "127.0.0.1"

KEEP_ALIVE_SECONDS = 610
"""How long a connection waits for its next request: as long as Google's front ends wait
(https://cloud.google.com/load-balancing/docs/https#timeouts_and_retries). Shorter than the patience of clients, it
would have them send on connections that are just being closed."""
_LARGEST = 32 * 1024 * 1024
"""Bytes of a request."""


class Refused(Exception):
    """A call that the service answers with a status other than OK; ``details``: messages of google.rpc."""

    def __init__(self, code: grpc.StatusCode, message: str, *details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self._details = details

    async def answer(self, context: Any) -> None:
        """End the call so."""
        if not self._details:
            await context.abort(self.code, self.message)
        status = status_pb2.Status(code=self.code.value[0], message=self.message)
        for detail in self._details:
            status.details.add().Pack(detail)
        trailing = (("grpc-status-details-bin", status.SerializeToString()),)
        await context.abort(self.code, self.message, trailing)


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to the program that holds all services."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class HttpServer:
    """Serves an ASGI application inside the running loop. With a ``database``, no answer leaves before what was
    written to it is committed."""

    def __init__(self, app: ASGIApp, database: Database | None = None) -> None:
        self._app = app if database is None else _after_commit(app, database)
        self._server: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self, port: int) -> int:
        """Listen and return the port; callers may connect at once. OSError: it is taken."""
        listener = socket.create_server((HOST, port), backlog=1024)
        # asyncio sets this only on sockets that name their protocol; without it kept connections wait 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        self._server = _Uvicorn(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        return listener.getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._server = self._serving = None


def _after_commit(app: ASGIApp, database: Database) -> ASGIApp:
    async def settling(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_settled(message: Message) -> None:
            await database.settled()
            await send(message)

        await app(scope, receive, send_settled)

    return settling


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of a gRPC service. ``request`` and ``response`` are raw protobuf classes; ``call`` takes the
    request (and returns the response or an awaitable of it), or, where ``streaming``, an iterator of requests
    and the call's context (and returns an iterator of responses)."""

    call: Callable[..., Any]
    request: Any
    response: Any
    streaming: bool = False


class GrpcServer:
    """Serves gRPC services given as ``{service name: {method name: Method}}``, each call through ``interceptors``. No
    answer leaves before what ``durable`` has been given is committed."""

    def __init__(
        self,
        services: Mapping[str, Mapping[str, Method]],
        durable: Durable,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        handlers = {
            service_name: {name: _handler(method) for name, method in methods.items()}
            for service_name, methods in services.items()
        }
        self._server = Server(handlers, interceptors=interceptors, largest=_LARGEST, durable=durable)

    async def start(self, port: int) -> int:
        """Listen and return the port. OSError: it is taken."""
        return await self._server.start(port)

    async def stop(self) -> None:
        """Cancel what is under way, and close."""
        await self._server.stop()


def _handler(method: Method) -> Any:
    make = grpc.stream_stream_rpc_method_handler if method.streaming else grpc.unary_unary_rpc_method_handler
    behaviour = _streaming(method.call) if method.streaming else _unary(method.call)
    return make(behaviour, method.request.FromString, method.response.SerializeToString)  # pyright: ignore[reportArgumentType]


def _unary(call: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        try:
            result = call(request)
            return await result if inspect.isawaitable(result) else result
        except Refused as refused:
            return await refused.answer(context)

    return answer


def _streaming(call: Callable[..., Any]) -> Callable[..., AsyncIterator[Any]]:
    async def answer(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        try:
            async for response in call(requests, context):
                yield response
        except Refused as refused:
            await refused.answer(context)

    return answer
