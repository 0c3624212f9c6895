"""How is a field addressed: ``a.b.`c d``` as segments, and what lies there?

Syntax: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#documentmask. A segment is
``[a-zA-Z_][a-zA-Z_0-9]*``, or anything else in backticks, where a backslash escapes a backtick or a backslash.
Google's emulator knows the escapes of strings in SQL as well, and refuses others:
https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences.
"""

import re
import sys
from functools import lru_cache, partial
from typing import TypeAlias

from local.firestore import errors
from local.firestore.messages import Fields, Message

FieldPath: TypeAlias = tuple[str, ...]

NAME = "__name__"
TYPE = "__type__"
"""A map that holds this is a vector."""

MAX_FIELD_PATH_BYTES = 1500

_SIMPLE = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*")
_SEGMENT = re.compile(r"([a-zA-Z_][a-zA-Z_0-9]*)|`((?:[^`\\]|\\.)+)`", re.DOTALL)
_RESERVED = re.compile(r"__.+__", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|)"
)
_ESCAPED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


@lru_cache(maxsize=8192)
def parse(text: str) -> FieldPath:
    """The segments of ``text``. INVALID_ARGUMENT when it is no field path, or holds a name that no field can have."""
    segments: list[str] = []
    position = 0
    while True:
        match = _SEGMENT.match(text, position)
        if match is None:
            raise _refusal(text)
        quoted = match.group(2)
        segments.append(match.group(1) if quoted is None else _ESCAPE.sub(partial(_unescaped, text), quoted))
        position = match.end()
        if position == len(text):
            break
        if text[position] != ".":
            raise _refusal(text)
        position += 1
    if len(text.encode()) > MAX_FIELD_PATH_BYTES:
        raise errors.invalid(f"The field path is longer than {MAX_FIELD_PATH_BYTES} bytes.")
    for segment in segments:
        if _RESERVED.fullmatch(segment) and segments != [NAME]:
            raise errors.invalid(f'The field path "{text}" holds the reserved name "{segment}".')
    return tuple(segments)


def _unescaped(text: str, found: re.Match[str]) -> str:
    letter, *codes, octal = found.groups()
    code = next(filter(None, codes), None)
    if letter is None and code is None and octal is None:
        raise _refusal(text)
    if letter is not None:
        return _ESCAPED.get(letter, letter)
    number = int(code, 16) if code else int(octal, 8)
    if number > sys.maxunicode:
        raise _refusal(text)
    return chr(number)


def parse_writable(text: str) -> FieldPath:
    """As ``parse``, but of a field that a document may hold."""
    path = parse(text)
    if path == (NAME,):
        raise errors.invalid(f'The field path "{text}" holds the reserved name "{NAME}".')
    return path


def check_alias(alias: str) -> None:
    """Refuse a name for a result that no field may have."""
    if _RESERVED.fullmatch(alias) or len(alias.encode()) > MAX_FIELD_PATH_BYTES:
        raise errors.invalid(f'The name "{alias[:100]}" of a result is reserved, or too long.')


def _refusal(text: str) -> errors.FirestoreError:
    return errors.invalid(
        f'Invalid property path "{text}". Unquoted property paths must match regex ([a-zA-Z_][a-zA-Z_0-9]*), '
        r"and quoted property paths must match regex (`(?:[^`\\]|(?:\\.))+`)"
    )


def render(path: FieldPath) -> str:
    """The inverse of ``parse``."""
    return ".".join(_render_segment(segment) for segment in path)


def _render_segment(segment: str) -> str:
    if _SIMPLE.fullmatch(segment):
        return segment
    return "`" + segment.replace("\\", "\\\\").replace("`", "\\`") + "`"


def find(fields: Fields, path: FieldPath) -> Message | None:
    """The value at ``path``, or None when there is none. A vector is no map: there is nothing below it."""
    value = None
    for segment in path:
        if segment not in fields or (
            value is not None and TYPE in fields
        ):  # reading a protobuf map would create the entry
            return None
        value = fields[segment]
        fields = value.map_value.fields
    return value


def make(fields: Fields, path: FieldPath) -> Message:
    """The value at ``path`` to be written into. A parent that is missing or no map becomes a map."""
    for segment in path[:-1]:
        parent = fields[segment]
        if TYPE in parent.map_value.fields:
            parent.Clear()
        fields = parent.map_value.fields
    return fields[path[-1]]


def remove(fields: Fields, path: FieldPath) -> None:
    """Remove what is at ``path``, if anything is."""
    for segment in path[:-1]:
        if segment not in fields:
            return
        fields = fields[segment].map_value.fields
    if path[-1] in fields and (len(path) == 1 or TYPE not in fields):
        del fields[path[-1]]


def copy_masked(source: Fields, target: Fields, paths: list[FieldPath]) -> None:
    """Copy into ``target`` what ``source`` has at each path."""
    for path in paths:
        value = find(source, path)
        if value is not None:
            make(target, path).CopyFrom(value)
