"""The local Firestore without sockets: the client's calls go straight to its handlers, in one event loop.

Sockets cost most of the time of a small call, and make its order depend on the machine. Here every call waits a
number of turns of the loop that a seed decides, before it takes effect and after: the same seed, the same
interleaving.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from typing import Any

import grpc
import grpc.aio
from google.cloud.firestore_v1 import AsyncClient

from local.database import Database
from local.firestore import service
from local.firestore.engine import Engine
from local.grpc_server import server


class _Context:
    """What a handler or an interceptor may ask of a call."""

    def invocation_metadata(self) -> tuple[()]:
        return ()

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=details)


class _Unary:
    def __init__(self, call: Any) -> None:
        self._call = call

    def __await__(self) -> Generator[Any, None, Any]:
        return self._call.__await__()


class _Stream:
    def __init__(self, responses: AsyncIterator[Any]) -> None:
        self._responses = responses

    async def wait_for_connection(self) -> None: ...

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._responses


class _Method:
    """One method of the service. ``handler``: asked for at each call, since the database may be another."""

    def __init__(self, channel: "Channel", path: str, serialize: Any, deserialize: Any) -> None:
        self._channel = channel
        self._name = path.rpartition("/")[2]
        self._serialize, self._deserialize = serialize, deserialize
        self.__name__ = self._name


class _UnaryMethod(_Method, grpc.aio.UnaryUnaryMultiCallable[Any, Any]):
    def __call__(self, request: Any, **_: Any) -> Any:
        return _Unary(self._answer(request))

    async def _answer(self, request: Any) -> Any:
        handler = self._channel.handlers[self._name]
        await self._channel.pause()
        received = handler.request_deserializer(self._serialize(request))
        response = await handler.unary_unary(received, _Context())
        await self._channel.pause()
        return self._deserialize(handler.response_serializer(response))


class _StreamMethod(_Method, grpc.aio.UnaryStreamMultiCallable[Any, Any]):
    def __call__(self, request: Any, **_: Any) -> Any:
        return _Stream(self._answer(request))

    async def _answer(self, request: Any) -> AsyncIterator[Any]:
        handler = self._channel.handlers[self._name]
        await self._channel.pause()
        received = handler.request_deserializer(self._serialize(request))
        responses = [handler.response_serializer(r) async for r in handler.unary_stream(received, _Context())]
        await self._channel.pause()
        for response in responses:
            yield self._deserialize(response)


class _BothWaysMethod(_Method, grpc.aio.StreamStreamMultiCallable[Any, Any]):
    def __call__(self, request_iterator: Any = None, **_: Any) -> Any:
        return _Stream(self._answer(request_iterator))

    async def _answer(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        handler = self._channel.handlers[self._name]
        received = (handler.request_deserializer(self._serialize(request)) async for request in requests)
        async for response in handler.stream_stream(received, _Context()):
            await self._channel.pause()
            yield self._deserialize(handler.response_serializer(response))


class Channel(grpc.aio.Channel):
    """A channel to a database of its own. ``slow``: the most turns of the loop that a call waits, twice.
    ``interceptors``: of the server."""

    def __init__(self, interceptors: Sequence[grpc.aio.ServerInterceptor] = ()) -> None:
        self._unary_unary_interceptors: list[Any] = []
        self._interceptors = interceptors
        self.begin(0)

    def begin(self, seed: object) -> None:
        """An empty database, and waiting by another seed."""
        self._random = random.Random(f"{seed}")
        self.slow = 3
        self.calls = 0
        self.database = Database(None)
        self.handlers = {
            name: server._intercepted(handler, f"/{service.NAME}/{name}", self._interceptors)
            for name, handler in service._handlers(Engine(self.database)).items()
        }

    def end(self) -> None:
        self.database.close()

    async def pause(self) -> None:
        self.calls += 1
        for _ in range(self._random.randint(0, self.slow)):
            await asyncio.sleep(0)

    def unary_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        return _UnaryMethod(self, method, request_serializer, response_deserializer)

    def unary_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        return _StreamMethod(self, method, request_serializer, response_deserializer)

    def stream_unary(self, method: str, *_: Any, **__: Any) -> Any:
        return _UnaryMethod(self, method, None, None)  # no method of ours

    def stream_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        return _BothWaysMethod(self, method, request_serializer, response_deserializer)

    async def close(self, grace: float | None = None) -> None: ...

    async def __aenter__(self) -> "Channel":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return grpc.ChannelConnectivity.READY

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None: ...

    async def channel_ready(self) -> None: ...


def client(channel: Channel, project: str) -> AsyncClient:
    """A client all whose calls take this channel. FIRESTORE_EMULATOR_HOST must be set, to anything."""
    made = AsyncClient(project=project)
    hook: Callable[[Any], Channel] = lambda transport: channel  # noqa: E731
    made._emulator_channel = hook
    return made
