"""Which values are none, wherever they stand: in a document, a filter, a cursor or a transform?

https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#value, and for times
https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp.
"""

from local.firestore import errors, names
from local.firestore.messages import Message

MAX_VALUE_BYTES = 1024 * 1024 - 89
"""Of one text or byte string (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields)."""

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def check(value: Message) -> None:
    """INVALID_ARGUMENT for what is no value, or holds one that is none."""
    kind = value.WhichOneof("value_type")
    if kind == "array_value":
        for element in value.array_value.values:
            check(element)
    elif kind == "map_value":
        for name in value.map_value.fields:
            check(value.map_value.fields[name])
    else:
        check_single(kind, value)


def check_single(kind: str | None, value: Message) -> None:
    """As ``check``, of a value that is neither an array nor a map."""
    match kind:
        case "timestamp_value":
            _check_time(value.timestamp_value)
        case "geo_point_value":
            _check_place(value.geo_point_value)
        case "reference_value":
            names.split_document(value.reference_value)
        case _:
            pass


def check_length(kind: str | None, value: Message, name: str) -> None:
    """Refuse a text or bytes in the field ``name`` that are too long to be stored."""
    size = 0
    if kind == "string_value" and len(value.string_value) * 4 > MAX_VALUE_BYTES:
        size = len(value.string_value.encode())
    elif kind == "bytes_value":
        size = len(value.bytes_value)
    if size > MAX_VALUE_BYTES:
        raise errors.invalid(f'The value of property "{name}" is longer than {MAX_VALUE_BYTES} bytes.')


def _check_time(stamp: Message) -> None:
    if not _FIRST_SECOND <= stamp.seconds <= _LAST_SECOND:
        raise errors.invalid("Timestamp seconds exceeds limit for field.")
    if not 0 <= stamp.nanos < 1_000_000_000:
        raise errors.invalid("Timestamp nanos exceeds limit for field.")


def _check_place(point: Message) -> None:
    for side, number, most in (("latitude", point.latitude, 90.0), ("longitude", point.longitude, 180.0)):
        if not -most <= number <= most:
            raise errors.invalid(f"Geo point {side} '{number}' outside permitted range -{most} to {most}.")
