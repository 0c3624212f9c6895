"""How do Google's clients reach the engine: ``google.firestore.v1.Firestore`` over gRPC.

Calls that are not listed here are UNIMPLEMENTED. Messages are read and written by their raw classes, which is most
of what a call costs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any

import grpc
import grpc.aio

from local import database as local_database
from local.firestore import messages, write_stream
from local.firestore.engine import Engine
from local.firestore.errors import FirestoreError
from local.firestore.index_file import IndexFile
from local.firestore.listening import Listening
from local.firestore.messages import Message
from local.firestore.reading import Reading
from local.grpc_server.server import Server

NAME = "google.firestore.v1.Firestore"

_MAX_MESSAGE = 64 * 1024 * 1024
"""Of the transport: above Firestore's own limit, so that the engine refuses, with a reason."""


class FirestoreService:
    """The server. See ``local.service.Service``."""

    def __init__(
        self,
        database: local_database.Database,
        *,
        indexes: IndexFile | None = None,
        clock: Callable[[], datetime] | None = None,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        self._engine = Engine(database, indexes, clock)
        handlers = _handlers(self._engine)
        self._server = Server({NAME: handlers}, interceptors=interceptors, largest=_MAX_MESSAGE, durable=database)

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1:``port`` (0: any free one) and return the port. OSError: it is taken."""
        return await self._server.start(port)

    async def stop(self) -> None:
        """End what is under way, at once, and close."""
        await self._server.stop()
        self._engine.store.move_all()


def _handlers(engine: Engine) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    reading = Reading(engine)
    listening = Listening(engine, reading)
    return {
        "GetDocument": _unary(engine.get_document, messages.GetDocumentRequest),
        "BatchGetDocuments": _stream(engine.batch_get_documents, messages.BatchGetDocumentsRequest),
        "ListDocuments": _unary(reading.list_documents, messages.ListDocumentsRequest),
        "ListCollectionIds": _unary(reading.list_collection_ids, messages.ListCollectionIdsRequest),
        "CreateDocument": _unary(engine.create_document, messages.CreateDocumentRequest),
        "UpdateDocument": _unary(engine.update_document, messages.UpdateDocumentRequest),
        "DeleteDocument": _unary(engine.delete_document, messages.DeleteDocumentRequest),
        "Commit": _unary(engine.commit, messages.CommitRequest),
        "BatchWrite": _unary(engine.batch_write, messages.BatchWriteRequest),
        "BeginTransaction": _unary(engine.begin_transaction, messages.BeginTransactionRequest),
        "Rollback": _unary(engine.rollback, messages.RollbackRequest),
        "RunQuery": _stream(reading.run_query, messages.RunQueryRequest),
        "RunAggregationQuery": _stream(reading.run_aggregation_query, messages.RunAggregationQueryRequest),
        "Write": _both(partial(write_stream.write, engine), messages.WriteRequest),
        "Listen": _both(listening.listen, messages.ListenRequest),
    }


def _unary(call: Callable[[Message], Awaitable[Message]], request_type: Any) -> grpc.RpcMethodHandler[Any, Any]:
    async def handle(request: Message, context: grpc.aio.ServicerContext[Any, Any]) -> Message:
        try:
            return await call(request)
        except FirestoreError as error:
            return await context.abort(error.code, error.message)

    return _handler(grpc.unary_unary_rpc_method_handler, handle, request_type)


def _stream(
    call: Callable[[Message], Awaitable[Iterator[Message]]], request_type: Any
) -> grpc.RpcMethodHandler[Any, Any]:
    async def handle(request: Message, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Message]:
        try:
            for response in await call(request):
                yield response
        except FirestoreError as error:
            await context.abort(error.code, error.message)

    return _handler(grpc.unary_stream_rpc_method_handler, handle, request_type)


def _both(
    call: Callable[[AsyncIterator[Message]], AsyncGenerator[Message]], request_type: Any
) -> grpc.RpcMethodHandler[Any, Any]:
    async def handle(
        requests: AsyncIterator[Message], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[Message]:
        try:
            async with aclosing(call(requests)) as responses:
                async for response in responses:
                    yield response
        except FirestoreError as error:
            await context.abort(error.code, error.message)

    return _handler(grpc.stream_stream_rpc_method_handler, handle, request_type)


def _handler(make: Any, handle: Callable[..., Awaitable[Message] | AsyncIterator[Message]], request_type: Any) -> Any:
    return make(handle, request_deserializer=request_type.FromString, response_serializer=_serialize)


def _serialize(response: Message) -> bytes:
    return response.SerializeToString()
