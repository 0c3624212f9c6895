"""What does each call on documents mean?

Requests and responses are the raw messages of ``google.firestore.v1.Firestore``; refusals are FirestoreError. Each
method waits for nothing but locks, then reads or writes all it must without awaiting, so calls never see each other
half done. An iterator of responses has read everything, and refused what it refuses, before its first.
"""

import secrets
import string
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from local import database as local_database
from local.firestore import commits, errors, field_paths, limits, messages, names, plain, writes
from local.firestore.history import History
from local.firestore.index_file import IndexFile
from local.firestore.locks import Writes
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.ranges import Observed
from local.firestore.rows import Row
from local.firestore.store import Store
from local.firestore.transactions import Mode, Transaction, Transactions

_ALPHABET = string.ascii_letters + string.digits


class Engine:
    """The state that all calls share."""

    def __init__(
        self,
        database: local_database.Database,
        index_file: IndexFile | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._clock = clock
        self.store = Store(database, index_file)
        self.history = History(self.store)
        self.transactions = Transactions(self.history)

    def now(self) -> int:
        """Microseconds since the epoch."""
        return time.time_ns() // 1000 if self._clock is None else int(self._clock().timestamp() * 1_000_000)

    def view(self, request: Message, database: str) -> "View":
        """What a request reads: the present, the past, or what its transaction does."""
        now = self.now()
        match request.WhichOneof("consistency_selector"):
            case "transaction":
                return View(self, self.transactions.get(request.transaction, database, now))
            case "new_transaction":
                transaction = self.transactions.begin(database, request.new_transaction, now)
                return View(self, transaction, begun=transaction.id)
            case "read_time":
                return View(self, None, time=self.transactions.check_time(messages.micros(request.read_time), now))
            case _:
                return View(self, None)

    async def get_document(self, request: Message) -> Message:
        """GetDocument. NOT_FOUND: it does not exist."""
        database, path = names.split_document(request.name)
        mask = mask_of(request)
        time = await self.view(request, database).lock(database, [path])
        row = self.history.find(database, path, time)
        if row is None:
            raise errors.not_found(f'Document "{request.name}" not found.')
        return masked(row.message(), mask)

    async def batch_get_documents(self, request: Message) -> Iterator[Message]:
        """BatchGetDocuments: each document once, in the order asked for, all as of one time."""
        database = names.check_database(request.database)
        wanted = {name: names.split_document(name) for name in request.documents}
        for name, (found, _) in wanted.items():
            if found != database:
                raise errors.elsewhere(name, database)
        mask = mask_of(request)
        view = self.view(request, database)
        time = await view.lock(database, [path for _, path in wanted.values()])
        rows = [(name, self.history.find(database, path, time)) for name, (_, path) in wanted.items()]
        return _batch(rows, mask, messages.timestamp(time), view.begun)

    async def begin_transaction(self, request: Message) -> Message:
        """BeginTransaction."""
        database = names.check_database(request.database)
        now = self.now()
        self.transactions.expire(now)
        transaction = self.transactions.begin(database, request.options, now)
        return messages.BeginTransactionResponse(transaction=transaction.id)

    async def rollback(self, request: Message) -> Message:
        """Rollback. Ending what has ended is no error."""
        names.check_database(request.database)
        self.transactions.end(request.transaction)
        return messages.Empty()

    async def commit(self, request: Message) -> Message:
        """Commit: all writes or none. ABORTED: others held on to what is written, or what an optimistic transaction
        read has changed since. The transaction is over, unless the writes make no sense whatever is stored."""
        database = names.check_database(request.database)
        limits.check_request(request.ByteSize())
        if plain.fits(request):
            now = self.now()
            self.transactions.expire(now)
            if self.transactions.locks.are_free:
                return plain.commit(self.store, self.history, database, request, now)
        commit = self._commit(database, *request.writes)
        transaction = self._committing(request, commit) if request.transaction else None
        time, outcomes = await self._apply(commit, transaction)
        response = messages.CommitResponse()
        messages.set_timestamp(response.commit_time, time)
        for outcome in outcomes:
            outcome.fill(response.write_results.add())
        return response

    def _commit(self, database: str, *wanted: Message) -> commits.Commit:
        return commits.Commit(self.store, self.history, database, wanted)

    def _committing(self, request: Message, commit: commits.Commit) -> Transaction:
        """The transaction, which takes no more calls; it does where a write makes no sense whatever is stored."""
        transaction = self.transactions.get(request.transaction, commit.database, self.now())
        commit.check(self.now())
        if transaction.mode is Mode.READ_ONLY and request.writes:
            raise errors.invalid("Cannot modify entities in a read-only transaction.")
        self.transactions.close(transaction)
        return transaction

    async def _apply(
        self, commit: commits.Commit, transaction: Transaction | None = None
    ) -> tuple[int, list[commits.Outcome]]:
        """Wait for the locks of others, then write: in one turn of the loop, so that nothing comes between."""
        now = self.now()
        self.transactions.expire(now)
        locks = self.transactions.locks
        if transaction is None and locks.are_free:
            commit.draft(now)
            return commit.store()
        owner = transaction.owner if transaction is not None else self.transactions.newcomer()
        try:
            await locks.write(owner, partial(self._draft, commit))
            if transaction is not None:
                self.transactions.validate(transaction)
            return commit.store()
        finally:
            locks.release(owner)

    def _draft(self, commit: commits.Commit) -> Writes:
        commit.draft(self.now())
        return commit.touched()

    async def batch_write(self, request: Message) -> Message:
        """BatchWrite: each write by itself, with a status of its own. INVALID_ARGUMENT: a document twice, or a write
        that makes no sense whatever is stored."""
        database = names.check_database(request.database)
        limits.check_request(request.ByteSize())
        targets = [writes.target(write, database) for write in request.writes]
        if len({target.path for target in targets}) < len(targets):
            raise errors.invalid("the same document cannot be written more than once in a single request")
        for write, target in zip(request.writes, targets, strict=True):
            writes.check(write, target, self.now())
        response = messages.BatchWriteResponse()
        for write in request.writes:
            try:
                _, (outcome,) = await self._apply(self._commit(database, write))
            except errors.FirestoreError as error:
                response.write_results.add()
                response.status.add(code=error.code.value[0], message=error.message)
            else:
                outcome.fill(response.write_results.add())
                response.status.add()
        return response

    async def create_document(self, request: Message) -> Message:
        """CreateDocument, under an id of the server's when none is given. ALREADY_EXISTS."""
        if request.document.name:
            raise errors.invalid("document.name must not be set")
        if "/" in request.collection_id or "/" in request.document_id:
            raise errors.invalid("Neither a collection id nor a document id may contain a slash.")
        id_ = request.document_id or "".join(secrets.choice(_ALPHABET) for _ in range(20))
        write = messages.Write(update=request.document)
        write.update.name = f"{request.parent}/{request.collection_id}/{id_}"
        write.current_document.exists = False
        return await self._written(write, mask_of(request))

    async def update_document(self, request: Message) -> Message:
        """UpdateDocument: creates it too, unless the precondition forbids."""
        write = messages.Write(update=request.document)
        for field in ("update_mask", "current_document"):
            if request.HasField(field):
                getattr(write, field).CopyFrom(getattr(request, field))
        return await self._written(write, mask_of(request))

    async def _written(self, write: Message, mask: list[field_paths.FieldPath] | None) -> Message:
        limits.check_request(write.ByteSize())
        database, path = names.split_document(write.update.name)
        await self._apply(self._commit(database, write))
        row = self.store.find(database, path)
        assert row is not None, "it was written just before, in the same turn of the loop"
        return masked(row.message(), mask)

    async def delete_document(self, request: Message) -> Message:
        """DeleteDocument. Deleting what is not there is no error."""
        database, _ = names.split_document(request.name)
        write = messages.Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        await self._apply(self._commit(database, write))
        return messages.Empty()


class View:
    """What one request reads. ``begun``: the id of the transaction that it begins."""

    def __init__(
        self, engine: Engine, transaction: Transaction | None, *, time: int | None = None, begun: bytes = b""
    ) -> None:
        self._engine, self._transaction, self._time = engine, transaction, time
        self.begun = begun

    def time(self) -> int:
        """In µs, the time at which it reads now."""
        engine, transaction = self._engine, self._transaction
        if self._time is not None:
            return self._time
        if transaction is None or transaction.mode is Mode.PESSIMISTIC:
            return engine.history.advance(engine.now())
        return engine.transactions.read_time(transaction, engine.now())

    async def lock(self, database: str, paths: Sequence[Path]) -> int:
        """The time at which to read these documents at once: nobody writes them before the transaction ends."""
        if self._transaction is not None and self._transaction.mode is not Mode.READ_ONLY:
            documents = [(database, path) for path in paths]
            if self._transaction.mode is Mode.PESSIMISTIC:
                await self._locking(self._engine.transactions.locks.read(self._transaction.owner, documents))
            else:
                self._transaction.owner.documents.update(documents)
        return self.time()

    async def watch(self, observe: Callable[[int], Observed]) -> None:
        """Let ``observe`` run a query at a time: nobody changes what it observes before the transaction ends."""
        if self._transaction is not None and self._transaction.mode is Mode.PESSIMISTIC:
            locks = self._engine.transactions.locks
            await self._locking(locks.watch(self._transaction.owner, lambda: observe(self.time())))
            return
        observed = observe(self.time())
        if self._transaction is not None and self._transaction.mode is Mode.OPTIMISTIC:
            self._transaction.owner.queries.append(observed)

    async def _locking(self, waiting: Awaitable[None]) -> None:
        """A transaction that does not get a lock is over."""
        try:
            await waiting
        except errors.FirestoreError:
            assert self._transaction is not None
            self._engine.transactions.end(self._transaction.id)
            raise


def _batch(
    rows: list[tuple[str, Row | None]], mask: list[field_paths.FieldPath] | None, read_time: Message, begun: bytes
) -> Iterator[Message]:
    if begun:
        yield messages.BatchGetDocumentsResponse(transaction=begun)
    for name, row in rows:
        if row is None:
            yield messages.BatchGetDocumentsResponse(missing=name, read_time=read_time)
        else:
            found = masked(row.message(), mask)
            yield messages.BatchGetDocumentsResponse(found=found, read_time=read_time)


def mask_of(request: Message) -> list[field_paths.FieldPath] | None:
    """The fields that a request wants back, None: all."""
    if not request.HasField("mask"):
        return None
    return [field_paths.parse(text) for text in request.mask.field_paths]


def masked(
    document: Message, mask: list[field_paths.FieldPath] | tuple[field_paths.FieldPath, ...] | None
) -> Message:
    """The document with the fields of the mask only."""
    if mask is None:
        return document
    kept = messages.Document(name=document.name)
    kept.create_time.CopyFrom(document.create_time)
    kept.update_time.CopyFrom(document.update_time)
    field_paths.copy_masked(document.fields, kept.fields, list(mask))
    return kept
