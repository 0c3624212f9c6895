"""What does a client that listens hear: the state of its targets, then every change, one true time after another.

The order of responses and what each means:
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#targetchange. A target begins with ADD,
its documents and CURRENT; after it, and after each later batch of changes, comes a TargetChange of no target, whose
``read_time`` says when everything sent so far on the stream was true. Changes that come faster than the client reads
are sent as one: it misses states, never the last one, and never sees half a commit.

A resume token is a time. The changes since then are sent if memory still holds them; else the target is RESET and
sent whole. So is one whose client counts other documents than there were (``expected_count``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

from local.firestore import errors, messages, names
from local.firestore.engine import Engine, masked
from local.firestore.errors import FirestoreError
from local.firestore.field_paths import FieldPath
from local.firestore.history import Change
from local.firestore.interests import Interests
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.reading import Reading
from local.firestore.rows import Row
from local.firestore.targets import Delta, DocumentsTarget, Found, QueryTarget, Target

HEARTBEAT = 30.0
"""Seconds without a change after which a stream gets a new time and token, so that it can resume from there."""

_NO_CHANGE, _ADD, _REMOVE, _CURRENT, _RESET = range(5)


class Listening:
    """All streams of Listen, and whom of them a commit concerns."""

    def __init__(self, engine: Engine, reading: Reading) -> None:
        self.engine = engine
        self.reading = reading
        self._interests: Interests[tuple[Stream, int]] = Interests()
        engine.history.watchers.append(self._tell)

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            for stream, target_id in self._interests.concerned(change):
                stream.note(change, target_id)

    def join(self, stream: Stream, target_id: int, target: Target) -> None:
        """From now on tell the stream what concerns its target."""
        self._interests.add((stream, target_id), target.keys)

    def leave(self, stream: Stream, target_id: int, target: Target) -> None:
        """No longer."""
        self._interests.remove((stream, target_id), target.keys)

    async def listen(self, requests: AsyncIterator[Message]) -> AsyncGenerator[Message]:
        """Listen. INVALID_ARGUMENT: a request that no target of the stream can be blamed for."""
        stream = Stream(self)
        reader = asyncio.create_task(_read(requests, stream))
        try:
            while not stream.is_ended or stream.inbox:
                is_woken = await stream.wait(HEARTBEAT)
                for response in stream.changes() if is_woken else stream.heartbeat():
                    yield response
                while stream.inbox:
                    for response in stream.answer(stream.inbox.popleft()):
                        yield response
        finally:
            reader.cancel()
            stream.close()


async def _read(requests: AsyncIterator[Message], stream: Stream) -> None:
    try:
        async for request in requests:
            stream.inbox.append(request)
            stream.wake()
    finally:
        stream.is_ended = True
        stream.wake()


class Stream:
    """One call of Listen: its targets, and what has changed of them since what was last sent."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._engine = listening.engine
        self._database = ""
        self._targets: dict[int, Target] = {}
        self._last_id = 0
        self._is_numbering = False
        self._deltas: dict[Path, Delta] = {}
        self._concerned: dict[int, set[Path]] = {}
        self._woken = asyncio.Event()
        self.inbox: deque[Message] = deque()
        self.is_ended = False

    def wake(self) -> None:
        """Have the loop of the stream look again."""
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Until there is something to do; False: nothing came for so long."""
        waiting = asyncio.ensure_future(self._woken.wait())
        try:  # not wait_for, which asks for its task: there may be none yet, see ``local.grpc_server.calls``
            await asyncio.wait((waiting,), timeout=seconds)
        finally:
            waiting.cancel()
        is_woken = self._woken.is_set()
        self._woken.clear()
        return is_woken

    def note(self, change: Change, target_id: int) -> None:
        """A change that may concern a target of this stream; it is looked at when the client can take more."""
        delta = self._deltas.get(change.path)
        if delta is None or delta.after is not change.after:
            before = change.before if delta is None else delta.before
            self._deltas[change.path] = Delta(change.path, before, change.after)
        self._concerned.setdefault(target_id, set()).add(change.path)
        self.wake()

    def changes(self) -> list[Message]:
        """What the changes since the last time come to, and the time at which all of it is true."""
        deltas, concerned = self._deltas, self._concerned
        self._deltas, self._concerned = {}, {}
        batch = _Batch(self._database, self._now())
        store, history = self._engine.store, self._engine.history
        for target_id, paths in concerned.items():
            target = self._targets[target_id]
            for found in target.changed((deltas[path] for path in paths), store, history):
                batch.add(target_id, target.projection, found)
        responses = list(batch.responses(changed=deltas))
        return [*responses, batch.mark()] if responses else []

    def heartbeat(self) -> list[Message]:
        """That nothing has changed until now."""
        return [_Batch(self._database, self._now()).mark()] if self._targets else []

    def _now(self) -> int:
        return self._engine.history.advance(self._engine.now())

    def answer(self, request: Message) -> Iterator[Message]:
        """The responses to a request, all read at one time."""
        database = names.check_database(request.database)
        if self._database not in ("", database):
            raise errors.invalid(f"The stream listens to {self._database}; it cannot listen to {database} as well.")
        self._database = database
        match request.WhichOneof("target_change"):
            case "add_target":
                return iter([*self.changes(), *self._add(request.add_target)])
            case "remove_target":
                return iter([*self.changes(), *self._remove(request.remove_target, None)])
            case _:
                raise errors.invalid("A request to listen must add or remove a target.")

    def _add(self, wanted: Message) -> Iterator[Message]:
        target_id = self._number(wanted.target_id)
        yield _target_change(_ADD, target_id)
        try:
            if self._is_numbering and wanted.target_id:
                raise errors.invalid("target_id must be 0 for all targets that follow one with 0.")
            target = self._target(wanted)
            since = self._since(wanted, target)
            yield from self._first(target_id, target, since, is_resumed=wanted.WhichOneof("resume_type") is not None)
        except FirestoreError as error:
            yield from self._remove(target_id, error)
            return
        self._targets[target_id] = target
        self._listening.join(self, target_id, target)
        if wanted.once:
            yield from self._remove(target_id, None)

    def _number(self, wanted: int) -> int:
        if wanted < 0 or wanted in self._targets:
            raise errors.invalid(
                f"target_id {wanted} is " + ("negative." if wanted < 0 else "in use on this stream.")
            )
        if not wanted:
            self._is_numbering = True
        self._last_id = max(self._last_id, wanted) if wanted else self._last_id + 1
        return wanted or self._last_id

    def _target(self, wanted: Message) -> Target:
        kind = wanted.WhichOneof("target_type")
        if kind == "documents":
            found = [names.split_document(name) for name in wanted.documents.documents]
            if any(database != self._database for database, _ in found):
                raise errors.invalid(f"A document of the target is not in {self._database}.")
            return DocumentsTarget(self._database, {path for _, path in found})
        if kind != "query" or wanted.query.WhichOneof("query_type") != "structured_query":
            raise errors.invalid("The target names neither documents nor a query.")
        database, parent = names.split_parent(wanted.query.parent)
        if database != self._database:
            raise errors.invalid(f"The query of the target is not of {self._database}.")
        return QueryTarget(self._listening.reading.parse(database, parent, wanted.query.structured_query))

    def _since(self, wanted: Message, target: Target) -> int | None:
        """From which time on the changes are enough for the client; None: it needs everything."""
        match wanted.WhichOneof("resume_type"):
            case "resume_token":
                since = int.from_bytes(wanted.resume_token, "big")
            case "read_time":
                since = messages.micros(wanted.read_time)
            case _:
                return None
        store, history = self._engine.store, self._engine.history
        if not history.oldest <= since <= history.last:
            return None
        if wanted.HasField("expected_count") and wanted.expected_count.value != target.count(store, history, since):
            return None
        return since

    def _first(self, target_id: int, target: Target, since: int | None, *, is_resumed: bool) -> Iterator[Message]:
        store, history = self._engine.store, self._engine.history
        batch = _Batch(self._database, self._now())
        deltas: dict[Path, Delta] = {}
        if since is None:
            if is_resumed:
                yield _target_change(_RESET, target_id)
            found = target.all(store, history, batch.time)
        else:
            target.restore(store, history, since)
            deltas = self._deltas_since(target, since)
            found = target.changed(deltas.values(), store, history)
        for one in found:
            batch.add(target_id, target.projection, one)
        yield from batch.responses(changed=deltas)
        yield batch.mark(_CURRENT, target_id)
        yield batch.mark()

    def _deltas_since(self, target: Target, since: int) -> dict[Path, Delta]:
        interests: Interests[int] = Interests()
        interests.add(0, target.keys)
        deltas: dict[Path, Delta] = {}
        for change in self._engine.history.since(since):
            if interests.concerned(change):
                first = deltas.get(change.path)
                before = change.before if first is None else first.before
                deltas[change.path] = Delta(change.path, before, change.after)
        return deltas

    def _remove(self, target_id: int, cause: FirestoreError | None) -> Iterator[Message]:
        target = self._targets.pop(target_id, None)
        if target is not None:
            self._listening.leave(self, target_id, target)
        if target is not None or cause is not None:
            response = _target_change(_REMOVE, target_id)
            if cause is not None:
                response.target_change.cause.code = cause.code.value[0]
                response.target_change.cause.message = cause.message
            yield response

    def close(self) -> None:
        """Listen no more."""
        for target_id in list(self._targets):
            list(self._remove(target_id, None))


class _Batch:
    """What is sent for one time: a response for each document, for all targets together."""

    def __init__(self, database: str, time: int) -> None:
        self._database = database
        self.time = time
        self._found: dict[tuple[Path, Any], tuple[Row | None, list[int], list[int]]] = {}

    def add(self, target_id: int, projection: tuple[FieldPath, ...] | None, found: Found) -> None:
        _, targets, removed = self._found.setdefault((found.path, projection), (found.row, [], []))
        (targets if found.matches else removed).append(target_id)

    def responses(self, *, changed: dict[Path, Delta]) -> Iterator[Message]:
        """``changed``: the documents that are other than they were."""
        for (path, projection), (row, targets, removed) in self._found.items():
            if row is not None and (targets or path in changed):
                response = messages.ListenResponse()
                response.document_change.document.CopyFrom(masked(row.message(), projection))
                response.document_change.target_ids.extend(targets)
                response.document_change.removed_target_ids.extend(removed)
                yield response
            else:
                yield self._gone(path, is_deleted=row is None, removed=removed)

    def _gone(self, path: Path, *, is_deleted: bool, removed: list[int]) -> Message:
        response = messages.ListenResponse()
        gone = response.document_delete if is_deleted else response.document_remove
        gone.document = names.join(self._database, path)
        gone.read_time.CopyFrom(messages.timestamp(self.time))
        gone.removed_target_ids.extend(removed)
        return response

    def mark(self, kind: int = _NO_CHANGE, *target_ids: int) -> Message:
        """That what was sent is true at this time, of the targets or, without any, of all of the stream."""
        response = _target_change(kind, *target_ids)
        response.target_change.read_time.CopyFrom(messages.timestamp(self.time))
        response.target_change.resume_token = self.time.to_bytes(8, "big")
        return response


def _target_change(kind: int, *target_ids: int) -> Message:
    return messages.ListenResponse(target_change={"target_change_type": kind, "target_ids": target_ids})
