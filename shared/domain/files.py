"""What becomes of a file that a user sends, and when is it looked at next?

    PENDING ──▶ QUARANTINED ──▶ CLEAN         its bytes may be read
                            ├─▶ INFECTED      the virus scan found something
                            └─▶ REJECTED      the content is not what may be kept, for a reason
    any ──▶ DELETED                           by its user, or at its end; no longer there for anybody

Only CLEAN is ever read by a block or downloaded. What was checked is what is read: the object that was scanned has a
generation, and everything later names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class FileStatus(StrEnum):
    PENDING = "PENDING"
    QUARANTINED = "QUARANTINED"
    CLEAN = "CLEAN"
    INFECTED = "INFECTED"
    REJECTED = "REJECTED"
    DELETED = "DELETED"


class Reason(StrEnum):
    """Why a file is not CLEAN."""

    SCANNER_MISSING = "SCANNER_MISSING"
    SCANNER_UNAVAILABLE = "SCANNER_UNAVAILABLE"
    NOT_SCANNABLE = "NOT_SCANNABLE"
    VIRUS = "VIRUS"
    UPLOAD_LOST = "UPLOAD_LOST"
    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    MALFORMED = "MALFORMED"
    POLYGLOT = "POLYGLOT"
    EXECUTABLE = "EXECUTABLE"
    ACTIVE_CONTENT = "ACTIVE_CONTENT"
    MACROS = "MACROS"
    ENCRYPTED = "ENCRYPTED"
    ARCHIVE_BOMB = "ARCHIVE_BOMB"
    ARCHIVE_PATH = "ARCHIVE_PATH"
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE"


TRANSITIONS: Final[Mapping[FileStatus, frozenset[FileStatus]]] = {
    FileStatus.PENDING: frozenset({FileStatus.QUARANTINED, FileStatus.DELETED}),
    FileStatus.QUARANTINED: frozenset(
        {FileStatus.CLEAN, FileStatus.INFECTED, FileStatus.REJECTED, FileStatus.DELETED}
    ),
    FileStatus.CLEAN: frozenset({FileStatus.DELETED}),
    FileStatus.INFECTED: frozenset({FileStatus.DELETED}),
    FileStatus.REJECTED: frozenset({FileStatus.DELETED}),
    FileStatus.DELETED: frozenset(),
}
"""Status -> what may follow it."""

CHECKED: Final = frozenset({FileStatus.CLEAN, FileStatus.INFECTED, FileStatus.REJECTED})
"""Nothing more is found out about its bytes."""

UPLOAD_GRACE = timedelta(minutes=2)
"""An upload that began in time may still be under way when its URL has ended."""
SCAN_DUE = timedelta(minutes=5)
"""After which a scan that nobody finished is asked for again."""
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(minutes=10)
FORGET = timedelta(days=7)
"""How long it is told why a file was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """``size``: bytes, as announced, and held to by the upload URL. ``held``: what counts against its user's storage.
    ``declared_type``: what the client says it is, "" where it does not; ``content_type``: what the content says, ""
    until that is known. ``reason`` and ``message``: why it is not CLEAN. ``scanned``: whether a virus scanner saw it.
    ``quarantined``: generation of the object in quarantine, "" before there is one and when it is gone;
    ``generation``: of the one that may be read. ``tries``: scans that the scanner did not answer. ``upload_until``:
    when its upload URL ends. ``due_at``: when ``tick`` looks at it next, None: never. ``execution_id``: whose node
    made it, "" where its user sent it."""

    id: str
    user_id: str
    name: str
    status: FileStatus
    size: int
    held: int
    upload_until: datetime
    created_at: datetime
    updated_at: datetime
    declared_type: str = ""
    content_type: str = ""
    reason: str = ""
    message: str = ""
    scanned: bool = False
    quarantined: str = ""
    generation: str = ""
    sha256: str = ""
    tries: int = 0
    due_at: datetime | None = None
    expires_at: datetime | None = None
    execution_id: str = ""
    fence: str = ""


def may_become(file: File, status: FileStatus) -> bool:
    return status in TRANSITIONS[file.status]


def retry_at(tries: int, now: datetime) -> datetime:
    """When a file is scanned again that the scanner did not answer for, ``tries`` times so far, at least once."""
    return now + min(FIRST_RETRY * 2 ** (min(tries, 10) - 1), LAST_RETRY)


class Step(StrEnum):
    """What ``tick`` is to do with a file that is due."""

    SCAN = "SCAN"
    ERASE = "ERASE"
    LEAVE_QUARANTINE = "LEAVE_QUARANTINE"
    NOTHING = "NOTHING"


def step(file: File, now: datetime) -> Step:
    """PENDING past its upload is scanned should there be bytes, which only the scan can tell."""
    if file.status is FileStatus.DELETED or (file.expires_at is not None and file.expires_at <= now):
        return Step.ERASE
    if file.status not in CHECKED:
        return Step.SCAN
    if file.quarantined and file.upload_until <= now:
        return Step.LEAVE_QUARANTINE
    return Step.NOTHING


def checked_due(file: File) -> datetime | None:
    """When a file whose check is over is due: as long as its upload URL holds, its object stays in quarantine, so
    that nothing can be sent there once more; then it is due at its end."""
    return file.upload_until if file.quarantined else file.expires_at
