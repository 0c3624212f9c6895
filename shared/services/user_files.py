"""Which files may a block read, and how does it keep one? Those of the user whose execution it is, checked as any."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from shared.blocks.user_files import Saving, UserFile
from shared.domain import errors, file_names, identity
from shared.domain.files import CHECKED, UPLOAD_GRACE, File, FileStatus
from shared.firestore import files as documents
from shared.gcp import file_objects
from shared.services import files
from shared.services.world import World

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFiles:
    """``shared.blocks.user_files.Files``."""

    world: World
    user_id: str
    execution_id: str

    async def read(self, file_id: str, most: int) -> UserFile:
        file = await self._find(file_id)
        if file.status is not FileStatus.CLEAN:
            why = f": {file.message}" if file.message else ""
            raise _unreadable(f"The file {file_id} is {file.status}{why}; only a CLEAN one is read")
        name = file_objects.kept_name(self.user_id, file_id)
        content = await _asked(file_objects.read_kept(name, file.generation, most))
        if content is None:
            raise _unreadable(f"The bytes of the file {file_id} are gone")
        return UserFile(content=content, media_type=file.content_type, name=file.name)

    async def save(self, key: str, name: str, content: bytes) -> Saving:
        world, now = self.world, self.world.now()
        if len(content) > world.settings.max_file_bytes:
            raise _too_much(f"The file has {len(content):,} bytes, above {world.settings.max_file_bytes:,}")
        wanted = File(
            id=identity.derive(self.user_id, key, "file"),
            user_id=self.user_id,
            name=file_names.clean(name),
            status=FileStatus.PENDING,
            size=len(content),
            held=len(content),
            upload_until=now,
            created_at=now,
            updated_at=now,
            due_at=now + UPLOAD_GRACE,
            expires_at=files.end_of(world, now, None),
            execution_id=self.execution_id,
        )
        try:
            file = await _asked(files.announce(world, wanted))
        except errors.Conflict as error:
            raise _too_much(error.message) from error
        if file.status is FileStatus.PENDING:
            await _asked(file_objects.send(file_objects.quarantine_name(self.user_id, file.id), content))
        return _saving(file)

    async def saving(self, file_id: str) -> Saving:
        return _saving(await self._find(file_id))

    async def _find(self, file_id: str) -> File:
        file = await _asked(documents.documents.find(file_id))
        if file is None or file.user_id != self.user_id or files.is_gone(file, self.world.now()):
            raise _unreadable(f"There is no file {file_id} of yours: POST /files takes one")
        return file


def _saving(file: File) -> Saving:
    refused = file.status in CHECKED and file.status is not FileStatus.CLEAN
    return Saving(id=file.id, kept=file.status is FileStatus.CLEAN, refused=file.message if refused else "")


async def _asked(call: Awaitable[_Answer]) -> _Answer:
    """What cannot be done now, another attempt of the node may."""
    try:
        return await call
    except errors.Unavailable as error:
        raise errors.Retryable(f"The files did not answer: {error.message}", reason="FILE_UNREADABLE") from error


def _unreadable(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="FILE_UNREADABLE")


def _too_much(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="LIMIT_EXCEEDED")
