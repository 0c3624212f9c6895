"""What does a client that listens hold in its hands? It folds the responses of one Listen call into snapshots."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient

Documents = dict[str, types.Document]
Change = types.TargetChange.TargetChangeType

_DEADLINE = 20


class Refused(Exception):
    """The server removed a target that the client had not: ``code`` says why."""

    def __init__(self, target_id: int, code: int, message: str) -> None:
        super().__init__(f"target {target_id}: {code} {message}")
        self.target_id = target_id
        self.code = code


class UnreadableError(Exception):
    """The server sent what is no message."""


class Listener:
    """``async with Listener(client, database) as listener``."""

    def __init__(self, client: FirestoreAsyncClient, database: str) -> None:
        self._client = client
        self.database = database
        self._requests: asyncio.Queue[types.ListenRequest] = asyncio.Queue()
        self._live: dict[int, Documents] = {}
        self._current: set[int] = set()
        self._reading: asyncio.Future[types.ListenResponse] | None = None
        self.snapshot: dict[int, Documents] = {}
        """The documents of each target by name, as of the last time at which all of them were true."""
        self.token = b""
        self.read_times: list[Any] = []
        self.responses: list[types.ListenResponse] = []
        """Every response so far."""

    async def __aenter__(self) -> "Listener":
        metadata = (("authorization", "Bearer owner"), ("google-cloud-resource-prefix", self.database))
        self._stream = await self._client.listen(requests=self._sent(), metadata=metadata)
        self._call = aiter(self._stream)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stream.cancel()
        if self._reading is not None:
            await asyncio.wait({self._reading})
            self._reading.cancelled() or self._reading.exception()  # seen, as asyncio wants it

    async def _sent(self) -> AsyncIterator[types.ListenRequest]:
        while True:
            yield await self._requests.get()

    def add(self, target_id: int, **target: Any) -> None:
        """Listen to ``query`` or ``documents`` as well."""
        target = {"target_id": target_id, **target}
        self._requests.put_nowait(types.ListenRequest(database=self.database, add_target=target))

    def add_documents(self, target_id: int, *paths: str, **target: Any) -> None:
        names = [f"{self.database}/documents/{path}" for path in paths]
        self.add(target_id, documents={"documents": names}, **target)

    def add_query(self, target_id: int, query: Mapping[str, Any], parent: str = "", **target: Any) -> None:
        name = f"{self.database}/documents" + (f"/{parent}" if parent else "")
        self.add(target_id, query={"parent": name, "structured_query": query}, **target)

    def remove(self, target_id: int) -> None:
        self._requests.put_nowait(types.ListenRequest(database=self.database, remove_target=target_id))

    async def until(
        self, holds: Callable[[dict[int, Documents]], bool], seconds: float = _DEADLINE
    ) -> dict[int, Documents]:
        """The first snapshot that ``holds`` says yes to, the present one included. TimeoutError: none came."""
        async with asyncio.timeout(seconds):
            while not holds(self.snapshot):
                await self.next()
        return self.snapshot

    async def next(self) -> types.ListenResponse:
        """Take in one more response."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(anext(self._call))
        response = await asyncio.shield(self._reading)  # a read that is cut short would end the call
        self._reading = None
        if not isinstance(response, types.ListenResponse):
            raise UnreadableError("the bytes of a response are no ListenResponse")
        self.responses.append(response)
        match types.ListenResponse.pb(response).WhichOneof("response_type"):
            case "target_change":
                self._turn(response.target_change)
            case "document_change":
                self._change(response.document_change)
            case "document_delete":
                self._drop(response.document_delete)
            case "document_remove":
                self._drop(response.document_remove)
        return response

    def _turn(self, change: types.TargetChange) -> None:
        for target_id in change.target_ids:
            match change.target_change_type:
                case Change.ADD | Change.RESET:
                    is_kept = change.target_change_type == Change.ADD and target_id in self._live
                    self._live[target_id] = self._live[target_id] if is_kept else {}
                    self._current.discard(target_id)
                case Change.CURRENT:
                    self._current.add(target_id)
                case Change.REMOVE:
                    self._live.pop(target_id, None)
                    self.snapshot.pop(target_id, None)
                    if change.cause.code:
                        raise Refused(target_id, change.cause.code, change.cause.message)
        self.token = change.resume_token or self.token
        if not change.target_ids and change.read_time is not None and self._current >= self._live.keys():
            self.read_times.append(change.read_time)
            self.snapshot = {target_id: dict(documents) for target_id, documents in self._live.items()}

    def _change(self, change: types.DocumentChange) -> None:
        for target_id in change.target_ids:
            self._live[target_id][change.document.name] = change.document
        for target_id in change.removed_target_ids:
            self._live[target_id].pop(change.document.name, None)

    def _drop(self, gone: Any) -> None:
        for target_id in gone.removed_target_ids:
            self._live[target_id].pop(gone.document, None)

    def known(self, target_id: int, documents: Documents) -> None:
        """Begin a target that is resumed with what another call left."""
        self._live[target_id] = dict(documents)
