"""How are the headers of a call read and written?

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md over HPACK (https://www.rfc-editor.org/rfc/rfc7541),
which the library ``hpack`` decodes. Clients send the same block again and again: what it means is remembered for as
long as the table that it refers to is as it was. Answers are always written as literals, so they need no table.
"""

import base64
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import hpack
from hpack.hpack import encode_integer
from hpack.table import HeaderTable

from local.grpc_server.frames import ProtocolError, Reason

LARGEST = 64 * 1024
"""Bytes of the headers of one call."""

_KNOWN = 1024


class Request(NamedTuple):
    """The headers that begin a call. ``metadata``: those that are not the transport's own."""

    method: str
    content_type: str
    encoding: str
    metadata: tuple[tuple[str, str], ...]


class _Table(HeaderTable):
    """The dynamic table of a peer, which says that it changed."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0

    def add(self, name: bytes, value: bytes) -> None:
        self.changes += 1
        super().add(name, value)


class Decoder:
    """Of the headers that one peer sends."""

    def __init__(self) -> None:
        self._decoder = hpack.Decoder(max_header_list_size=LARGEST)
        self._table = _Table()
        self._decoder.header_table = self._table
        self._known: dict[bytes, Request] = {}

    def decode(self, block: bytes) -> Request:
        """The headers in a block. Raises ProtocolError."""
        known = self._known.get(block)
        if known is not None:
            return known
        before = (self._table.changes, self._table.maxsize)
        try:
            found = self._decoder.decode(block, raw=True)
        except hpack.HPACKError as error:
            raise ProtocolError(Reason.COMPRESSION_ERROR, str(error)) from error
        request = _request(found)
        if (self._table.changes, self._table.maxsize) != before or len(self._known) >= _KNOWN:
            self._known.clear()
        else:
            self._known[block] = request
        return request


def _request(found: Iterable[Any]) -> Request:
    try:
        texts = [(name.decode(), value.decode()) for name, value in found]
    except UnicodeDecodeError as error:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a header is no text") from error
    values = dict(texts)
    if "" in values:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a header has no name")
    metadata = tuple((name, value) for name, value in texts if name[0] != ":" and name not in _OWN)
    return Request(
        values.get(":path", ""), values.get("content-type", ""), values.get("grpc-encoding", "identity"), metadata
    )


_OWN = frozenset(("te", "content-type", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"))


def _literal(name: bytes, value: bytes) -> bytes:
    return b"\x00" + _string(name) + _string(value)


def _string(text: bytes) -> bytes:
    return bytes(encode_integer(len(text), 7)) + text


_STATUS_200 = b"\x88"  # of the static table

INITIAL = _STATUS_200 + _literal(b"content-type", b"application/grpc")
"""What comes before the messages of an answer."""

DONE = _literal(b"grpc-status", b"0")
"""What comes after them."""

NOT_GRPC = _literal(b":status", b"415")


@lru_cache(maxsize=256)
def refusal(code: int, message: str) -> bytes:
    """What comes after the messages of an answer that ends in an error."""
    block = _literal(b"grpc-status", str(code).encode())
    return block + _literal(b"grpc-message", _percent_encoded(message)) if message else block


def trailer(name: str, value: str | bytes) -> bytes:
    """Metadata after an answer; bytes, whose name ends in ``-bin``, travel as base64 without padding."""
    text = base64.b64encode(value).rstrip(b"=") if isinstance(value, bytes) else value.encode()
    return _literal(name.encode(), text)


def _percent_encoded(message: str) -> bytes:
    """https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses"""
    return b"".join(
        bytes((byte,)) if 0x20 <= byte <= 0x7E and byte != 0x25 else b"%%%02X" % byte for byte in message.encode()
    )
