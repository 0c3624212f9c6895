"""What does each call on documents mean?

Requests and responses are the raw messages of ``google.firestore.v1.Firestore``; refusals are FirestoreError. Each
method reads and writes all it must without awaiting, so calls never see each other half done; an iterator of
responses has read everything, and refused what it refuses, before its first.
"""

import secrets
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from local import database as local_database
from local.firestore import commits, errors, field_paths, limits, messages, names, writes
from local.firestore.history import History
from local.firestore.index_file import IndexFile
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.store import Row, Store
from local.firestore.transactions import Transaction, Transactions

_ALPHABET = string.ascii_letters + string.digits


class Engine:
    """The state that all calls share."""

    def __init__(
        self,
        database: local_database.Database,
        index_file: IndexFile | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self.store = Store(database, index_file)
        self.history = History(self.store)
        self.transactions = Transactions(self.history)

    def now(self) -> int:
        """Microseconds since the epoch."""
        return int(self._clock().timestamp() * 1_000_000)

    def reading(self, request: Message, database: str) -> tuple[int, Transaction | None, bytes]:
        """At which time in µs a request reads, in which transaction, and the id of one that it begins."""
        now = self.now()
        match request.WhichOneof("consistency_selector"):
            case "transaction":
                transaction, new = self.transactions.get(request.transaction, database, now), b""
            case "new_transaction":
                transaction = self.transactions.begin(database, request.new_transaction, now)
                new = transaction.id
            case "read_time":
                return self.transactions.check_time(messages.micros(request.read_time), now), None, b""
            case _:
                return self.history.advance(now), None, b""
        return self.transactions.read_time(transaction, now), transaction, new

    def get_document(self, request: Message) -> Message:
        """GetDocument. NOT_FOUND: it does not exist."""
        database, path = names.split_document(request.name)
        time, transaction, _ = self.reading(request, database)
        row = self._read(database, path, time, transaction)
        if row is None:
            raise errors.not_found(f'Document "{request.name}" not found.')
        return masked(row.message(), mask_of(request))

    def _read(self, database: str, path: Path, time: int, transaction: Transaction | None) -> Row | None:
        if transaction is not None and not transaction.read_only:
            transaction.paths.add(path)
        return self.history.find(database, path, time)

    def batch_get_documents(self, request: Message) -> Iterator[Message]:
        """BatchGetDocuments: each document once, in the order asked for, all as of one time."""
        database = names.check_database(request.database)
        wanted = {name: names.split_document(name) for name in request.documents}
        for name, (found, _) in wanted.items():
            if found != database:
                raise errors.invalid(f'The document "{name}" is not in the database "{database}" of the request.')
        mask = mask_of(request)
        time, transaction, new = self.reading(request, database)
        read_time = messages.timestamp(time)
        rows = [(name, self._read(database, path, time, transaction)) for name, (_, path) in wanted.items()]
        if new:
            yield messages.BatchGetDocumentsResponse(transaction=new)
        for name, row in rows:
            if row is None:
                yield messages.BatchGetDocumentsResponse(missing=name, read_time=read_time)
            else:
                found = masked(row.message(), mask)
                yield messages.BatchGetDocumentsResponse(found=found, read_time=read_time)

    def begin_transaction(self, request: Message) -> Message:
        """BeginTransaction."""
        database = names.check_database(request.database)
        now = self.now()
        self.transactions.expire(now)
        transaction = self.transactions.begin(database, request.options, now)
        return messages.BeginTransactionResponse(transaction=transaction.id)

    def rollback(self, request: Message) -> Message:
        """Rollback. Ending what has ended is no error."""
        names.check_database(request.database)
        self.transactions.end(request.transaction)
        return messages.Empty()

    def commit(self, request: Message) -> Message:
        """Commit: all writes or none. ABORTED: what the transaction read has changed since; it is over."""
        database = names.check_database(request.database)
        limits.check_request(request.ByteSize())
        if request.transaction:
            self._end(request, database)
        time, outcomes = self._apply(database, list(request.writes))
        response = messages.CommitResponse(commit_time=messages.timestamp(time))
        response.write_results.extend(outcome.message() for outcome in outcomes)
        return response

    def _end(self, request: Message, database: str) -> None:
        transaction = self.transactions.get(request.transaction, database, self.now())
        if transaction.read_only and request.writes:
            raise errors.invalid("Cannot modify entities in a read-only transaction.")
        self.transactions.end(transaction.id)
        self.transactions.validate(transaction)

    def _apply(self, database: str, wanted: list[Message]) -> tuple[int, list[commits.Outcome]]:
        now = self.now()
        self.transactions.expire(now)
        return commits.commit(self.store, self.history, database, wanted, now)

    def batch_write(self, request: Message) -> Message:
        """BatchWrite: each write by itself, with a status of its own. INVALID_ARGUMENT: a document twice."""
        database = names.check_database(request.database)
        limits.check_request(request.ByteSize())
        paths = [writes.target(write, database).path for write in request.writes]
        if len(set(paths)) < len(paths):
            raise errors.invalid("the same document cannot be written more than once in a single request")
        response = messages.BatchWriteResponse()
        for write in request.writes:
            try:
                _, (outcome,) = self._apply(database, [write])
            except errors.FirestoreError as error:
                response.write_results.add()
                response.status.add(code=error.code.value[0], message=error.message)
            else:
                response.write_results.append(outcome.message())
                response.status.add()
        return response

    def create_document(self, request: Message) -> Message:
        """CreateDocument, under an id of the server's when none is given. ALREADY_EXISTS."""
        if request.document.name:
            raise errors.invalid("document.name must not be set")
        id_ = request.document_id or "".join(secrets.choice(_ALPHABET) for _ in range(20))
        write = messages.Write(update=request.document)
        write.update.name = f"{request.parent}/{request.collection_id}/{id_}"
        write.current_document.exists = False
        return self._written(write, mask_of(request))

    def update_document(self, request: Message) -> Message:
        """UpdateDocument: creates it too, unless the precondition forbids."""
        write = messages.Write(update=request.document)
        for field in ("update_mask", "current_document"):
            if request.HasField(field):
                getattr(write, field).CopyFrom(getattr(request, field))
        return self._written(write, mask_of(request))

    def _written(self, write: Message, mask: list[field_paths.FieldPath] | None) -> Message:
        limits.check_request(write.ByteSize())
        database, path = names.split_document(write.update.name)
        self._apply(database, [write])
        row = self.store.find(database, path)
        assert row is not None, "it was written just before, and nothing runs between"
        return masked(row.message(), mask)

    def delete_document(self, request: Message) -> Message:
        """DeleteDocument. Deleting what is not there is no error."""
        database, _ = names.split_document(request.name)
        write = messages.Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        self._apply(database, [write])
        return messages.Empty()


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
