"""How does trouble meet a gRPC call? An interceptor around the service's own handler."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from local.faults.disturbance import Disturbance, Trouble
from local.faults.spec import Kind

Handler = Any
_LONGEST_CUT = 20


class _Unheard(Exception):
    """The answer of an application that nobody shall hear of was an error."""


class _Deaf:
    """The context of a call whose answer nobody gets: what is said to it is not sent."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def abort(self, *_said: Any, **_more: Any) -> None:
        raise _Unheard

    async def write(self, _message: Any) -> None:
        """Dropped."""


class Interceptor(grpc.aio.ServerInterceptor):
    """Of one service. Unary calls meet every kind of trouble; a stream that is duplicated or overtaken looks like one
    that is not, so those two leave streams alone. A stream that is lost breaks off after some of its answers."""

    def __init__(self, disturbance: Disturbance) -> None:
        self._disturbance = disturbance

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        method = str(handler_call_details.method).rsplit("/", 1)[-1]
        codecs = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(self._unary(method, handler.unary_unary), *codecs)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(self._stream(method, handler.unary_stream), *codecs)
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._stream(method, handler.stream_stream), *codecs)
        return handler

    def _unary(self, method: str, behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        async def answer(request: Any, context: Any) -> Any:
            trouble = self._disturbance.next(method)
            await self._disturbance.before(method, trouble)
            if trouble.is_refused:
                return await self._refuse(context, method, trouble)
            again = _copy(request) if trouble.kind is Kind.DUPLICATE else None
            try:
                if trouble.kind is Kind.LOSE:
                    await _unheard(behaviour, request, context)
                    return await self._refuse(context, method, trouble)
                answered = await behaviour(request, context)
                if again is not None:
                    await _unheard(behaviour, again, context)
                return answered
            finally:
                self._disturbance.after(method)

        return answer

    def _stream(self, method: str, behaviour: Callable[[Any, Any], Any]) -> Any:
        async def answers(request: Any, context: Any) -> AsyncIterator[Any]:
            trouble = self._disturbance.next(method)
            await self._disturbance.before(method, trouble)
            if trouble.is_refused:
                await self._refuse(context, method, trouble)
            left = int(trouble.share * _LONGEST_CUT) if trouble.kind is Kind.LOSE else math.inf
            source = behaviour(request, context)
            try:
                async for answered in source:
                    if left <= 0:
                        break
                    left -= 1
                    yield answered
            finally:
                await source.aclose()
            if trouble.kind is Kind.LOSE:
                await self._refuse(context, method, trouble)

        return answers

    async def _refuse(self, context: Any, method: str, trouble: Trouble) -> None:
        await context.abort(trouble.status, self._disturbance.told(method, trouble))


def interceptors(disturbance: Disturbance) -> list[grpc.aio.ServerInterceptor]:
    """What stands between a service and its callers: nothing, where nothing can happen."""
    return [] if disturbance.is_calm else [Interceptor(disturbance)]


async def _unheard(behaviour: Callable[[Any, Any], Awaitable[Any]], request: Any, context: Any) -> None:
    """Apply the call; whatever comes of it, nobody hears it."""
    try:
        await behaviour(request, _Deaf(context))
    except asyncio.CancelledError:
        raise
    except Exception:  # noqa: BLE001 - as a client that is gone would not see it either
        return


def _copy(request: Any) -> Any:
    """Services fill in the requests that they get."""
    copied = type(request)()
    copied.CopyFrom(request)
    return copied
