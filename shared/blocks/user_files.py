"""Which files does a user keep? The port through which blocks read and keep them; ``shared/services`` answers."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from shared.domain import errors

ID: Final = re.compile(r"[0-9a-z]{24}|[0-9a-z]{26}")
"""What a pin holds that means a file of the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFile:
    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """A file on its way to be kept. ``kept``: it may be read. ``refused``: why it never will be; "" while that is
    open."""

    id: str
    kept: bool
    refused: str = ""


class Files(Protocol):
    """The files of the user whose execution this is."""

    async def read(self, file_id: str, most: int) -> UserFile:
        """One that was checked and found clean, at most one byte more than ``most`` of it. BlockError, reason
        ``FILE_UNREADABLE``: there is none of this user's, or it is not to be read, or not yet."""
        ...

    async def save(self, key: str, name: str, content: bytes) -> Saving:
        """Have bytes checked and kept as a file, once for each ``key``. BlockError, reason ``LIMIT_EXCEEDED``: there
        is no room."""
        ...

    async def saving(self, file_id: str) -> Saving:
        """How far a file is that was saved. BlockError, reason ``FILE_UNREADABLE``: it is gone."""
        ...


class NoFiles:
    """The files of nobody."""

    async def read(self, file_id: str, most: int) -> UserFile:
        raise _nobody()

    async def save(self, key: str, name: str, content: bytes) -> Saving:
        raise _nobody()

    async def saving(self, file_id: str) -> Saving:
        raise _nobody()


def _nobody() -> errors.BlockError:
    return errors.BlockError("There are no files of a user here.", reason="FILE_UNREADABLE")
