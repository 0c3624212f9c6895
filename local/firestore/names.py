"""What does a resource name mean, and how do names sort?

A path is a tuple of segments below ``documents``: an even number names a document, an odd number a collection.
``path_key`` turns it into bytes that sort as Firestore sorts names: segment by segment, an ancestor before its
descendants, ids of the form ``__id123__`` before all others and by number
(https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering).
"""

import re
import struct
from functools import lru_cache
from typing import TypeAlias

from local.firestore import errors

Path: TypeAlias = tuple[str, ...]

MAX_SEGMENT_BYTES = 1500
MAX_NAME_BYTES = 6 * 1024
MAX_DEPTH = 100

_DATABASE = re.compile(r"projects/([^/]+)/databases/([^/]+)")
_RESERVED = re.compile(r"__.+__", re.DOTALL)
_NUMERIC = re.compile(r"__id(-?[1-9][0-9]*)__")


@lru_cache(maxsize=1024)
def check_database(name: str) -> str:
    """``projects/P/databases/D``, or INVALID_ARGUMENT."""
    if not _DATABASE.fullmatch(name):
        raise errors.invalid(f'Database name "{name}" is not of the form "projects/P/databases/D".')
    return name


@lru_cache(maxsize=8192)
def split(name: str) -> tuple[str, Path]:
    """A name below ``projects/P/databases/D/documents`` as its database and its path (empty: the root).

    INVALID_ARGUMENT for anything else.
    """
    match = _DATABASE.match(name)
    rest = name[match.end() :] if match else ""
    if match is None or not (rest == "/documents" or rest.startswith("/documents/")):
        raise errors.invalid(f'Document name "{name}" is not of the form "projects/P/databases/D/documents/...".')
    path = tuple(rest[len("/documents/") :].split("/")) if rest != "/documents" else ()
    for position, segment in enumerate(path):
        check_segment(segment, name, is_collection=position % 2 == 0)
    return match.group(0), path


def check_segment(segment: str, name: str, *, is_collection: bool) -> None:
    """Refuse an id that no collection or document may have."""
    if not segment:
        raise errors.invalid(f'Document name "{name}" lacks a resource id.')
    if segment in (".", ".."):
        raise errors.invalid(f'Document name "{name}" contains a resource id "{segment}".')
    if _RESERVED.fullmatch(segment):
        number = None if is_collection else _NUMERIC.fullmatch(segment)
        if number is None:
            kind = "Collection" if is_collection else "Resource"
            raise errors.invalid(f'{kind} id "{segment}" is invalid because it is reserved.')
        if not -(2**63) <= int(number.group(1)) < 2**63:
            raise errors.invalid(f'Resource id "{segment}" is invalid because it is not a 64 bit integer.')


def check_size(name: str, path: Path) -> None:
    """Refuse to store a document under a name past the limits: an id of 1,500 bytes, a name of 6 KiB, 100 levels
    (https://firebase.google.com/docs/firestore/quotas#limits). To read or delete it is no error: it is not there."""
    if len(name) * 4 <= MAX_SEGMENT_BYTES and len(path) <= MAX_DEPTH:
        return
    if len(name.encode()) > MAX_NAME_BYTES or len(path) > 2 * MAX_DEPTH:
        raise errors.invalid(f'The name "{name[:200]}..." is longer than {MAX_NAME_BYTES} bytes or 100 levels.')
    if any(len(segment.encode()) > MAX_SEGMENT_BYTES for segment in path):
        raise errors.invalid(f"The key path element name is longer than {MAX_SEGMENT_BYTES} bytes.")


def split_document(name: str) -> tuple[str, Path]:
    """As ``split``, but the name must be a document's."""
    database, path = split(name)
    if not path or len(path) % 2:
        raise errors.invalid(f'Document name "{name}" names a collection, not a document: it lacks a document id.')
    return database, path


@lru_cache(maxsize=8192)
def split_written(name: str) -> tuple[str, Path]:
    """As ``split_document``, and something may be stored under the name: see ``check_size``."""
    database, path = split_document(name)
    check_size(name, path)
    return database, path


def split_parent(name: str) -> tuple[str, Path]:
    """As ``split``, but the name must be a document's or the root."""
    database, path = split(name)
    if len(path) % 2:
        raise errors.invalid(f'Parent name "{name}" must be a document or the root of the documents.')
    return database, path


def join(database: str, path: Path) -> str:
    """The inverse of ``split``."""
    return "/".join((database, "documents", *path))


@lru_cache(maxsize=65536)
def segment_key(segment: str) -> bytes:
    """One id as bytes in Firestore's order; no key is a prefix of another."""
    number = _NUMERIC.fullmatch(segment)
    if number:
        return b"\x01" + struct.pack(">Q", int(number.group(1)) + 2**63) + b"\x00\x01"
    return b"\x02" + segment.encode().replace(b"\x00", b"\x00\xff") + b"\x00\x01"


def path_key(path: Path) -> bytes:
    """A path as bytes in Firestore's order. Descendants of ``path`` are what starts with its key."""
    return b"".join(map(segment_key, path))


def path_of(key: bytes) -> Path:
    """The inverse of ``path_key``."""
    segments: list[str] = []
    position = 0
    while position < len(key):
        if key[position] == 1:
            (number,) = struct.unpack(">Q", key[position + 1 : position + 9])
            segments.append(f"__id{number - 2**63}__")
            position += 11
        else:
            end = key.index(b"\x00\x01", position)  # an escaped zero is followed by 0xff
            segments.append(key[position + 1 : end].replace(b"\x00\xff", b"\x00").decode())
            position = end + 2
    return tuple(segments)


def after_prefix(prefix: bytes) -> bytes:
    """The least key above everything that starts with ``prefix``."""
    return prefix + b"\xff"
