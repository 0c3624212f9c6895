"""What do HTTP/2 frames look like? https://www.rfc-editor.org/rfc/rfc9113#section-4"""

import struct
from enum import IntEnum

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER = 9
DEFAULT_WINDOW = 65_535
DEFAULT_FRAME = 16_384
LARGEST_WINDOW = 2**31 - 1
LARGEST_FRAME = 2**24 - 1

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY = 0x20

_HEADER = struct.Struct(">IBI")
_MESSAGE = struct.Struct(">IBIBI")
_pack, _pack_message = _HEADER.pack, _MESSAGE.pack
_setting = struct.Struct(">HI")
_PRIORITY_SIZE = 5
_PREFIX = 5

unpack_header = _HEADER.unpack_from
"""From a buffer and a position: length and kind in one number, the kind in its last byte; flags; stream."""


class Kind(IntEnum):
    """The types of frames that matter here."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


_HEADERS = int(Kind.HEADERS)


class Setting(IntEnum):
    """The settings that matter here."""

    HEADER_TABLE_SIZE = 1
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class Reason(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    FLOW_CONTROL_ERROR = 3
    CANCEL = 8
    COMPRESSION_ERROR = 9


class ProtocolError(Exception):
    """What the peer sent breaks the rules: the connection ends."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame, whole."""
    return _pack(len(payload) << 8 | kind, flags, stream) + payload


def headers(stream: int, block: bytes) -> bytes:
    """A HEADERS frame after which the stream goes on."""
    return _pack(len(block) << 8 | _HEADERS, END_HEADERS, stream) + block


def last_headers(stream: int, block: bytes) -> bytes:
    """A HEADERS frame that ends the stream."""
    return _pack(len(block) << 8 | _HEADERS, END_HEADERS | END_STREAM, stream) + block


def message(stream: int, content: bytes) -> bytes:
    """A DATA frame with a message of gRPC, uncompressed."""
    size = len(content)
    return _pack_message((size + _PREFIX) << 8, 0, stream, 0, size) + content


def settings(values: dict[Setting, int]) -> bytes:
    """A SETTINGS frame."""
    payload = b"".join(_setting.pack(name, value) for name, value in values.items())
    return frame(Kind.SETTINGS, 0, 0, payload)


def parse_settings(payload: bytes) -> list[tuple[int, int]]:
    """The numbers and values in a SETTINGS frame."""
    if len(payload) % _setting.size:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a SETTINGS frame is cut off")
    return list(_setting.iter_unpack(payload))


def window_update(stream: int, more: int) -> bytes:
    """Leave to send ``more`` bytes on a stream, or for 0 on the connection."""
    return frame(Kind.WINDOW_UPDATE, 0, stream, more.to_bytes(4, "big"))


def fragment(flags: int, payload: bytes) -> bytes:
    """What a HEADERS frame holds beside padding and priority."""
    if flags & PADDED:
        payload = unpadded(payload)
    if not flags & PRIORITY:
        return payload
    if len(payload) < _PRIORITY_SIZE:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a frame is shorter than its priority")
    return payload[_PRIORITY_SIZE:]


def unpadded(payload: bytes) -> bytes:
    """What a padded frame holds beside padding."""
    end = len(payload) - payload[0] if payload else 0
    if end < 1:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a frame is shorter than its padding")
    return payload[1:end]
