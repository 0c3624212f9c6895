"""How does an instance follow what becomes of documents? By the Listen call: a few calls, many targets each.

The Python client has no watch of its own in asyncio, so the call is made here
(https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#google.firestore.v1.Firestore.Listen). A
``Watch`` is some documents and queries that are to be seen together: its ``Snapshot`` is told when all of them are
true at one time, which a TargetChange without targets says. A call that breaks is made again, and its targets begin
anew where they were (``resume_token``).

Not an aggregate: whose documents and queries these are the callers say (``live_rows.py``).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.types import firestore as rpc

from shared import caches
from shared.firestore import client

MAX_TARGETS = 90
"""On one call: Google advises fewer than 100 listeners a client
(https://cloud.google.com/firestore/docs/real_time_queries_at_scale)."""

SILENCE_SECONDS = 120.0
"""A call on which nothing came for so long is made again: a heartbeat comes each half minute."""

PAUSES = (0.1, 0.3, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0)
"""Before a call is made again; after the last of them its watches have failed."""

TOO_OLD = (exceptions.FailedPrecondition, exceptions.InvalidArgument)
"""What a read at a time that is not kept any more is answered: after an hour, without point-in-time recovery
(https://firebase.google.com/docs/firestore/understand-reads-writes-scale#stale_reads)."""

_log = logging.getLogger(__name__)
_Change = rpc.TargetChange.TargetChangeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What has changed by ``time`` (microseconds): (number of the target, id) -> the document, None: it is gone.
    ``whole``: it is all that there is."""

    time: int
    changes: Mapping[tuple[int, str], Any]
    whole: bool


Target = firestore.AsyncDocumentReference | firestore.AsyncQuery | firestore.AsyncCollectionReference


@dataclass(kw_only=True, eq=False)
class Watch:
    """``told`` gets every snapshot, and must not block; ``failed`` is called once where there will be no more."""

    targets: Sequence[Target]
    told: Callable[[Snapshot], None]
    failed: Callable[[], None]
    _call: "_Call | None" = None
    _ids: dict[int, int] = field(default_factory=dict[int, int])
    _current: set[int] = field(default_factory=set[int])
    _changes: dict[tuple[int, str], Any] = field(default_factory=dict[tuple[int, str], Any])
    _tokens: dict[int, bytes] = field(default_factory=dict[int, bytes])
    _whole: bool = True
    _seen: bool = False

    def close(self) -> None:
        if self._call is not None:
            self._call.leave(self)

    def begin(self, ids: Sequence[int]) -> list[rpc.Target]:
        """The targets as they are asked for, under these ids."""
        self._ids = {id_: number for number, id_ in enumerate(ids)}
        self._current.clear()
        self._changes.clear()
        self._whole = not self._tokens
        return [self._asked(number, id_) for number, id_ in enumerate(ids)]

    def _asked(self, number: int, id_: int) -> rpc.Target:
        target = self.targets[number]
        resume: dict[str, Any] = {"resume_token": self._tokens[number]} if number in self._tokens else {}
        if isinstance(target, firestore.AsyncDocumentReference):
            documents = rpc.Target.DocumentsTarget(documents=[target._document_path])  # pyright: ignore[reportPrivateUsage]
            return rpc.Target(documents=documents, target_id=id_, **resume)
        query = target if isinstance(target, firestore.AsyncQuery) else target._query()  # pyright: ignore[reportPrivateUsage]
        parent, _ = query._parent._parent_info()  # pyright: ignore[reportPrivateUsage]
        asked = rpc.Target.QueryTarget(parent=parent, structured_query=query._to_protobuf())  # pyright: ignore[reportPrivateUsage]
        return rpc.Target(query=asked, target_id=id_, **resume)

    def note(self, id_: int, name: str, document: Any) -> None:
        self._changes[self._ids[id_], name.rpartition("/")[2]] = document

    def mark(self, ids: Sequence[int], token: bytes) -> None:
        for id_ in ids:
            self._current.add(id_)
            self._tokens[self._ids[id_]] = token

    def forget(self) -> None:
        """Where it was: it begins with everything."""
        self._tokens.clear()

    def see(self, time: int, token: bytes) -> None:
        """Everything so far is true at this time."""
        if len(self._current) < len(self.targets):
            return
        self._tokens = dict.fromkeys(range(len(self.targets)), token)
        changes, whole = self._changes, self._whole
        self._changes, self._whole = {}, False
        if changes or whole or not self._seen:
            self._seen = True
            self.told(Snapshot(time=time, changes=changes, whole=whole))


class Calls:
    """The calls of an instance."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def follow(self, watch: Watch) -> None:
        """Until it is closed."""
        self._calls = [call for call in self._calls if not call.is_over]
        for call in self._calls:
            if call.has_room(len(watch.targets)):
                return call.join(watch)
        call = _Call()
        self._calls.append(call)
        return call.join(watch)


calls = caches.per_loop(Calls)


class _Call:
    """One Listen call, made again while anybody is on it."""

    def __init__(self) -> None:
        self._watches: dict[Watch, list[int]] = {}
        self._of: dict[int, Watch] = {}
        self._requests: asyncio.Queue[rpc.ListenRequest] = asyncio.Queue()
        self._last_id = 0
        self._task: asyncio.Task[None] | None = None
        self.is_over = False

    def has_room(self, targets: int) -> bool:
        return not self.is_over and len(self._of) + targets <= MAX_TARGETS

    def join(self, watch: Watch) -> None:
        watch._call = self  # pyright: ignore[reportPrivateUsage]
        self._ask(watch)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self, watch: Watch) -> None:
        for id_ in self._watches.pop(watch, []):
            self._of.pop(id_, None)
            self._requests.put_nowait(self._request(remove_target=id_))
        if not self._watches:
            self.is_over = True
            if self._task is not None:
                self._task.cancel()

    def _ask(self, watch: Watch) -> None:
        ids = [self._last_id + 1 + number for number in range(len(watch.targets))]
        self._last_id = ids[-1]
        self._watches[watch] = ids
        self._of.update(dict.fromkeys(ids, watch))
        for target in watch.begin(ids):
            self._requests.put_nowait(self._request(add_target=target))

    def _again(self, watch: Watch) -> None:
        for id_ in self._watches.get(watch, []):
            self._of.pop(id_, None)
            self._requests.put_nowait(self._request(remove_target=id_))
        self._ask(watch)

    def _request(self, **change: Any) -> rpc.ListenRequest:
        return rpc.ListenRequest(database=client.client()._database_string, **change)  # pyright: ignore[reportPrivateUsage]

    async def _run(self) -> None:
        failures = 0
        while failures < len(PAUSES):
            try:
                async for _ in self._responses():
                    failures = 0
                _log.info("a Listen call ended; it is made again")
            except Exception:  # noqa: BLE001 - whatever it is, the call is made again
                _log.warning("a Listen call broke; it is made again", exc_info=failures == 0)
            await asyncio.sleep(PAUSES[failures])
            failures += 1
            self._requests = asyncio.Queue()
            self._of.clear()
            for watch in list(self._watches):
                self._ask(watch)
        self.is_over = True
        for watch in list(self._watches):
            watch.failed()

    async def _responses(self) -> AsyncIterator[None]:
        """One call; every response as it was dealt with."""
        made = client.client()
        asked = self._sent(self._requests)
        stream = await made._firestore_api.listen(requests=asked, metadata=made._rpc_metadata)  # pyright: ignore[reportPrivateUsage]
        responses = aiter(stream)
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    response = await anext(responses)
            except StopAsyncIteration:
                return
            self._take(response)
            yield

    async def _sent(self, asked: asyncio.Queue[rpc.ListenRequest]) -> AsyncIterator[rpc.ListenRequest]:
        while True:
            yield await asked.get()

    def _take(self, response: rpc.ListenResponse) -> None:
        kind = rpc.ListenResponse.pb(response).WhichOneof("response_type")
        match kind:
            case "target_change":
                self._target(response.target_change)
            case "document_change":
                changed = response.document_change
                self._note(changed.target_ids, changed.document.name, changed.document)
                self._note(changed.removed_target_ids, changed.document.name, None)
            case "document_delete":
                self._note(response.document_delete.removed_target_ids, response.document_delete.document, None)
            case "document_remove":
                self._note(response.document_remove.removed_target_ids, response.document_remove.document, None)
            case "filter":
                self._anew(self._of.get(response.filter.target_id))
            case _:
                return

    def _note(self, ids: Sequence[int], name: str, document: Any) -> None:
        for id_ in ids:
            if id_ in self._of:
                self._of[id_].note(id_, name, document)

    def _target(self, change: rpc.TargetChange) -> None:
        ids = [id_ for id_ in change.target_ids if id_ in self._of]
        watches = {self._of[id_] for id_ in ids}
        match change.target_change_type:
            case _Change.REMOVE if ids:
                raise ConnectionError(f"Firestore gave a target up: {change.cause.message}")
            case _Change.RESET if ids:
                for watch in watches:
                    self._anew(watch)
            case _Change.CURRENT:
                for id_ in ids:
                    self._of[id_].mark([id_], change.resume_token)
            case _Change.NO_CHANGE if not change.target_ids and change.read_time:
                time = micros(change.read_time)
                for watch in list(self._watches):
                    watch.see(time, change.resume_token)
            case _:
                return

    def _anew(self, watch: Watch | None) -> None:
        """What the server has is not what was told: all of it once more."""
        if watch is not None:
            watch.forget()
            self._again(watch)


def micros(moment: Any) -> int:
    """Of a DatetimeWithNanoseconds or a Timestamp."""
    if hasattr(moment, "seconds") and hasattr(moment, "nanos"):
        return moment.seconds * 1_000_000 + moment.nanos // 1_000
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
