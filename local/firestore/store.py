"""Where are documents kept, and how are they found again by name?

The one place that writes to SQLite. It knows nothing of transactions of clients, preconditions or versions: see
``commits`` and ``history``. Nothing here awaits, so a scan is never interleaved with a write.
"""

import sqlite3
from contextlib import AbstractContextManager
from typing import NamedTuple

from local import database as local_database
from local.firestore import indexing, messages, names, schema
from local.firestore.index_file import IndexFile
from local.firestore.messages import Message
from local.firestore.names import Path

_CACHE = 100_000
_FEW_ENTRIES, _MANY_DOCUMENTS = 50, 2000
_MANY_ROWS, _SMALL = 4000, 4096


class Row(NamedTuple):
    """A stored document. ``content``: the serialized Document, without times; times in microseconds."""

    document: int
    content: bytes
    created: int
    updated: int

    def message(self) -> Message:
        """The Document as clients see it."""
        document = messages.Document.FromString(self.content)
        document.create_time.CopyFrom(messages.timestamp(self.created))
        document.update_time.CopyFrom(messages.timestamp(self.updated))
        return document


class Store:
    """The tables of Firestore in the database of the local cloud."""

    def __init__(self, database: local_database.Database, index_file: IndexFile | None) -> None:
        self._database = database
        self.connection = database.connection
        self._index_file = index_file
        self._scopes: dict[tuple[str, str, bytes], int] = {}
        self._numbers: dict[str, int] = {}
        self._policies: dict[tuple[str, str], indexing.Policy] = {}
        self._entries: dict[int, tuple[bytes, set[indexing.Entry]]] = {}
        self._rows: dict[tuple[str, Path], Row] = {}
        with database.transaction() as connection:
            schema.create(connection)
            self._rebuild()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All or nothing, for ``put`` and ``remove``."""
        return self._database.transaction()

    def last_time(self) -> int:
        """The last commit time that was stored."""
        (last,) = self.connection.execute("SELECT last FROM firestore_clock").fetchone()
        return last

    def set_last_time(self, last: int) -> None:
        """Remember a commit time; inside a transaction."""
        self.connection.execute("UPDATE firestore_clock SET last = ?", (last,))

    # Scopes and indexes by number

    def find_scope(self, database: str, collection_id: str, parent: bytes) -> int | None:
        """The number of a collection below the document with the key ``parent``, or, for ``schema.GROUP``, of a
        collection group; None: it never held a document."""
        key = (database, collection_id, parent)
        scope = self._scopes.get(key)
        if scope is None:
            sql = "SELECT scope FROM firestore_scopes WHERE database = ? AND collection_id = ? AND parent = ?"
            found = self.connection.execute(sql, key).fetchone()
            if found is None:
                return None
            scope = self._remember_scope(key, found[0])
        return scope

    def collections(self, database: str, parent: Path, *, deep: bool) -> list[tuple[int, Path]]:
        """The numbers and paths of the collections right below a document, or anywhere below it, that ever held
        a document."""
        low = names.path_key(parent)
        high = names.after_prefix(low) if deep else low + b"\x00"
        sql = """SELECT scope, parent, collection_id FROM firestore_scopes
                 WHERE database = ? AND parent >= ? AND parent < ? ORDER BY parent, collection_id"""
        found = self.connection.execute(sql, (database, low, high))
        return [(scope, (*names.path_of(key), collection_id)) for scope, key, collection_id in found]

    def count(self, scope: int, most: int) -> int:
        """How many documents a collection holds now, counted up to ``most``."""
        sql = "SELECT count(*) FROM (SELECT 1 FROM firestore_documents WHERE scope = ? LIMIT ?)"
        (found,) = self.connection.execute(sql, (scope, most)).fetchone()
        return found

    def _make_scope(self, database: str, collection_id: str, parent: bytes) -> int:
        scope = self.find_scope(database, collection_id, parent)
        if scope is None:
            sql = "INSERT INTO firestore_scopes (database, collection_id, parent) VALUES (?, ?, ?) RETURNING scope"
            (scope,) = self.connection.execute(sql, (database, collection_id, parent)).fetchone()
        return scope

    def _remember_scope(self, key: tuple[str, str, bytes], scope: int) -> int:
        if len(self._scopes) >= _CACHE:
            self._scopes.clear()
        self._scopes[key] = scope
        return scope

    def _number(self, signature: str) -> int:
        number = self._numbers.get(signature)
        if number is None:
            insert = "INSERT INTO firestore_indexes (signature) VALUES (?) ON CONFLICT DO NOTHING"
            self.connection.execute(insert, (signature,))
            select = "SELECT number FROM firestore_indexes WHERE signature = ?"
            (number,) = self.connection.execute(select, (signature,)).fetchone()
            self._numbers[signature] = number
        return number

    def forget(self) -> None:
        """Drop what is cached of the tables, after a transaction that was undone."""
        self._scopes.clear()
        self._numbers.clear()
        self._policies.clear()
        self._entries.clear()
        self._rows.clear()

    def policy(self, database: str, collection_id: str) -> indexing.Policy:
        """What the collections of one id index."""
        policy = self._policies.get((database, collection_id))
        if policy is None:
            file = self.index_file(database)
            policy = indexing.Policy(collection_id, file, self._number)
            if len(self._policies) >= _CACHE:
                self._policies.clear()
            self._policies[database, collection_id] = policy
        return policy

    def index_file(self, database: str) -> IndexFile | None:
        """The index file that speaks of this database, if one does."""
        return self._index_file if self._index_file and self._index_file.covers(database) else None

    def _rebuild(self) -> None:
        """Make the entries anew of collections whose indexes the file has changed since they were made."""
        select = "SELECT database, collection_id, policy FROM firestore_policies"
        made = {(database, id_): policy for database, id_, policy in self.connection.execute(select)}
        databases = self.connection.execute("SELECT DISTINCT database FROM firestore_scopes").fetchall()
        wanted = {
            (database, id_): file.fingerprint(id_)
            for (database,) in databases
            if (file := self.index_file(database)) is not None
            for id_ in file.collection_ids()
        }
        for database, id_ in made.keys() | wanted.keys():
            policy = wanted.get((database, id_), "")
            if made.get((database, id_), "") != policy:
                self._rebuild_collections(database, id_)
                replace = "INSERT OR REPLACE INTO firestore_policies VALUES (?, ?, ?)"
                self.connection.execute(replace, (database, id_, policy))

    def _rebuild_collections(self, database: str, collection_id: str) -> None:
        select = "SELECT scope, parent FROM firestore_scopes WHERE database = ? AND collection_id = ?"
        scopes = self.connection.execute(select, (database, collection_id)).fetchall()
        for scope, _ in scopes:
            self.connection.execute("DELETE FROM firestore_entries WHERE scope = ?", (scope,))
        for scope, parent in scopes:
            rows = self.connection.execute(
                "SELECT document, content FROM firestore_documents WHERE scope = ?", (scope,)
            )
            for document, content in rows:
                message = messages.Document.FromString(content)
                path = (*names.path_of(parent), collection_id, message.name.rpartition("/")[2])
                self._reindex(database, path, document, scope, None, message, content)

    # Documents

    def find(self, database: str, path: Path) -> Row | None:
        """The document at ``path``, or None."""
        row = self._rows.get((database, path))
        return row if row is not None else self._read(database, path)

    def _read(self, database: str, path: Path) -> Row | None:
        scope = self.find_scope(database, path[-2], names.path_key(path[:-2]))
        if scope is None:
            return None
        sql = "SELECT document, content, created, updated FROM firestore_documents WHERE scope = ? AND id = ?"
        found = self.connection.execute(sql, (scope, names.segment_key(path[-1]))).fetchone()
        return None if found is None else self._remember_row(database, path, Row(*found))

    def _remember_row(self, database: str, path: Path, row: Row) -> Row:
        """What was read or written is often read again soon. Large documents are not kept, for the memory."""
        self._rows.pop((database, path), None)
        if len(row.content) <= _SMALL:
            if len(self._rows) >= _MANY_ROWS:
                del self._rows[next(iter(self._rows))]
            self._rows[database, path] = row
        return row

    def put(
        self,
        database: str,
        path: Path,
        before: Row | None,
        after: Message,
        content: bytes,
        created: int,
        now: int,
    ) -> Row:
        """Write the document ``after``, serialized ``content``, over ``before``; inside a transaction."""
        scope = self._make_scope(database, path[-2], names.path_key(path[:-2]))
        if before is None:
            sql = """INSERT INTO firestore_documents (scope, id, created, updated, content)
                     VALUES (?, ?, ?, ?, ?) RETURNING document"""
            found = self.connection.execute(sql, (scope, names.segment_key(path[-1]), created, now, content))
            (document,) = found.fetchone()
        else:
            document = before.document
            sql = "UPDATE firestore_documents SET content = ?, created = ?, updated = ? WHERE document = ?"
            self.connection.execute(sql, (content, created, now, document))
        self._reindex(database, path, document, scope, before, after, content)
        return self._remember_row(database, path, Row(document, content, created, now))

    def remove(self, database: str, path: Path, before: Row) -> None:
        """Delete a document; inside a transaction."""
        self._rows.pop((database, path), None)
        scope = self._make_scope(database, path[-2], names.path_key(path[:-2]))
        self.connection.execute("DELETE FROM firestore_documents WHERE document = ?", (before.document,))
        self._reindex(database, path, before.document, scope, before, None, b"")

    def _reindex(
        self,
        database: str,
        path: Path,
        document: int,
        scope: int,
        before: Row | None,
        after: Message | None,
        content: bytes,
    ) -> None:
        policy = self.policy(database, path[-2])
        old = self._entries_before(document, before, policy) if before is not None else set[indexing.Entry]()
        new = indexing.entries(after.fields, policy) if after is not None else set[indexing.Entry]()
        self._remember_entries(document, content, new)
        if gone := old - new:
            self._delete_entries(database, path, scope, gone)
        if added := new - old:
            self._insert_entries(database, path, scope, document, added)

    def _entries_before(self, document: int, before: Row, policy: indexing.Policy) -> set[indexing.Entry]:
        known = self._entries.get(document)
        if known is not None and known[0] == before.content:
            return known[1]
        return indexing.entries(messages.Document.FromString(before.content).fields, policy)

    def _remember_entries(self, document: int, content: bytes, entries: set[indexing.Entry]) -> None:
        """What is written is often written again soon. Large documents are not kept, for the memory."""
        self._entries.pop(document, None)
        if 0 < len(entries) <= _FEW_ENTRIES:
            if len(self._entries) >= _MANY_DOCUMENTS:
                del self._entries[next(iter(self._entries))]
            self._entries[document] = (content, entries)

    def _delete_entries(self, database: str, path: Path, scope: int, gone: set[indexing.Entry]) -> None:
        sql = "DELETE FROM firestore_entries WHERE scope = ? AND number = ? AND value = ? AND key = ?"
        self.connection.executemany(sql, self._located(database, path, scope, gone))

    def _insert_entries(
        self, database: str, path: Path, scope: int, document: int, added: set[indexing.Entry]
    ) -> None:
        sql = "INSERT INTO firestore_entries (scope, number, value, key, document) VALUES (?, ?, ?, ?, ?)"
        rows = [(*entry, document) for entry in self._located(database, path, scope, added)]
        self.connection.executemany(sql, rows)

    def _located(
        self, database: str, path: Path, scope: int, entries: set[indexing.Entry]
    ) -> list[tuple[int, int, bytes, bytes]]:
        own, key = scope, names.segment_key(path[-1])
        located = [(own, number, value, key) for group, number, value in entries if not group]
        if len(located) < len(entries):
            shared, key = self._make_scope(database, path[-2], schema.GROUP), names.path_key(path)
            located += [(shared, number, value, key) for group, number, value in entries if group]
        return located
