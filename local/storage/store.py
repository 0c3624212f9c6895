"""What is on disk of buckets, objects, their bytes and the uploads under way?

The bytes of an object or upload are a *content*: rows of up to some MiB, each with its offset, so that a range is
read without the rest. An object's record points to its content; replacing the one drops the other in one commit.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
CREATE TABLE IF NOT EXISTS storage_noncurrent (
    bucket TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL, content INTEGER NOT NULL,
    record TEXT NOT NULL, PRIMARY KEY (bucket, name, generation)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS storage_notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS storage_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, data TEXT NOT NULL, attributes TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A message that a topic is to get. ``data`` is JSON or empty."""

    topic: str
    data: str
    attributes: Mapping[str, str]


class StorageStore:
    """The named steps on the tables; no rule of the service lives here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection
        database.create(_SCHEMA)
        self._drop_orphans()

    def _drop_orphans(self) -> None:
        """Contents of uploads that a kill cut short."""
        with self._database.transaction() as sql:
            sql.execute(
                "DELETE FROM storage_contents WHERE id NOT IN (SELECT content FROM storage_objects)"
                " AND id NOT IN (SELECT content FROM storage_uploads)"
                " AND id NOT IN (SELECT content FROM storage_noncurrent)"
            )
            sql.execute("DELETE FROM storage_parts WHERE content NOT IN (SELECT id FROM storage_contents)")

    def find_bucket(self, name: str) -> Record | None:
        """The bucket's record, or None."""
        row = self._sql.execute("SELECT record FROM storage_buckets WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def put_bucket(self, record: Record) -> None:
        """Create or replace."""
        row = (record["name"], json.dumps(record))
        self._database.write("INSERT OR REPLACE INTO storage_buckets VALUES (?, ?)", row)

    def delete_bucket(self, name: str) -> None:
        self._database.write("DELETE FROM storage_buckets WHERE name = ?", (name,))

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

    def put_object(
        self, record: Record, content: int, *, replaced: Record | None = None, events: Iterable[Event] = ()
    ) -> None:
        """Create or replace an object. What it replaces is kept as ``replaced``, or else its bytes are dropped."""
        with self._database.transaction() as sql:
            self._take_out(sql, record["bucket"], record["name"], content, replaced)
            row = (record["bucket"], record["name"], content, json.dumps(record))
            sql.execute("INSERT INTO storage_objects VALUES (?, ?, ?, ?)", row)
            self._note(sql, events)

    def delete_object(
        self, bucket: str, name: str, *, replaced: Record | None = None, events: Iterable[Event] = ()
    ) -> None:
        """Keep it as ``replaced``, or else drop its bytes."""
        with self._database.transaction() as sql:
            self._take_out(sql, bucket, name, None, replaced)
            self._note(sql, events)

    def _take_out(self, sql: Any, bucket: str, name: str, keep: int | None, replaced: Record | None) -> None:
        rows = sql.execute(
            "DELETE FROM storage_objects WHERE bucket = ? AND name = ? RETURNING content", (bucket, name)
        ).fetchall()
        for (content,) in rows:
            if content == keep:
                continue
            if replaced is None:
                self._drop_content(sql, content)
            else:
                row = (bucket, name, int(replaced["generation"]), content, json.dumps(replaced))
                sql.execute("INSERT INTO storage_noncurrent VALUES (?, ?, ?, ?, ?)", row)

    def find_noncurrent(self, bucket: str, name: str, generation: int) -> tuple[Record, int] | None:
        """(record, content) of a version that is not the live one, or None."""
        row = self._sql.execute(
            "SELECT record, content FROM storage_noncurrent WHERE bucket = ? AND name = ? AND generation = ?",
            (bucket, name, generation),
        ).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def delete_noncurrent(self, bucket: str, name: str, generation: int, events: Iterable[Event]) -> None:
        """With its bytes."""
        with self._database.transaction() as sql:
            rows = sql.execute(
                "DELETE FROM storage_noncurrent WHERE bucket = ? AND name = ? AND generation = ? RETURNING content",
                (bucket, name, generation),
            ).fetchall()
            for (content,) in rows:
                self._drop_content(sql, content)
            self._note(sql, events)

    def versions(self, bucket: str, prefix: str) -> list[Record]:
        """Every version, live or not, by name and generation."""
        rows = self._sql.execute(
            "SELECT record FROM storage_objects WHERE bucket = :b AND substr(name, 1, :n) = :p"
            " UNION ALL SELECT record FROM storage_noncurrent WHERE bucket = :b AND substr(name, 1, :n) = :p",
            {"b": bucket, "n": len(prefix), "p": prefix},
        )
        return sorted((json.loads(row[0]) for row in rows), key=lambda one: (one["name"], int(one["generation"])))

    def _note(self, sql: Any, events: Iterable[Event]) -> None:
        rows = [(event.topic, event.data, json.dumps(dict(event.attributes))) for event in events]
        sql.executemany("INSERT INTO storage_events (topic, data, attributes) VALUES (?, ?, ?)", rows)

    def events(self) -> list[tuple[int, Event]]:
        """(number, event) of what is yet to be published, oldest first."""
        rows = self._sql.execute("SELECT id, topic, data, attributes FROM storage_events ORDER BY id").fetchall()
        return [(row[0], Event(topic=row[1], data=row[2], attributes=json.loads(row[3]))) for row in rows]

    def delete_event(self, number: int) -> None:
        """It is published."""
        self._database.write("DELETE FROM storage_events WHERE id = ?", (number,))

    def add_notification(self, bucket: str, record: Record) -> Record:
        """The record with its id."""
        cursor = self._database.write(
            "INSERT INTO storage_notifications (bucket, record) VALUES (?, ?)", (bucket, json.dumps(record))
        )
        return {**record, "id": str(cursor.lastrowid)}

    def notifications(self, bucket: str) -> list[Record]:
        """The notification configurations of a bucket, oldest first."""
        rows = self._sql.execute(
            "SELECT id, record FROM storage_notifications WHERE bucket = ? ORDER BY id", (bucket,)
        )
        return [{**json.loads(row[1]), "id": str(row[0])} for row in rows]

    def delete_notification(self, bucket: str, id_: str) -> None:
        self._database.write("DELETE FROM storage_notifications WHERE bucket = ? AND id = ?", (bucket, id_))

    def _drop_content(self, sql: Any, content: int) -> None:
        sql.execute("DELETE FROM storage_parts WHERE content = ?", (content,))
        sql.execute("DELETE FROM storage_contents WHERE id = ?", (content,))

    def new_content(self) -> int:
        """An empty content."""
        cursor = self._database.write("INSERT INTO storage_contents DEFAULT VALUES")
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def add_part(self, content: int, start: int, data: bytes) -> None:
        """Bytes from offset ``start`` on, which is where the content ends."""
        self._database.write("INSERT INTO storage_parts VALUES (?, ?, ?)", (content, start, data))

    def copy_content(self, content: int) -> int:
        """A new content of the same bytes."""
        with self._database.transaction() as sql:
            copy = self.new_content()
            sql.execute(
                "INSERT INTO storage_parts SELECT ?, start, data FROM storage_parts WHERE content = ?",
                (copy, content),
            )
        return copy

    def joined_content(self, contents: Sequence[int]) -> int:
        """A new content of the bytes of all, in order."""
        with self._database.transaction() as sql:
            joined, end = self.new_content(), 0
            for content in contents:
                sql.execute(
                    "INSERT INTO storage_parts SELECT ?, start + ?, data FROM storage_parts WHERE content = ?",
                    (joined, end, content),
                )
                end += self.content_size(content)
        return joined

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
        self._database.write("INSERT INTO storage_uploads VALUES (?, ?, ?, ?)", row)

    def find_upload(self, upload_id: str) -> tuple[str, int, Record] | None:
        """(bucket, content, record) of an upload, or None: unknown, done or given up."""
        row = self._sql.execute(
            "SELECT bucket, content, record FROM storage_uploads WHERE id = ?", (upload_id,)
        ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def delete_upload(self, upload_id: str) -> None:
        """The upload is done or given up; its content is not touched."""
        self._database.write("DELETE FROM storage_uploads WHERE id = ?", (upload_id,))

    def drop_uploads(self, bucket: str, begun_before: float) -> int:
        """Give up the uploads of a bucket that began before a moment; how many."""
        rows = self._sql.execute("SELECT id, content, record FROM storage_uploads WHERE bucket = ?", (bucket,))
        old = [(row[0], row[1]) for row in rows.fetchall() if json.loads(row[2])["begun"] <= begun_before]
        for upload_id, content in old:
            self.delete_upload(upload_id)
            self.drop_content(content)
        return len(old)
