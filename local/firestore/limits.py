"""What is too large, too deep or wrongly named to be stored?

Limits: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields. Sizes are Firestore's
own, not those of the wire: https://firebase.google.com/docs/firestore/storage-size.
"""

import re
from functools import lru_cache

from local.firestore import encoding, errors, value_rules
from local.firestore.messages import Fields, Message
from local.firestore.names import Path

MAX_REQUEST_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 1024 * 1024 - 4
MAX_FIELD_NAME_BYTES = 1500
MAX_MAP_DEPTH = 20
MAX_TRANSFORMS = 500
MAX_DIMENSIONS = 2048
"""Of a vector: https://firebase.google.com/docs/firestore/vector-search#limitations."""

_SURELY_SMALL = 100_000  # serialized; no value is ten times as large stored as it is on the wire
_LONG = 1000
"""Bytes of a path of fields, below the limit by far."""
_SHORT = 100_000
"""Characters of a text that is surely not too long."""
_RESERVED = re.compile(r"__.+__", re.DOTALL)
_NAME_OVERHEAD = 16
_DOCUMENT_OVERHEAD = 32
_FIXED_SIZES = {
    "null_value": 1,
    "boolean_value": 1,
    "integer_value": 8,
    "double_value": 8,
    "timestamp_value": 8,
    "geo_point_value": 16,
}


_UNCHECKED = frozenset(("null_value", "boolean_value", "integer_value", "double_value"))
"""Types of values of which each can be stored."""


def check_request(size: int) -> None:
    """Refuse a request of more than 10 MiB."""
    if size > MAX_REQUEST_BYTES:
        raise errors.invalid(f"The request is {size} bytes; the maximum is {MAX_REQUEST_BYTES} bytes (10 MiB).")


def check_size(document: Message, path: Path, size: int) -> None:
    """Refuse a document that is too large to be stored. ``size``: serialized."""
    if size > _SURELY_SMALL:
        stored = _name_size(path) + _fields_size(document.fields) + _DOCUMENT_OVERHEAD
        if stored > MAX_DOCUMENT_BYTES:
            raise errors.invalid(
                f"The document '{document.name}' is {stored} bytes; the maximum is {MAX_DOCUMENT_BYTES} bytes: "
                "cannot be written because its size exceeds the maximum allowed size of 1,048,572 bytes."
            )


def check_fields(fields: Fields, depth: int, above: int = 0) -> None:
    """Refuse names and values that no document may hold. Times are cut off to microseconds, as they are stored.
    ``above``: bytes of the path of the map, with the dot behind it."""
    for name in fields:
        value = fields[name]
        if above > _LONG or not _is_ordinary(name):
            _check_name(name, depth, above)
        kind = value.WhichOneof("value_type")
        if kind not in _UNCHECKED and (kind != "string_value" or len(value.string_value) > _SHORT):
            check_value(value, depth, name, above)


@lru_cache(maxsize=4096)
def _is_ordinary(name: str) -> bool:
    """Whether a name may stand wherever the path above it is not long."""
    return 0 < len(name) * 4 <= MAX_FIELD_NAME_BYTES - _LONG and not name.startswith("__")


def _check_name(name: str, depth: int, above: int) -> None:
    if not name:
        raise errors.invalid("The property.name is the empty string.")
    if _RESERVED.fullmatch(name) and not (name == "__type__" and depth > 1):
        raise errors.invalid(f"field name {name} is reserved")
    if above + len(name.encode()) > MAX_FIELD_NAME_BYTES:
        raise errors.invalid(f"The property.name is longer than {MAX_FIELD_NAME_BYTES} bytes.")


def check_value(value: Message, depth: int, name: str, above: int = 0) -> None:
    """Refuse a value of the field ``name``. ``above`` as ``check_fields`` has it."""
    kind = value.WhichOneof("value_type")
    if kind == "string_value" or kind in _UNCHECKED:
        value_rules.check_length(kind, value, name)
    elif kind == "map_value":
        if depth > MAX_MAP_DEPTH:
            raise _too_deep(name)
        if "__type__" in value.map_value.fields:
            check_vector(value, name)
        else:
            check_fields(value.map_value.fields, depth + 1, above + len(name.encode()) + 1)
    elif kind == "array_value":
        for element in value.array_value.values:
            _check_element(element, depth + 1, name)
    elif kind == "timestamp_value":
        value_rules.check_single(kind, value)
        if value.timestamp_value.nanos % 1000:
            value.timestamp_value.nanos -= value.timestamp_value.nanos % 1000
    elif kind is None:
        raise errors.invalid("Cannot convert firestore.v1.Value with type unset.")
    elif kind.startswith(("field_", "variable_", "function_", "pipeline_")):
        raise errors.invalid(f"Cannot store a firestore.v1.Value of type {kind}: it is an expression of pipelines.")
    else:
        value_rules.check_single(kind, value)
        value_rules.check_length(kind, value, name)


def _too_deep(name: str) -> errors.FirestoreError:
    return errors.invalid(f"Property {name} contains an invalid nested entity: more than {MAX_MAP_DEPTH} levels.")


def _check_element(element: Message, depth: int, name: str) -> None:
    kind = element.WhichOneof("value_type")
    if depth > MAX_MAP_DEPTH + 1:
        raise _too_deep(name)
    if kind == "array_value":
        raise errors.invalid("Cannot convert an array value in an array value.")
    if kind == "map_value" and encoding.is_vector(element):
        raise errors.invalid("Cannot convert a vector value in an array value.")
    if kind not in _UNCHECKED and (kind != "string_value" or len(element.string_value) > _SHORT):
        check_value(element, depth, name)


def check_vector(value: Message, name: str) -> Message:
    """Refuse a map with a ``__type__`` that is no vector; else the elements of the vector."""
    fields = value.map_value.fields
    if not encoding.is_vector(value):
        raise errors.invalid(f"Property {name} contains an invalid nested entity.")
    if "value" not in fields:
        raise errors.invalid("Vector map is missing key 'value'.")
    if len(fields) > 2:
        raise errors.invalid("Vector Value map has extraneous entries.")
    elements = fields["value"].array_value.values
    if any(element.WhichOneof("value_type") != "double_value" for element in elements):
        raise errors.invalid("Vector must only contain values of type 'double'")
    if any(element.double_value != element.double_value for element in elements):
        raise errors.invalid("Vector cannot contain NaN values.")
    if not elements:
        raise errors.invalid("Cannot have a zero length vector.")
    if len(elements) > MAX_DIMENSIONS:
        raise errors.invalid(f"Vectors must be at most {MAX_DIMENSIONS} dimensions.")
    return elements


def _name_size(path: Path) -> int:
    return sum(len(segment.encode()) + 1 for segment in path) + _NAME_OVERHEAD


def _fields_size(fields: Fields) -> int:
    return sum(len(name.encode()) + 1 + value_size(fields[name]) for name in fields)


def value_size(value: Message) -> int:
    """Bytes of a value as it is stored."""
    match value.WhichOneof("value_type"):
        case "string_value":
            return len(value.string_value.encode()) + 1
        case "bytes_value":
            return len(value.bytes_value)
        case "reference_value":
            return _name_size(tuple(value.reference_value.split("/")[5:]))
        case "array_value":
            return sum(map(value_size, value.array_value.values))
        case "map_value":
            return _fields_size(value.map_value.fields)
        case kind:
            return _FIXED_SIZES[kind]
