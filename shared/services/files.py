"""Which files does a user have? Announced, sent by a signed URL, listed, fetched by a signed URL, deleted.

What is sent lies in quarantine until ``services/scanning.py`` has looked at it. The quota is asked for after the file
is announced: of two who announce at once the later sees both, so together they never get more than there is; close to
the limit both may be refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain import errors, file_names, file_types
from shared.domain.fields import Fields
from shared.domain.files import UPLOAD_GRACE, File, FileStatus
from shared.domain.permissions import Caller
from shared.firestore import files
from shared.gcp import file_objects
from shared.services import bodies, etags, owned, secrets_of
from shared.services.owned import Cursor, Resource
from shared.services.world import World

MAX_NAME = 1_000
"""Characters as they are sent; what is kept of them is shorter."""
UPLOAD = timedelta(minutes=15)
DOWNLOAD = timedelta(minutes=5)
_FIELDS = ("name", "size", "content_type", "expires_at")
FILES = owned.Kind("file", files.documents, reason="FILE_NOT_FOUND")


async def create(world: World, caller: Caller, raw: Any, id_: str) -> Resource:
    """Announce a file; the answer has the URL to send it to. InvalidArgument; Conflict: there is no room for it."""
    body, fields = bodies.read(raw), Fields()
    fields.only(body, _FIELDS)
    name, size = _name(fields, body), _size(world, fields, body)
    declared = _declared(fields, body)
    now = world.now()
    expires_at = secrets_of.future(fields, body, "expires_at", now)
    bodies.refuse(fields, "The file is")
    announced = File(
        id=id_,
        user_id=caller.user_id,
        name=file_names.clean(name),
        status=FileStatus.PENDING,
        size=size,
        held=size,
        upload_until=now + UPLOAD,
        created_at=now,
        updated_at=now,
        declared_type=declared,
        due_at=now + UPLOAD + UPLOAD_GRACE,
        expires_at=end_of(world, now, expires_at),
    )
    made = await announce(world, announced)
    return await _with_upload(world, made)


async def announce(world: World, file: File) -> File:
    """Create it, within what its user may keep; one of this id is there already where this was done before. Conflict,
    reason ``STORAGE_FULL``."""
    created = await files.documents.create(file)
    found = await files.documents.find(file.id)
    if found is None or found.user_id != file.user_id:
        raise FILES.not_found(file.id)
    if created:
        await _check_room(world, found)
    return found


async def _check_room(world: World, file: File) -> None:
    settings = world.settings
    held = await files.held(file.user_id)
    if held.files <= settings.max_files and held.bytes <= settings.max_storage_bytes:
        return
    await files.documents.delete(file)
    raise errors.Conflict(
        f"There is no room for {file.size:,} bytes more: your {held.files - 1:,} files hold "
        f"{held.bytes - file.held:,} bytes; {settings.max_storage_bytes:,} in {settings.max_files:,} files are all "
        "(MAX_STORAGE_BYTES, MAX_FILES). Delete some first.",
        reason="STORAGE_FULL",
        metadata={"held_bytes": str(held.bytes - file.held), "max_bytes": str(settings.max_storage_bytes)},
    )


async def upload(world: World, caller: Caller, file_id: str) -> Resource:
    """Another URL for a file that was not sent yet. NotFound; Conflict: it was."""
    for _ in range(etags.ATTEMPTS):
        file = await get(world, caller, file_id)
        if file.status is not FileStatus.PENDING:
            raise errors.Conflict(
                f"The file {file_id} is {file.status} already; announce another one to send more.",
                reason="FILE_NOT_PENDING",
            )
        now = world.now()
        until = now + UPLOAD
        changed = replace(file, upload_until=until, due_at=until + UPLOAD_GRACE, updated_at=now)
        if await files.documents.update(changed):
            return await _with_upload(world, changed)
    raise etags.contended(f"the file {file_id}")


async def _with_upload(world: World, file: File) -> Resource:
    """With the URL to send it to, as long as it is waited for."""
    if file.status is not FileStatus.PENDING or file.upload_until <= world.now():
        return {**resource(file), "upload": None}
    name = file_objects.quarantine_name(file.user_id, file.id)
    declared = file.declared_type or file_types.OPAQUE
    signed = await file_objects.upload_url(name, declared, file.size, file.upload_until - world.now())
    return {
        **resource(file),
        "upload": {
            "method": signed.method,
            "url": signed.url,
            "headers": dict(signed.headers),
            "expires_at": file.upload_until,
        },
    }


async def get(world: World, caller: Caller, file_id: str) -> File:
    """One of the caller's. NotFound: or it was deleted, or is past its end."""
    file = await FILES.get(caller, file_id)
    if is_gone(file, world.now()):
        raise FILES.not_found(file_id)
    return file


def is_gone(file: File, now: datetime) -> bool:
    """Whether it is there for nobody any more."""
    return file.status is FileStatus.DELETED or (file.expires_at is not None and file.expires_at <= now)


async def page(
    world: World, caller: Caller, status: str | None, size: int, cursor: Cursor | None
) -> tuple[list[Resource], Cursor | None]:
    """A page of the caller's files, newest first, and the cursor of the next; what was just deleted is left out."""
    found, following = await FILES.page(caller, size, cursor, status=status)
    return [resource(one) for one in found if not is_gone(one, world.now())], following


async def download(world: World, caller: Caller, file_id: str) -> Resource:
    """A URL to fetch a file with. NotFound; Conflict: it may not be fetched, or not yet."""
    file = await get(world, caller, file_id)
    if file.status is not FileStatus.CLEAN:
        why = f" ({file.reason}: {file.message})" if file.reason else ""
        raise errors.Conflict(
            f"The file {file_id} is {file.status}{why}; only a CLEAN one can be fetched.",
            reason="FILE_NOT_CLEAN",
            metadata={"status": file.status, "reason": file.reason},
        )
    now = world.now()
    lifetime = min(DOWNLOAD, file.expires_at - now) if file.expires_at else DOWNLOAD
    lifetime = max(lifetime, timedelta(seconds=1))  # the least that a signed URL can have
    name = file_objects.kept_name(file.user_id, file.id)
    url = await file_objects.download_url(name, file.generation, lifetime)
    return {"id": file.id, "method": "GET", "url": url, "expires_at": now + lifetime}


async def delete(world: World, caller: Caller, file_id: str) -> None:
    """A file and its bytes. From the first write on it is gone for everybody, and ``tick`` would finish the rest; a
    scan that is under way finds that out before it keeps anything."""
    for _ in range(etags.ATTEMPTS):
        file = await get(world, caller, file_id)
        now = world.now()
        if await files.documents.update(
            replace(file, status=FileStatus.DELETED, held=0, due_at=now, expires_at=now, updated_at=now)
        ):
            await erase(file)
            return
    raise etags.contended(f"the file {file_id}")


async def erase(file: File) -> None:
    """The bytes first, then the document."""
    await file_objects.erase_quarantined(file_objects.quarantine_name(file.user_id, file.id))
    await file_objects.erase_kept(file_objects.kept_name(file.user_id, file.id))
    while (found := await files.documents.find(file.id)) is not None:
        if await files.documents.delete(found):
            return


async def erase_of(user_id: str) -> int:
    """All files of an account that ends, and whatever lies where they lay; how many there were."""
    count = 0
    while found := await files.documents.list_of(user_id, None, 100):
        for file in found:
            await erase(file)
        count += len(found)
    await file_objects.erase_of(user_id)
    return count


def resource(file: File) -> Resource:
    """What is told of a file."""
    return {
        "id": file.id,
        "name": file.name,
        "status": file.status,
        "size": file.size,
        "content_type": file.content_type or None,
        "reason": file.reason or None,
        "message": file.message or None,
        "scanned": file.scanned,
        "sha256": file.sha256 or None,
        "execution_id": file.execution_id or None,
        "expires_at": file.expires_at,
        "created_at": file.created_at,
        "updated_at": file.updated_at,
    }


def _name(fields: Fields, body: Mapping[str, Any]) -> str:
    """Whatever stands in it: it is cleaned, not refused."""
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
        fields.wrong("name", f"It must be a text of 1 to {MAX_NAME} characters.")
        return ""
    return name


def _size(world: World, fields: Fields, body: Mapping[str, Any]) -> int:
    if body.get("size") is None:
        fields.wrong("size", "It is missing: how many bytes will you send?")
    return fields.integer(body, "size", least=1, most=world.settings.max_file_bytes) or 0


def _declared(fields: Fields, body: Mapping[str, Any]) -> str:
    declared = fields.text(body, "content_type", most=100)
    if not declared or declared == file_types.OPAQUE:
        return declared
    found = file_types.find(declared)
    if found is None:
        fields.wrong("content_type", f"It is none that is taken: {', '.join(file_types.TYPES)}.")
        return ""
    return found.media_type


def end_of(world: World, now: datetime, wanted: datetime | None) -> datetime | None:
    """When a file ends whose user wants it to at ``wanted``, or does not say."""
    if not world.settings.file_days:
        return wanted
    last = now + timedelta(days=world.settings.file_days)
    return min(wanted, last) if wanted else last
