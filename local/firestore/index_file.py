"""Which fields and combinations of fields does a database index, according to its index file?

The file is the Firebase CLI's ``firestore.indexes.json``
(https://firebase.google.com/docs/reference/firestore/indexes), with two keys of our own beside the standard
ones: ``project`` and ``database`` name the one database that the file speaks of. Shape::

    {"project": "p", "database": "(default)",
     "indexes": [{"collectionGroup": "c", "queryScope": "COLLECTION",
                  "fields": [{"fieldPath": "a", "order": "ASCENDING"},
                             {"fieldPath": "b", "arrayConfig": "CONTAINS"}]},
                 {"collectionGroup": "c", "queryScope": "COLLECTION",
                  "fields": [{"fieldPath": "a", "order": "ASCENDING"},
                             {"fieldPath": "v", "vectorConfig": {"dimension": 768, "flat": {}}}]}],
     "fieldOverrides": [{"collectionGroup": "c", "fieldPath": "d", "ttl": false,
                         "indexes": [{"queryScope": "COLLECTION_GROUP", "order": "ASCENDING"}]}]}
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from local.firestore import field_paths
from local.firestore.field_paths import FieldPath


class Mode(StrEnum):
    """How an index holds a field."""

    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"
    CONTAINS = "CONTAINS"


class Scope(StrEnum):
    """Which queries an index serves: those of one collection, or those of all collections with its id."""

    COLLECTION = "COLLECTION"
    GROUP = "COLLECTION_GROUP"


@dataclass(frozen=True, slots=True)
class IndexedField:
    """One field of a composite index."""

    path: FieldPath
    mode: Mode

    def __str__(self) -> str:
        return f"{field_paths.render(self.path)} {self.mode}"


@dataclass(frozen=True, slots=True)
class CompositeIndex:
    """An index over several fields of a collection group; the name, in the last field's direction, is its end."""

    collection_id: str
    scope: Scope
    fields: tuple[IndexedField, ...]


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An index of the vectors of one field, with fields that are compared by equality before it."""

    collection_id: str
    scope: Scope
    equal: frozenset[FieldPath]
    path: FieldPath
    dimension: int


@dataclass(frozen=True, slots=True)
class FieldOverride:
    """The single-field indexes of one field, in place of the automatic ones. None at all: an exemption."""

    collection_id: str
    path: FieldPath
    indexes: frozenset[tuple[Scope, Mode]]


AUTOMATIC = frozenset((Scope.COLLECTION, mode) for mode in Mode)
"""What every field has without an override
(https://firebase.google.com/docs/firestore/query-data/index-overview#automatic_indexing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """The indexes of one database. ``project`` None: of any project."""

    project: str | None = None
    database: str | None = "(default)"
    composites: tuple[CompositeIndex, ...] = ()
    vectors: tuple[VectorIndex, ...] = ()
    overrides: tuple[FieldOverride, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file. ValueError, naming the entry, when it is not of this form."""
        return cls.parse(json.loads(path.read_text()))

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """From the parsed JSON. ValueError, naming the entry, when it is not of this form."""
        return cls(
            project=content.get("project"),
            database=content.get("database", "(default)"),
            composites=tuple(_read(_composite, (e for e in content.get("indexes", ()) if not _is_of_vectors(e)))),
            vectors=tuple(_read(_vector, filter(_is_of_vectors, content.get("indexes", ())))),
            overrides=tuple(_read(_override, content.get("fieldOverrides", ()))),
        )

    def covers(self, database: str) -> bool:
        """Whether the file speaks of ``projects/P/databases/D``."""
        _, project, _, name = database.split("/")
        return self.project in (None, project) and self.database in (None, name)

    def collection_ids(self) -> frozenset[str]:
        """The collection ids that the file speaks of."""
        return frozenset(one.collection_id for one in (*self.composites, *self.overrides))

    def fingerprint(self, collection_id: str) -> str:
        """Alike exactly when the indexes of the collection id are."""
        composites = sorted(
            f"{index.scope} {', '.join(map(str, index.fields))}"
            for index in self.composites
            if index.collection_id == collection_id
        )
        overrides = sorted(
            f"{'.'.join(one.path)} {sorted(map(str, one.indexes))}"
            for one in self.overrides
            if one.collection_id == collection_id
        )
        return json.dumps([composites, overrides])

    def single_field(self, collection_id: str, path: FieldPath) -> frozenset[tuple[Scope, Mode]]:
        """The single-field indexes of a field: the override of the field or of the nearest map around it, else
        that of ``*``, else the automatic ones."""
        overrides = {o.path: o.indexes for o in self.overrides if o.collection_id == collection_id}
        for length in range(len(path), 0, -1):
            if path[:length] in overrides:
                return overrides[path[:length]]
        return overrides.get(("*",), AUTOMATIC)


def _read(reader: Any, entries: Iterable[Mapping[str, Any]]) -> list[Any]:
    found: list[Any] = []
    for entry in entries:
        try:
            found.append(reader(entry))
        except (KeyError, ValueError) as error:
            raise ValueError(f"index file: {json.dumps(entry)} is not understood: {error!r}") from error
    return found


def _composite(entry: Mapping[str, Any]) -> CompositeIndex:
    fields = tuple(IndexedField(_path(field["fieldPath"]), _mode(field)) for field in entry["fields"])
    if fields and fields[-1].path == (field_paths.NAME,) and fields[-1].mode == _name_mode(fields[:-1]):
        fields = fields[:-1]
    return CompositeIndex(entry["collectionGroup"], Scope(entry.get("queryScope", "COLLECTION")), fields)


def _is_of_vectors(entry: Mapping[str, Any]) -> bool:
    return any("vectorConfig" in field for field in entry.get("fields", ()))


def _vector(entry: Mapping[str, Any]) -> VectorIndex:
    *equal, last = entry["fields"]
    return VectorIndex(
        entry["collectionGroup"],
        Scope(entry.get("queryScope", "COLLECTION")),
        frozenset(_path(field["fieldPath"]) for field in equal if _mode(field)),
        _path(last["fieldPath"]),
        int(last["vectorConfig"]["dimension"]),
    )


def _name_mode(fields: tuple[IndexedField, ...]) -> Mode:
    ordered = [field.mode for field in fields if field.mode is not Mode.CONTAINS]
    return ordered[-1] if ordered else Mode.ASCENDING


def _override(entry: Mapping[str, Any]) -> FieldOverride:
    """Without ``indexes`` the entry speaks only of expiry, and the automatic indexes stay."""
    indexes = AUTOMATIC
    if "indexes" in entry:
        indexes = frozenset((Scope(i.get("queryScope", "COLLECTION")), _mode(i)) for i in entry["indexes"])
    return FieldOverride(entry["collectionGroup"], _path(entry["fieldPath"]), indexes)


def _path(text: str) -> FieldPath:
    return ("*",) if text == "*" else field_paths.parse(text)


def _mode(entry: Mapping[str, Any]) -> Mode:
    return Mode(entry.get("arrayConfig") or entry["order"])
