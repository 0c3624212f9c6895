"""What does the virus scanner say of some bytes?

clamd takes them in pieces after INSTREAM, each behind its length in four bytes, and an empty one ends them
(https://docs.clamav.net/manual/Usage/ClamdProtocol.html). It is reached over TCP or a socket, or, where nothing but
HTTP gets through (Cloud Run), by a POST to what stands before it (``terraform/clamav``), which answers as clamd does.
Whatever is not a plain OK is no OK.
"""

import asyncio
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

PIECE = 128 * 1024
MAX_REPLY = 4_096
MAX_NAME = 200
_LIMIT = b"INSTREAM size limit exceeded"


class ScannerUnavailable(Exception):
    """There is no verdict; another try may bring one. The message is for operators."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing was found."""


@dataclass(frozen=True, slots=True)
class Found:
    signature: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Above StreamMaxLength of this clamd, so it was not looked at."""


Verdict = Passed | Found | TooLarge


async def scan(url: str, data: bytes, seconds: float) -> Verdict:
    """``url``: as the setting CLAMD_URL has it. ScannerUnavailable: out of reach, late, or at odds with us."""
    try:
        async with asyncio.timeout(seconds):
            call = (
                _post(url, data, seconds)
                if url.startswith("http")
                else asyncio.to_thread(_stream, url, data, seconds)
            )
            reply = await call
    except TimeoutError as error:
        raise ScannerUnavailable(f"clamd did not answer within {seconds:g} s") from error
    except (OSError, httpx.HTTPError) as error:
        raise ScannerUnavailable(f"clamd cannot be reached: {type(error).__name__}") from error
    return read(reply)


def read(reply: bytes) -> Verdict:
    """A line of clamd's: ``stream: OK``, ``stream: NAME FOUND``, or an error."""
    line = reply[:MAX_REPLY].rstrip(b"\0\r\n").decode("utf-8", "replace")
    said = line.removeprefix("stream: ")
    if line == "stream: OK":
        return Passed()
    if line.startswith("stream: ") and said.endswith(" FOUND"):
        name = "".join(one for one in said.removesuffix(" FOUND") if one.isprintable())
        return Found(name[:MAX_NAME])
    if line.startswith(_LIMIT.decode()):
        return TooLarge()
    raise ScannerUnavailable(f"clamd answered {line[:100]!a}")


def _stream(url: str, data: bytes, seconds: float) -> bytes:
    """Over a plain socket, since one that closes early has said why before: what came can still be read after a write
    has failed, which asyncio's streams do not let one."""
    with _connected(url, seconds) as connection:
        try:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                connection.sendall(struct.pack(">I", len(piece)) + piece)
            connection.sendall(struct.pack(">I", 0))
        except ConnectionError:
            pass
        reply = b""
        while not reply.endswith(b"\0") and len(reply) < MAX_REPLY and (part := connection.recv(MAX_REPLY)):
            reply += part
        return reply


def _connected(url: str, seconds: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return socket.create_connection((parts.hostname, parts.port or 0), seconds)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(seconds)
        connection.connect(parts.path)
    except OSError:
        connection.close()
        raise
    return connection


async def _post(url: str, data: bytes, seconds: float) -> bytes:
    headers = {"Content-Type": "application/octet-stream"}
    if url.startswith("https:"):
        headers["Authorization"] = f"Bearer {await asyncio.to_thread(_identity_token, url)}"
    async with httpx.AsyncClient(timeout=seconds) as client:
        answer = await client.post(url, content=data, headers=headers)
    if answer.status_code == 413:
        return _LIMIT
    if answer.status_code != 200:
        raise ScannerUnavailable(f"the service before clamd answered {answer.status_code}")
    return answer.content


def _identity_token(url: str) -> str:
    """For a service of Cloud Run (https://cloud.google.com/run/docs/authenticating/service-to-service)."""
    from google.auth import exceptions
    from google.auth.transport import requests
    from google.oauth2 import id_token

    parts = urlsplit(url)
    try:
        return str(id_token.fetch_id_token(requests.Request(), f"{parts.scheme}://{parts.netloc}"))
    except exceptions.GoogleAuthError as error:
        raise ScannerUnavailable(f"there is no token for clamd: {type(error).__name__}") from error
