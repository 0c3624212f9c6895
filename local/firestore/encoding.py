"""How do values sort? Each Value becomes bytes that compare as Firestore compares values.

Order of types and within them: https://firebase.google.com/docs/firestore/manage-data/data-types. Two values are
equal for a query exactly when their bytes are: 1 and 1.0, and 0.0 and -0.0, are. No encoding is a proper prefix
of another, so encodings can be joined into keys of several fields, and a complemented one sorts descending.
"""

import struct
from collections.abc import Callable

from local.firestore import errors, messages, names
from local.firestore.messages import Message

NULL = b"\x05"
FALSE = b"\x10"
TRUE = b"\x11"
NAN = b"\x20"
_NUMBER = b"\x28"
_TIMESTAMP = b"\x30"
_STRING = b"\x38"
_BYTES = b"\x40"
_REFERENCE = b"\x48"
_GEO_POINT = b"\x50"
_ARRAY = b"\x58"
_VECTOR = b"\x60"
_MAP = b"\x68"
_END = b"\x00\x01"
_STOP = b"\x01"

MAX_INDEXED_BYTES = 1500
"""Values are indexed by so many bytes (https://firebase.google.com/docs/firestore/quotas#indexes)."""

_COMPLEMENT = bytes(255 - byte for byte in range(256))
_pack_double = struct.Struct(">d").pack
_unpack_unsigned = struct.Struct(">Q").unpack
_pack_unsigned = struct.Struct(">Q").pack
_SIGN = 1 << 63
_EXACT = 2.0**53


def descending(key: bytes) -> bytes:
    """The key that sorts the other way round."""
    return key.translate(_COMPLEMENT)


def truncate(key: bytes) -> bytes:
    """The key as an index holds it. Values alike in all that is kept share one key."""
    return key if len(key) <= MAX_INDEXED_BYTES else key[:MAX_INDEXED_BYTES]


def encode(value: Message) -> bytes:
    """The sort key of a Value. INVALID_ARGUMENT when no type is set in it."""
    kind = value.WhichOneof("value_type")
    encoder = _ENCODERS.get(kind)
    if encoder is None:
        raise errors.invalid(f"Cannot compare a firestore.v1.Value with type {kind or 'unset'}.")
    return encoder(value)


def bracket(key: bytes) -> tuple[bytes, bytes]:
    """The least key, and the least above all keys, of values of the same type as the value of ``key``."""
    low = FALSE if key[:1] == TRUE else key[:1]
    return low, (b"\x12" if low == FALSE else bytes((low[0] + 1,)))


def _number(number: float) -> bytes:
    """``number`` by the nearest double, then, where doubles are sparse, by its distance from that double."""
    if number != number:
        return NAN
    nearest = float(number) + 0.0  # -0.0 becomes 0.0
    (bits,) = _unpack_unsigned(_pack_double(nearest))
    key = _NUMBER + _pack_unsigned(bits ^ 0xFFFF_FFFF_FFFF_FFFF if bits & _SIGN else bits | _SIGN)
    if -_EXACT < nearest < _EXACT:
        return key
    residue = number - int(nearest) if isinstance(number, int) else 0
    return key + struct.pack(">H", residue + 0x8000)


def _escaped(raw: bytes) -> bytes:
    return raw.replace(b"\x00", b"\x00\xff") + _END if b"\x00" in raw else raw + _END


def _timestamp(value: Message) -> bytes:
    return _TIMESTAMP + _pack_unsigned(messages.micros(value.timestamp_value) + _SIGN)


def reference(name: str) -> bytes:
    """The sort key of a reference to the document ``name``."""
    return _REFERENCE + names.path_key(tuple(name.split("/"))) + _END


def referenced(key: bytes) -> str:
    """The inverse of ``reference``."""
    return "/".join(names.path_of(key[1:-2]))


def _geo_point(value: Message) -> bytes:
    point = value.geo_point_value
    return _GEO_POINT + _number(point.latitude) + _number(point.longitude)


def _array(value: Message) -> bytes:
    return _ARRAY + b"".join(map(encode, value.array_value.values)) + _STOP


def _map(value: Message) -> bytes:
    fields = value.map_value.fields
    if is_vector(value):
        return _vector(fields)
    parts = [_escaped(name.encode()) + encode(fields[name]) for name in sorted(fields, key=str.encode)]
    return _MAP + b"".join(b"\x02" + part for part in parts) + _STOP


def is_vector(value: Message) -> bool:
    """Whether a map stands for a vector, as ``{"__type__": "__vector__", "value": [...]}``."""
    fields = value.map_value.fields
    return "__type__" in fields and fields["__type__"].string_value == "__vector__"


def _vector(fields: Message) -> bytes:
    values = fields["value"].array_value.values if "value" in fields else ()
    return _VECTOR + struct.pack(">I", len(values)) + b"".join(map(encode, values)) + _STOP


_ENCODERS: dict[str | None, Callable[[Message], bytes]] = {
    "null_value": lambda value: NULL,
    "boolean_value": lambda value: TRUE if value.boolean_value else FALSE,
    "integer_value": lambda value: _number(value.integer_value),
    "double_value": lambda value: _number(value.double_value),
    "timestamp_value": _timestamp,
    "string_value": lambda value: _STRING + _escaped(value.string_value.encode()),
    "bytes_value": lambda value: _BYTES + _escaped(value.bytes_value),
    "reference_value": lambda value: reference(value.reference_value),
    "geo_point_value": _geo_point,
    "array_value": _array,
    "map_value": _map,
}
