"""What is on disk of buckets, objects, their bytes and the uploads under way?

The bytes of an object or upload are a *content*: rows of up to some MiB, each with its offset, so that a range is
read without the rest. An object's record points to its content; replacing the one drops the other in one commit.
"""

import json
from collections.abc import Iterator
from typing import Any

from local.database import Database

Record = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS storage_buckets (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_objects (
    bucket TEXT NOT NULL, name TEXT NOT NULL, content INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS storage_objects_by_content ON storage_objects (content);
CREATE TABLE IF NOT EXISTS storage_uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, content INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_contents (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS storage_parts (
    content INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS storage_parts_by_content ON storage_parts (content, start);
"""


class StorageStore:
    """The named steps on the tables; no rule of the service lives here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection
        self._sql.executescript(_SCHEMA)
        self._drop_orphans()

    def _drop_orphans(self) -> None:
        """Contents of uploads that a kill cut short."""
        with self._database.transaction() as sql:
            sql.execute(
                "DELETE FROM storage_contents WHERE id NOT IN (SELECT content FROM storage_objects)"
                " AND id NOT IN (SELECT content FROM storage_uploads)"
            )
            sql.execute("DELETE FROM storage_parts WHERE content NOT IN (SELECT id FROM storage_contents)")

    def find_bucket(self, name: str) -> Record | None:
        """The bucket's record, or None."""
        row = self._sql.execute("SELECT record FROM storage_buckets WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def put_bucket(self, record: Record) -> None:
        """Create or replace."""
        row = (record["name"], json.dumps(record))
        self._sql.execute("INSERT OR REPLACE INTO storage_buckets VALUES (?, ?)", row)

    def delete_bucket(self, name: str) -> None:
        self._sql.execute("DELETE FROM storage_buckets WHERE name = ?", (name,))

    def list_buckets(self, prefix: str, after: str, limit: int) -> list[Record]:
        """Buckets by name, from the one behind ``after``."""
        rows = self._sql.execute(
            "SELECT record FROM storage_buckets WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?",
            (after, len(prefix), prefix, limit),
        )
        return [json.loads(row[0]) for row in rows]

    def find_object(self, bucket: str, name: str) -> tuple[Record, int] | None:
        """(record, content) of an object, or None."""
        row = self._sql.execute(
            "SELECT record, content FROM storage_objects WHERE bucket = ? AND name = ?", (bucket, name)
        ).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def first_object(self, bucket: str, start: str, after: str) -> Record | None:
        """The first object by name that is not before ``start`` and is behind ``after``."""
        row = self._sql.execute(
            "SELECT record FROM storage_objects WHERE bucket = ? AND name >= ? AND name > ? ORDER BY name LIMIT 1",
            (bucket, start, after),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def put_object(self, record: Record, content: int) -> None:
        """Create or replace an object, and drop the bytes it had."""
        with self._database.transaction() as sql:
            self._drop_object(sql, record["bucket"], record["name"], content)
            row = (record["bucket"], record["name"], content, json.dumps(record))
            sql.execute("INSERT INTO storage_objects VALUES (?, ?, ?, ?)", row)

    def delete_object(self, bucket: str, name: str) -> None:
        """With its bytes."""
        with self._database.transaction() as sql:
            self._drop_object(sql, bucket, name, None)

    def _drop_object(self, sql: Any, bucket: str, name: str, keep: int | None) -> None:
        rows = sql.execute(
            "DELETE FROM storage_objects WHERE bucket = ? AND name = ? RETURNING content", (bucket, name)
        ).fetchall()
        for (content,) in rows:
            if content != keep:
                self._drop_content(sql, content)

    def _drop_content(self, sql: Any, content: int) -> None:
        sql.execute("DELETE FROM storage_parts WHERE content = ?", (content,))
        sql.execute("DELETE FROM storage_contents WHERE id = ?", (content,))

    def new_content(self) -> int:
        """An empty content."""
        cursor = self._sql.execute("INSERT INTO storage_contents DEFAULT VALUES")
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def add_part(self, content: int, start: int, data: bytes) -> None:
        """Bytes from offset ``start`` on, which is where the content ends."""
        self._sql.execute("INSERT INTO storage_parts VALUES (?, ?, ?)", (content, start, data))

    def copy_content(self, content: int) -> int:
        """A new content of the same bytes."""
        with self._database.transaction() as sql:
            copy = self.new_content()
            sql.execute(
                "INSERT INTO storage_parts SELECT ?, start, data FROM storage_parts WHERE content = ?",
                (copy, content),
            )
        return copy

    def drop_content(self, content: int) -> None:
        """Its bytes are not wanted."""
        with self._database.transaction() as sql:
            self._drop_content(sql, content)

    def content_size(self, content: int) -> int:
        """In bytes."""
        row = self._sql.execute(
            "SELECT start + length(data) FROM storage_parts WHERE content = ? ORDER BY start DESC LIMIT 1", (content,)
        ).fetchone()
        return row[0] if row else 0

    def read(self, content: int, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to, not with, ``end``, a part at a time; safe against a delete meanwhile only
        in so far as the parts then end early."""
        position = start
        while position < end:
            row = self._sql.execute(
                "SELECT start, data FROM storage_parts WHERE content = ? AND start <= ? ORDER BY start DESC LIMIT 1",
                (content, position),
            ).fetchone()
            piece = row[1][position - row[0] : end - row[0]] if row else b""
            if not piece:
                return
            position += len(piece)
            yield piece

    def put_upload(self, upload_id: str, bucket: str, content: int, record: Record) -> None:
        """An upload that may take several requests."""
        row = (upload_id, bucket, content, json.dumps(record))
        self._sql.execute("INSERT INTO storage_uploads VALUES (?, ?, ?, ?)", row)

    def find_upload(self, upload_id: str) -> tuple[str, int, Record] | None:
        """(bucket, content, record) of an upload, or None: unknown, done or given up."""
        row = self._sql.execute(
            "SELECT bucket, content, record FROM storage_uploads WHERE id = ?", (upload_id,)
        ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def delete_upload(self, upload_id: str) -> None:
        """The upload is done or given up; its content is not touched."""
        self._sql.execute("DELETE FROM storage_uploads WHERE id = ?", (upload_id,))
