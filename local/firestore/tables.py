"""How do documents and their index entries lie in SQLite?

Many are written at once: a statement for all documents that are new, one for all that have changed, one for all
entries that go, one for all that come. So in the tables a document and its entries always belong together.
"""

from collections.abc import Iterable
from typing import NamedTuple

from local import database as local_database
from local.firestore import indexing, messages, names, schema
from local.firestore.index_file import IndexFile
from local.firestore.names import Path
from local.firestore.rows import Row

_CACHE = 100_000
_FEW_ENTRIES, _SMALL, _MANY_DOCUMENTS = 50, 4096, 2000


class Moved(NamedTuple):
    """A document of which the tables hold ``before``, and shall hold ``after``."""

    database: str
    path: Path
    before: Row | None
    after: Row | None


class Tables:
    """The tables of Firestore in the database of the local cloud."""

    def __init__(self, database: local_database.Database, index_file: IndexFile | None) -> None:
        self.connection = database.connection
        self._index_file = index_file
        self._scopes: dict[tuple[str, str, bytes], int] = {}
        self._numbers: dict[str, int] = {}
        self._policies: dict[tuple[str, str], indexing.Policy] = {}
        self._entries: dict[int, tuple[bytes, set[indexing.Entry]]] = {}

    def create(self) -> None:
        """Make what is not there yet."""
        schema.create(self.connection)

    def forget(self) -> None:
        """Drop what is cached of the tables, after a transaction that was undone."""
        self._scopes.clear()
        self._numbers.clear()
        self._policies.clear()
        self._entries.clear()

    def mark(self) -> bytes:
        """What tells this database from every other."""
        (mark,) = self.connection.execute("SELECT mark FROM firestore_mark").fetchone()
        return mark

    def last_time(self) -> int:
        """The last commit time that was stored."""
        (last,) = self.connection.execute("SELECT last FROM firestore_clock").fetchone()
        return last

    def last_document(self) -> int:
        """The highest number of a document."""
        (last,) = self.connection.execute("SELECT coalesce(max(document), 0) FROM firestore_documents").fetchone()
        return last

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

    # Indexes that the file has changed

    def rebuild(self) -> None:
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
        policy = self.policy(database, collection_id)
        for scope, parent in scopes:
            rows = self.connection.execute(
                "SELECT document, content FROM firestore_documents WHERE scope = ?", (scope,)
            )
            for document, content in rows:
                message = messages.Document.FromString(content)
                path = (*names.path_of(parent), collection_id, message.name.rpartition("/")[2])
                self._insert_entries(
                    (*located, document)
                    for located in self._located(database, path, indexing.entries(message.fields, policy))
                )

    # Documents

    def read(self, database: str, path: Path) -> Row | None:
        """The document at ``path``, or None."""
        scope = self.find_scope(database, path[-2], names.path_key(path[:-2]))
        if scope is None:
            return None
        sql = "SELECT document, content, created, updated FROM firestore_documents WHERE scope = ? AND id = ?"
        found = self.connection.execute(sql, (scope, names.segment_key(path[-1]))).fetchone()
        return None if found is None else Row(*found)

    def move(self, documents: Iterable[Moved], last: int) -> None:
        """Write documents, and what changes of their entries, as of the commit time ``last``; in a transaction."""
        new: list[tuple[int, int, bytes, int, int, bytes]] = []
        changed: list[tuple[bytes, int, int, int]] = []
        deleted: list[tuple[int]] = []
        gone: list[tuple[int, int, bytes, bytes]] = []
        added: list[tuple[int, int, bytes, bytes, int]] = []
        for one in documents:
            before, after = one.before, one.after
            if after is None:
                if before is None:
                    continue
                deleted.append((before.document,))
            elif before is None:
                scope = self._make_scope(one.database, one.path[-2], names.path_key(one.path[:-2]))
                id_ = names.segment_key(one.path[-1])
                new.append((after.document, scope, id_, after.created, after.updated, after.content))
            else:
                changed.append((after.content, after.created, after.updated, before.document))
            self._compare(one, gone, added)
        self.connection.executemany("DELETE FROM firestore_documents WHERE document = ?", deleted)
        sql = """INSERT INTO firestore_documents (document, scope, id, created, updated, content)
                 VALUES (?, ?, ?, ?, ?, ?)"""
        self.connection.executemany(sql, new)
        sql = "UPDATE firestore_documents SET content = ?, created = ?, updated = ? WHERE document = ?"
        self.connection.executemany(sql, changed)
        sql = "DELETE FROM firestore_entries WHERE scope = ? AND number = ? AND value = ? AND key = ?"
        self.connection.executemany(sql, sorted(gone))
        self._insert_entries(sorted(added))
        self.connection.execute("UPDATE firestore_clock SET last = ?", (last,))

    def _compare(
        self,
        moved: Moved,
        gone: list[tuple[int, int, bytes, bytes]],
        added: list[tuple[int, int, bytes, bytes, int]],
    ) -> None:
        """Add the entries that go, and those that come."""
        database, path, before, after = moved
        policy = self.policy(database, path[-2])
        old = self._entries_of(before, policy) if before is not None else _NONE
        if before is not None:
            self._entries.pop(before.document, None)
        new = self._entries_of(after, policy) if after is not None else _NONE
        if lost := old - new:
            gone += self._located(database, path, lost)
        if after is not None and (come := new - old):
            added += [(*located, after.document) for located in self._located(database, path, come)]

    def _entries_of(self, row: Row, policy: indexing.Policy) -> set[indexing.Entry]:
        """What is moved is often written again soon. Large documents are not kept, for the memory."""
        known = self._entries.get(row.document)
        if known is not None and known[0] == row.content:
            return known[1]
        entries = indexing.entries(messages.Document.FromString(row.content).fields, policy)
        if 0 < len(entries) <= _FEW_ENTRIES and len(row.content) <= _SMALL:
            if len(self._entries) >= _MANY_DOCUMENTS:
                del self._entries[next(iter(self._entries))]
            self._entries[row.document] = (row.content, entries)
        return entries

    def _insert_entries(self, rows: Iterable[tuple[int, int, bytes, bytes, int]]) -> None:
        sql = "INSERT INTO firestore_entries (scope, number, value, key, document) VALUES (?, ?, ?, ?, ?)"
        self.connection.executemany(sql, rows)

    def _located(
        self, database: str, path: Path, entries: set[indexing.Entry]
    ) -> list[tuple[int, int, bytes, bytes]]:
        own, key = self._make_scope(database, path[-2], names.path_key(path[:-2])), names.segment_key(path[-1])
        located = [(own, number, value, key) for group, number, value in entries if not group]
        if len(located) < len(entries):
            shared, key = self._make_scope(database, path[-2], schema.GROUP), names.path_key(path)
            located += [(shared, number, value, key) for group, number, value in entries if group]
        return located


_NONE: set[indexing.Entry] = set()
