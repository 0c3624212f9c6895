"""What does a server answer to an operation, told so that two servers can be compared?

Times are told by their order of appearance: a server that commits later than another says the same.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.api_core import exceptions
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from google.protobuf import empty_pb2

from tests.differential import generator, normal
from tests.differential.listener import Listener, Refused, UnreadableError
from tests.differential.normal import Times
from tests.differential.operations import Operation, resolve

Answer = Any
"""A ``Failure``, or what the responses say in plain data."""

_SERVICE = "/google.firestore.v1.Firestore/"
_OWNER = ("authorization", "Bearer owner")
_DEADLINE = 30
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
_HEAD_START = 0.05
_PATIENCE = (0.25, 0.5, 1, 2, 4, 4, 4, 4)
"""Seconds that each of several marks is waited for."""
_RESPONSES: dict[str, Any] = {
    "GetDocument": types.Document,
    "CreateDocument": types.Document,
    "UpdateDocument": types.Document,
    "DeleteDocument": empty_pb2.Empty,
    "Rollback": empty_pb2.Empty,
    "Commit": types.CommitResponse,
    "BatchWrite": types.BatchWriteResponse,
    "BeginTransaction": types.BeginTransactionResponse,
    "ListDocuments": types.ListDocumentsResponse,
    "ListCollectionIds": types.ListCollectionIdsResponse,
    "BatchGetDocuments": types.BatchGetDocumentsResponse,
    "RunQuery": types.RunQueryResponse,
    "RunAggregationQuery": types.RunAggregationQueryResponse,
}
_STREAMS = ("BatchGetDocuments", "RunQuery", "RunAggregationQuery")
_WRITING = ("Commit", "CreateDocument", "UpdateDocument", "BatchWrite")


@dataclass(frozen=True, slots=True)
class Failure:
    """A status other than OK. Servers may say in other words why."""

    code: str
    message: str = field(default="", compare=False)


def client(channel: grpc.aio.Channel) -> FirestoreAsyncClient:
    """One for each channel: each that is made adds an interceptor to the channel, through which all calls then go."""
    return FirestoreAsyncClient(transport=FirestoreGrpcAsyncIOTransport(channel=channel))


class Server:
    """One server during one sequence, which has a project of its own there. ``async with``. ``listening``: the client
    of the channel."""

    def __init__(self, channel: grpc.aio.Channel, listening: FirestoreAsyncClient, project: str) -> None:
        self._channel = channel
        self._client = listening
        self.database = f"projects/{project}/databases/(default)"
        self.documents = f"{self.database}/documents"
        self._times = Times(self.documents)
        self._commits: list[Any] = []
        self._transactions: dict[int, bytes] = {}
        self._listener: Listener | None = None
        self._targets: set[int] = set()
        self._broken: Failure | None = None
        self._marks = 0
        self._racing: tuple[int, Operation, asyncio.Task[list[Any] | Failure]] | None = None

    async def __aenter__(self) -> "Server":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            await self._listener.__aexit__()

    async def answers(self, sequence: list[Operation]) -> list[Answer]:
        """The answer to each operation of a sequence, one after another."""
        found: list[Answer] = []
        for position, operation in enumerate(sequence):
            if operation.method == generator.RACE:
                await self._finish(found)
                self._racing = position, operation, asyncio.create_task(self._sent("Commit", operation))
                await asyncio.sleep(_HEAD_START)
                found.append(None)
                continue
            found.append(await self._answer(operation))
            await self._finish(found)
        await self._finish(found)
        return found

    async def _finish(self, found: list[Answer]) -> None:
        if self._racing is not None:
            position, operation, task = self._racing
            found[position] = self._told("Commit", operation, await task)
            self._racing = None

    async def _answer(self, operation: Operation) -> Answer:
        match operation.method:
            case generator.LISTEN:
                return await self._listen(operation)
            case generator.UNLISTEN:
                if self._listener is not None and operation.number in self._targets:
                    self._listener.remove(operation.number)
                    self._targets.discard(operation.number)
                return None
            case generator.SYNC:
                return await self._sync()
            case "ListDocuments" | "ListCollectionIds" as method:
                return await self._pages(method, operation)
            case method:
                return await self._call(method, operation)

    async def _pages(self, method: str, operation: Operation) -> Answer:
        """Everything, as whether a token leads to an empty page is not said."""
        found: list[Answer] = []
        token = ""
        while True:
            answer = await self._call(method, Operation(method, {**operation.request, "page_token": token}))
            if isinstance(answer, Failure):
                return answer
            page, token = answer
            found += page
            if not token:
                return found

    async def _call(self, method: str, operation: Operation) -> Answer:
        return self._told(method, operation, await self._sent(method, operation))

    async def _sent(self, method: str, operation: Operation) -> list[Any] | Failure:
        request = resolve(operation.request, self.documents, self._lookup)
        if "database" in request:
            request["database"] = self.database
        try:
            return await self._send(method, request)
        except grpc.aio.AioRpcError as error:
            return Failure(error.code().name, error.details() or "")

    def _told(self, method: str, operation: Operation, responses: list[Any] | Failure) -> Answer:
        if method == "Commit":
            self._commits.append(None if isinstance(responses, Failure) else responses[0].commit_time)
        if isinstance(responses, Failure):
            return responses
        if method == "BeginTransaction":
            self._transactions[operation.number] = responses[0].transaction
        if method in _WRITING:
            self._times.learn(responses[0], operation.request)
        return normal.plain(method, responses, self._times)

    async def _send(self, method: str, request: dict[str, Any]) -> list[Any]:
        kind = self._channel.unary_stream if method in _STREAMS else self._channel.unary_unary
        response = _RESPONSES[method]
        raw = response if method in ("DeleteDocument", "Rollback") else response.pb()
        call = kind(
            _SERVICE + method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=raw.FromString,
        )(getattr(types, f"{method}Request").pb()(**request), metadata=(_OWNER,), timeout=_DEADLINE)
        return [one async for one in call] if method in _STREAMS else [await call]

    def _lookup(self, kind: str, key: Any) -> Any:
        match kind:
            case "commit":
                return self._commits[key] if key < len(self._commits) else None
            case "version":
                return self._times.version(f"{self.documents}/{key}")
            case _:
                return self._transactions.get(key, b"none")

    async def _listen(self, operation: Operation) -> Answer:
        if self._listener is None:
            self._listener = Listener(self._client, self.database)
            await self._listener.__aenter__()
            self._listener.add_documents(1, "sync/mark")
        self._listener.add(operation.number, **resolve(operation.request, self.documents, self._lookup))
        self._targets.add(operation.number)
        return None

    async def _sync(self) -> Answer:
        """What the client that listens holds when it has seen a write that comes after all others."""
        if self._listener is None or self._broken is not None:
            return self._broken
        refused: list[Answer] = []
        for seconds in _PATIENCE:
            await self._mark()
            with contextlib.suppress(TimeoutError):
                return await self._hear(self._listener, refused, seconds)
        return Failure("NOTHING HEARD")

    async def _mark(self) -> None:
        """Google's emulator loses a change that comes while a target is added; hence more than one."""
        self._marks += 1
        mark = {"name": f"{self.documents}/sync/mark", "fields": {"n": {"integer_value": self._marks}}}
        await self._send("Commit", {"database": self.database, "writes": [{"update": mark}]})

    async def _hear(self, listener: Listener, refused: list[Answer], seconds: float) -> Answer:
        while True:
            try:
                snapshot = await listener.until(self._is_marked, seconds)
            except Refused as error:
                refused.append((error.target_id, Failure(_NAMES[error.code], str(error))))
                self._targets.discard(error.target_id)
            except (exceptions.GoogleAPICallError, UnreadableError) as error:
                code = getattr(error, "grpc_status_code", None)
                self._broken = Failure(code.name if code else "UNKNOWN", str(error))
                return self._broken
            else:
                return refused, normal.snapshot(snapshot, self._times)

    def _is_marked(self, snapshot: dict[int, Any]) -> bool:
        marks = snapshot.get(1, {}).values()
        is_marked = any(mark.fields["n"].integer_value == self._marks for mark in marks)
        return is_marked and snapshot.keys() == self._targets | {1}
