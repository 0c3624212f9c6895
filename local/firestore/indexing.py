"""Which index entries does a document have?

An entry says: in this scope, this index holds this value. The entries of a document are a set, so a write changes
only the difference between the sets before and after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from local.firestore import encoding, field_paths
from local.firestore.field_paths import FieldPath
from local.firestore.index_file import AUTOMATIC, CompositeIndex, IndexedField, IndexFile, Mode, Scope
from local.firestore.messages import Fields, Message

Entry: TypeAlias = tuple[bool, int, bytes]
"""Whether it is in the scope of the collection group, the number of the index, the value's sort key."""

Numbering: TypeAlias = Callable[[str], int]
"""From the signature of an index to its number."""


@lru_cache(maxsize=16384)
def single_signature(path: FieldPath, *, contains: bool) -> str:
    """A single-field index. Ascending and descending are one: it is read in both directions."""
    return str(IndexedField(path, Mode.CONTAINS if contains else Mode.ASCENDING))


def composite_signature(index: CompositeIndex) -> str:
    """A composite index."""
    return ", ".join(map(str, index.fields))


@dataclass(frozen=True, slots=True)
class FieldIndexes:
    """The numbers of the indexes of one field, by whether they are a collection group's."""

    values: tuple[tuple[bool, int], ...]
    elements: tuple[tuple[bool, int], ...]


@dataclass(slots=True)
class Policy:
    """What the collections of one id in one database index. ``file`` None: every field, and nothing else."""

    collection_id: str
    file: IndexFile | None
    numbering: Numbering
    _fields: dict[FieldPath, FieldIndexes] = field(default_factory=dict[FieldPath, FieldIndexes])

    def single_field(self, path: FieldPath) -> frozenset[tuple[Scope, Mode]]:
        """The single-field indexes of a field."""
        return self.file.single_field(self.collection_id, path) if self.file else AUTOMATIC

    def composites(self) -> tuple[CompositeIndex, ...]:
        """The composite indexes of the collection id."""
        if self.file is None:
            return ()
        return tuple(index for index in self.file.composites if index.collection_id == self.collection_id)

    def find_single(self, path: FieldPath, *, contains: bool, group: bool) -> int | None:
        """The number of the single-field index that holds a field in this scope, if one does."""
        indexes = self.field(path)
        for is_group, number in indexes.elements if contains else indexes.values:
            if is_group == group:
                return number
        return None

    def field(self, path: FieldPath) -> FieldIndexes:
        """The single-field indexes of a field, by number."""
        known = self._fields.get(path)
        if known is None:
            if len(self._fields) > 10_000:  # fields named by data would fill the memory
                self._fields.clear()
            known = self._fields[path] = self._number(path)
        return known

    def _number(self, path: FieldPath) -> FieldIndexes:
        modes = self.single_field(path)
        scopes = {contains: _scopes(modes, contains=contains) for contains in (False, True)}
        numbers = {
            contains: self.numbering(single_signature(path, contains=contains))
            for contains in scopes
            if scopes[contains]
        }
        return FieldIndexes(
            tuple((group, numbers[False]) for group in scopes[False]),
            tuple((group, numbers[True]) for group in scopes[True]),
        )


def _scopes(modes: frozenset[tuple[Scope, Mode]], *, contains: bool) -> tuple[bool, ...]:
    return tuple(sorted({scope is Scope.GROUP for scope, mode in modes if (mode is Mode.CONTAINS) == contains}))


def entries(fields: Fields, policy: Policy) -> set[Entry]:
    """The index entries of a document with these fields."""
    found: set[Entry] = set()
    _collect(fields, (), policy, found)
    for index in policy.composites():
        _collect_composite(fields, index, policy.numbering(composite_signature(index)), found)
    return found


def _collect(fields: Fields, prefix: FieldPath, policy: Policy, found: set[Entry]) -> None:
    for name in fields:
        value = fields[name]
        path = (*prefix, name)
        indexes = policy.field(path)
        if indexes.values:
            key = encoding.truncate(encoding.encode(value))
            for group, number in indexes.values:
                found.add((group, number, key))
        kind = value.WhichOneof("value_type")
        if kind == "array_value" and indexes.elements:
            for element in value.array_value.values:
                key = encoding.truncate(encoding.encode(element))
                for group, number in indexes.elements:
                    found.add((group, number, key))
        elif kind == "map_value" and not encoding.is_vector(value):
            _collect(value.map_value.fields, path, policy, found)


def _collect_composite(fields: Fields, index: CompositeIndex, number: int, found: set[Entry]) -> None:
    keys = [b""]
    for indexed in index.fields:
        value = field_paths.find(fields, indexed.path)
        if value is None:
            return
        parts = _parts(value, indexed.mode)
        keys = [key + part for key in keys for part in parts]
    group = index.scope is Scope.GROUP
    found.update((group, number, key) for key in keys)


def _parts(value: Message, mode: Mode) -> set[bytes]:
    if mode is Mode.CONTAINS:
        return {encoding.truncate(encoding.encode(element)) for element in value.array_value.values}
    key = encoding.truncate(encoding.encode(value))
    return {encoding.descending(key) if mode is Mode.DESCENDING else key}
