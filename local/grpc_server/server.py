"""What does a server serve, and where?

Takes the method handlers and the interceptors of ``grpc.aio``, so that a service does not know which server it is in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc.aio

from local.grpc_server.connection import Connection
from local.grpc_server.headers import Request

if TYPE_CHECKING:
    from local.database import Durable

HOST = "127.0.0.1"

_PATIENCE = 1.0
"""Seconds that a client has to read what was sent to it before its connection closed."""


class _Details(NamedTuple):
    """As ``grpc.HandlerCallDetails``."""

    method: str
    invocation_metadata: tuple[tuple[str, str], ...]


class Server:
    """Of services given as ``{service name: {method name: handler}}``. ``largest``: bytes of a request. No answer
    leaves before what ``durable`` has been given is committed."""

    def __init__(
        self,
        services: Mapping[str, Mapping[str, grpc.RpcMethodHandler[Any, Any]]],
        *,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
        largest: int,
        durable: Durable,
    ) -> None:
        self._handlers: dict[str, Any] = {
            f"/{service}/{method}": _intercepted(handler, f"/{service}/{method}", interceptors)
            for service, methods in services.items()
            for method, handler in methods.items()
        }
        self._largest = largest
        self._durable = durable
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1 and return the port. OSError: it is taken."""
        make = partial(Connection, self._find, self._largest, self._durable, self._connections)
        self._server = await asyncio.get_running_loop().create_server(make, HOST, port, backlog=1024)
        return self._server.sockets[0].getsockname()[1]

    def _find(self, request: Request) -> Any:
        return self._handlers.get(request.method)

    async def stop(self) -> None:
        """Cancel what is under way and close, at once."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        await asyncio.sleep(0)  # for a connection that is being made
        while self._connections:
            closing = list(self._connections)
            ending = [task for connection in closing for task in connection.close()]
            await asyncio.wait([connection.lost for connection in closing], timeout=_PATIENCE)
            for connection in closing:
                connection.abort()
            await asyncio.wait([*(connection.lost for connection in closing), *ending])


def _intercepted(handler: Any, method: str, interceptors: Sequence[grpc.aio.ServerInterceptor]) -> Any:
    """The handler behind the interceptors, the first of them outermost."""
    if not interceptors:
        return handler

    async def resolve(context: Any) -> Any:
        details = _Details(method, context.invocation_metadata())

        async def innermost(_details: Any) -> Any:
            return handler

        continuation: Any = innermost
        for interceptor in reversed(interceptors):
            continuation = partial(interceptor.intercept_service, continuation)
        return await continuation(details)

    async def unary_unary(request: Any, context: Any) -> Any:
        return await (await resolve(context)).unary_unary(request, context)

    async def streaming(request: Any, context: Any) -> AsyncIterator[Any]:
        found = await resolve(context)
        behaviour = found.stream_stream if found.request_streaming else found.unary_stream
        async with aclosing(behaviour(request, context)) as responses:
            async for response in responses:
                yield response

    codecs = (handler.request_deserializer, handler.response_serializer)
    if handler.request_streaming:
        return grpc.stream_stream_rpc_method_handler(streaming, *codecs)
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(streaming, *codecs)
    return grpc.unary_unary_rpc_method_handler(unary_unary, *codecs)
