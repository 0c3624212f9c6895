"""How is what a commit writes safe before its documents are in their tables?

It goes to the end of a file: that is all that an answer waits for. ``store`` keeps the documents in memory, moves
them to their tables in batches, with their index entries, and then lets go of what the file says of them. A document
that is written again and again is so moved once. After a kill what is left is read, in order: each entry is the
document as it was after one commit, so those that are in their tables already do no harm. See docs/adr/0076.

The files lie beside the database: ``NAME-firestore-1``, ``-2`` and so on. Each begins with the mark of the database
and is then a row of records, one for each turn of the loop: length and CRC-32, and the entries of the turn. A new
file begins where one has become large, and one goes when nothing in it is needed, those before it first. What a kill
cut off is a record that nobody was told of.
"""

import logging
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from local import database as local_database

_log = logging.getLogger(__name__)
_RECORD = struct.Struct("<II")
_ENTRY = struct.Struct("<IqqI")
_DELETED = 0xFFFF_FFFF
"""Stands for the length of what a document became that was deleted."""

_KIND = b"Firestore's journal 1\n"
"""What every file begins with, before the mark."""

_LARGE = 1024 * 1024
"""Bytes of a file after which the next begins."""


class ForeignError(ValueError):
    """A file is not this database's journal, and so neither to be done nor to be deleted."""


class Entry(NamedTuple):
    """What a commit made of a document. Times in µs; ``content`` None: it was deleted."""

    name: str
    created: int
    updated: int
    content: bytes | None


@dataclass(slots=True)
class _File:
    """One file of the journal. ``last``: the number of its last entry."""

    path: Path
    descriptor: int
    size: int
    last: int


class Journal:
    """Of a database; of one in memory nothing is written down. What is added in one turn of the loop is written
    together, before its commit. ``mark``: what no other database has."""

    def __init__(self, database: local_database.Database, mark: bytes) -> None:
        self._database = database
        self._head = _KIND + mark
        self._parts: list[bytes] = []
        """Of what is to be written."""
        self.last = 0
        """The number of the last entry."""
        self.size = 0
        """Bytes of its files."""
        self._files: list[_File] = []
        self._count = 0
        self._has_begun = False

    def left(self) -> list[Entry]:
        """What processes before this one wrote, and have not moved for sure: of each document what it became last,
        in the order of these. ForeignError."""
        found: dict[str, Entry] = {}
        for path in self._paths():
            for entry in _entries(path, self._head):
                found.pop(entry.name, None)
                found[entry.name] = entry
        return list(found.values())

    def begin(self) -> None:
        """Forget what was left: it is in the tables, and committed. From now on what is added is written down."""
        for path in self._paths():
            path.unlink()
        self._has_begun = self._database.path is not None

    def _paths(self) -> list[Path]:
        database = self._database.path
        if database is None:
            return []
        pattern = re.compile(re.escape(database.name) + "-firestore-([0-9]+)")
        found = {path: pattern.fullmatch(path.name) for path in database.parent.iterdir()}
        numbers = {path: int(match[1]) for path, match in found.items() if match}
        return sorted(numbers, key=numbers.__getitem__)

    def add(self, name: str, created: int, updated: int, content: bytes | None) -> int:
        """Write down what a document becomes; the number of the entry."""
        self.last += 1
        if self._has_begun:
            is_first, encoded = not self._parts, name.encode()
            size = _DELETED if content is None else len(content)
            self._parts += (_ENTRY.pack(len(encoded), created, updated, size), encoded, content or b"")
            if is_first:
                self._database.before_commit(self._write)
        return self.last

    def _write(self) -> None:
        """OSError: the disk did not take all of it."""
        entries = b"".join(self._parts)
        self._parts.clear()
        record = _RECORD.pack(len(entries), zlib.crc32(entries)) + entries
        file = self._files[-1] if self._files and self._files[-1].size < _LARGE else self._open()
        self._put(record)
        file.last = self.last
        if self._database.fsync:
            os.fsync(file.descriptor)

    def _open(self) -> _File:
        assert self._database.path is not None, "else nothing is written"
        self._count += 1
        path = self._database.path.with_name(f"{self._database.path.name}-firestore-{self._count}")
        self._files.append(
            _File(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), 0, 0)
        )
        self._put(self._head)
        if self._database.fsync:
            _sync(path.parent)
        return self._files[-1]

    def _put(self, data: bytes) -> None:
        """At the end of the last file."""
        file = self._files[-1]
        if os.write(file.descriptor, data) < len(data):
            raise OSError(f"the disk has no room for {file.path.name}")
        file.size += len(data)
        self.size += len(data)

    def drop(self, before: int | None) -> None:
        """Forget what has a number below this one, None: all of it: it is in the tables, and is once committed."""
        first = self.last + 1 if before is None else before
        if not self._database.after_commit(lambda: self._drop(first)):
            self._drop(first)

    def _drop(self, first: int) -> None:
        while self._files and self._files[0].last < first:
            file = self._files.pop(0)
            self.size -= file.size
            file.path.unlink(missing_ok=True)
            os.close(file.descriptor)


def _sync(folder: Path) -> None:
    """So that the disk knows of a file in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(path: Path, head: bytes) -> Iterator[Entry]:
    """What a file says, up to where it was cut off."""
    data = path.read_bytes()
    if not data.startswith(head[: len(data)]):
        raise ForeignError(
            f"{path} is no journal of the database that it lies beside: put it where it belongs, or away."
        )
    end = len(head)
    start = end + _RECORD.size
    while start <= len(data):
        size, checksum = _RECORD.unpack_from(data, end)
        record = data[start : start + size]
        if len(record) < size or zlib.crc32(record) != checksum:
            break
        yield from _parsed(record)
        end = start + size
        start = end + _RECORD.size
    if end < len(data):
        _log.warning("%s: the last %d bytes are no whole commit, and left out", path.name, len(data) - end)


def _parsed(record: bytes) -> Iterator[Entry]:
    position = 0
    while position < len(record):
        length, created, updated, size = _ENTRY.unpack_from(record, position)
        start = position + _ENTRY.size
        content = start + length
        position = content if size == _DELETED else content + size
        name = record[start:content].decode()
        yield Entry(name, created, updated, None if size == _DELETED else record[content:position])
