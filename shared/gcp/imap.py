"""What is new in a mailbox? Read by IMAP4rev1 (https://www.rfc-editor.org/rfc/rfc3501), encrypted from the first byte
on (https://www.rfc-editor.org/rfc/rfc8314), without marking anything as read.

A message is known by its UID, which only grows while the mailbox keeps its UIDVALIDITY (RFC 3501 section 2.3.1.1).
The server is one that a user chose: it is reached at an address that was judged, and may neither take for ever nor
send without end.
"""

import asyncio
import imaplib
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import clock
from shared.domain import errors

STEP_SECONDS = 15.0
TOTAL_SECONDS = 45.0
MAX_MESSAGE = 1_000_000
"""Bytes of a message that are read: of a larger one the beginning."""
MAX_BYTES = 60_000_000
"""Of all that the server says in one look."""
MAX_UIDS = 100_000

_UID = re.compile(rb"UID (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """``addresses``: of the host, judged."""

    host: str
    port: int
    addresses: Sequence[str]
    folder: str
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a mailbox has been read: all up to ``uid``."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """``messages``: (UID, the message as it came), oldest first. ``place``: how far it is read with them."""

    place: Place
    messages: Sequence[tuple[int, bytes]]


async def news(
    mailbox: Mailbox, place: Place | None, since: datetime, limit: int, tls: ssl.SSLContext | None = None
) -> News:
    """At most ``limit`` messages behind ``place``, without one none; where the mailbox has been renumbered since, all
    that came on the day of ``since`` or later. BlockError, reason ``CREDENTIALS_REFUSED`` or ``SERVICE_REFUSED``;
    Retryable, reason ``SERVICE_UNAVAILABLE``."""
    context = tls or ssl.create_default_context()
    return await asyncio.to_thread(_read, mailbox, place, since, limit, context)


class _Connection(imaplib.IMAP4_SSL):
    """To one of the judged addresses, under the host's name, with a limit to what is read and for how long."""

    def __init__(self, mailbox: Mailbox, context: ssl.SSLContext) -> None:
        self._mailbox = mailbox
        self._left = MAX_BYTES
        self._end = clock.monotonic() + TOTAL_SECONDS
        super().__init__(mailbox.host, mailbox.port, ssl_context=context, timeout=STEP_SECONDS)

    def _create_socket(self, timeout: float | None) -> Any:
        problem: OSError | None = None
        for address in self._mailbox.addresses:
            try:
                plain = socket.create_connection((address, self._mailbox.port), timeout)
            except OSError as error:
                problem = error
                continue
            return self.ssl_context.wrap_socket(plain, server_hostname=self._mailbox.host)
        raise problem or OSError("it has no address")

    def read(self, size: int) -> bytes:
        self._spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._spend(len(line))
        return line

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise imaplib.IMAP4.abort("it sends more than is read of it")
        if clock.monotonic() > self._end:
            raise imaplib.IMAP4.abort("it takes too long")


def _read(mailbox: Mailbox, place: Place | None, since: datetime, limit: int, context: ssl.SSLContext) -> News:
    try:
        connection = _Connection(mailbox, context)
    except (imaplib.IMAP4.error, OSError) as error:
        raise _unavailable(mailbox, error) from error
    try:
        _sign_in(connection, mailbox)
        return _look(connection, mailbox, place, since, limit)
    except (imaplib.IMAP4.abort, OSError) as error:
        raise _unavailable(mailbox, error) from error
    except (imaplib.IMAP4.error, ValueError) as error:
        raise _refused(mailbox, error) from error
    finally:
        _close(connection)


def _close(connection: _Connection) -> None:
    """Whatever state it is in: what it was for is done, or has failed."""
    for step in (connection.logout, connection.shutdown):
        try:
            step()
            return
        except (imaplib.IMAP4.error, OSError, ValueError):
            continue


def _sign_in(connection: _Connection, mailbox: Mailbox) -> None:
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            proof = f"\0{mailbox.username}\0{mailbox.password}".encode()
            connection.authenticate("PLAIN", lambda _: proof)
        else:
            connection.login(mailbox.username, mailbox.password)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeError) as error:
        raise errors.BlockError(
            f"{mailbox.host} does not accept the credentials.", reason="CREDENTIALS_REFUSED"
        ) from error


def _look(connection: _Connection, mailbox: Mailbox, place: Place | None, since: datetime, limit: int) -> News:
    quoted = mailbox.folder.replace("\\", "\\\\").replace('"', '\\"')
    status, said = connection.select(f'"{quoted}"', readonly=True)
    if status != "OK":
        raise imaplib.IMAP4.error(f"there is no folder {mailbox.folder}: {said!r}")
    validity = _number(connection, "UIDVALIDITY")
    if place is None:
        return News(place=Place(validity=validity, uid=_number(connection, "UIDNEXT") - 1), messages=())
    renumbered = place.validity != validity
    behind = 0 if renumbered else place.uid
    criterion = f"SINCE {since:%d-%b-%Y}" if renumbered else f"UID {behind + 1}:*"
    _, found = connection.uid("SEARCH", criterion)
    # "n:*" always names the last message, too (RFC 3501 section 6.4.8).
    uids = sorted({int(uid) for uid in (found[0] or b"").split()[:MAX_UIDS] if int(uid) > behind})[:limit]
    messages = [(uid, message) for uid in uids if (message := _message(connection, uid)) is not None]
    return News(place=Place(validity=validity, uid=uids[-1] if uids else behind), messages=messages)


def _message(connection: _Connection, uid: int) -> bytes | None:
    """None: it has gone meanwhile."""
    _, parts = connection.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{MAX_MESSAGE}>)")
    for part in parts:
        if isinstance(part, tuple):
            return bytes(part[1])[:MAX_MESSAGE]
    return None


def _number(connection: _Connection, name: str) -> int:
    _, values = connection.response(name)
    if not values or values[-1] is None:
        raise imaplib.IMAP4.error(f"it does not say {name}")
    return int(values[-1])


def _unavailable(mailbox: Mailbox, error: Exception) -> errors.Retryable:
    return errors.Retryable(
        f"{mailbox.host} cannot be spoken to: {str(error)[:200] or type(error).__name__}",
        reason="SERVICE_UNAVAILABLE",
    )


def _refused(mailbox: Mailbox, error: Exception) -> errors.BlockError:
    return errors.BlockError(f"{mailbox.host} refused: {str(error)[:200]}", reason="SERVICE_REFUSED")
