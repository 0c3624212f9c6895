"""What came into quarantine, and may it be kept? The work of ``scan``, called for each object and again by ``tick``.

The bytes that were looked at are the bytes that are kept: they are read once, of one generation, judged by
``shared/inspection``, seen by the scanner, and written from memory. Whatever is called twice ends in the same; who
loses a race reads again what the file has become. Without a verdict of the scanner nothing is kept.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from shared.domain import errors, file_names, file_types, files, notices
from shared.domain.files import CHECKED, File, FileStatus, Reason
from shared.domain.records import Lost
from shared.firestore import client, commits
from shared.firestore import files as documents
from shared.gcp import clamd, file_objects
from shared.inspection import verdicts
from shared.inspection.refusals import Refused
from shared.services import audit, etags, noticing
from shared.services.files import erase
from shared.services.world import World

_NAME = re.compile(r"([0-9a-z]{24})/([0-9a-z]{24}|[0-9a-z]{26})")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An object in a bucket. ``generation`` "": whichever lies there."""

    bucket: str
    name: str
    generation: str


def read(raw: Any) -> Arrived | None:
    """What a notification of Cloud Storage (https://cloud.google.com/storage/docs/pubsub-notifications) tells of.
    None: not of an object that came."""
    message = raw.get("message") if isinstance(raw, Mapping) else None
    said: Any = cast(Mapping[str, Any], message).get("attributes") if isinstance(message, Mapping) else None
    if not isinstance(said, Mapping):
        return None
    told = {name: value for name, value in cast(Mapping[str, Any], said).items() if isinstance(value, str)}
    generation = told.get("objectGeneration", "")
    if told.get("eventType") != "OBJECT_FINALIZE" or not re.fullmatch(r"[0-9]{0,20}", generation):
        return None
    return Arrived(bucket=told.get("bucketId", ""), name=told.get("objectId", ""), generation=generation)


async def handle(world: World, arrived: Arrived) -> str:
    """What became of the file, or why there is none. Unavailable: it is to be delivered again."""
    place = _NAME.fullmatch(arrived.name)
    if arrived.bucket != world.settings.quarantine or place is None:
        _log.warning("an object that is no upload: %s", arrived.name[:100])
        return "NO_UPLOAD"
    for _ in range(etags.ATTEMPTS):
        file = await documents.documents.find(place[2])
        if file is None or file.status is FileStatus.DELETED or file_objects.owner(file.user_id) != place[1]:
            return await _unknown(arrived, file, place[1])
        outcome = await _look(world, arrived, file)
        if outcome is not None:
            return outcome
    raise errors.Unavailable(f"The file {place[2]} keeps changing; try again.", retry_after=1)


async def _unknown(arrived: Arrived, file: File | None, owner: str) -> str:
    """Nobody waits for it: it was deleted, or its upload came too late. What a scan before may have kept goes too."""
    await file_objects.erase_quarantined(arrived.name, arrived.generation or None)
    if file is None:
        await file_objects.erase_kept(f"files/{arrived.name}")
    elif file_objects.owner(file.user_id) == owner:
        await erase(file)
    return "UNKNOWN"


async def _look(world: World, arrived: Arrived, file: File) -> str | None:
    """None: the file has changed meanwhile."""
    if file.status is FileStatus.PENDING:
        return await _begin(world, arrived, file)
    if arrived.generation and arrived.generation != file.quarantined:
        # Sent once more where it was sent before; only the first is looked at.
        await file_objects.erase_quarantined(arrived.name, arrived.generation)
        return "SENT_AGAIN"
    if file.status in CHECKED:
        return file.status
    return await _check(world, arrived, file)


async def _begin(world: World, arrived: Arrived, file: File) -> str | None:
    """From now on this generation is the file."""
    generation = arrived.generation or await file_objects.quarantined(arrived.name)
    now = world.now()
    if not generation:
        if now < file.upload_until + files.UPLOAD_GRACE:
            return "NOT_SENT"
        return "NEVER_SENT" if await documents.documents.delete(file) else None
    begun = replace(
        file,
        status=FileStatus.QUARANTINED,
        quarantined=generation,
        due_at=now + files.SCAN_DUE,
        updated_at=now,
    )
    await documents.documents.update(begun)
    return None  # read again, by whoever was faster too


async def _check(world: World, arrived: Arrived, file: File) -> str | None:
    data = await file_objects.read_quarantined(arrived.name, file.quarantined, file.size)
    if data is None:
        lost = Refused(Reason.UPLOAD_LOST, "Its bytes are gone from quarantine: send them anew")
        return await _refuse(world, file, lost)
    try:
        if len(data) > file.size:
            raise Refused(Reason.TOO_LARGE, f"More than the {file.size:,} bytes that were announced came")
        content_type = await asyncio.to_thread(
            verdicts.examine,
            data,
            name=file.name,
            declared=file.declared_type,
            max_bytes=world.settings.max_file_bytes,
        )
    except Refused as refused:
        return await _refuse(world, file, refused)
    return await _scan(world, file, data, content_type)


async def _scan(world: World, file: File, data: bytes, content_type: str) -> str | None:
    settings = world.settings
    if not settings.clamd_url:
        if not settings.scan_required:
            return await _keep(world, file, data, content_type, scanned=False)
        return await _wait(
            world,
            file,
            Reason.SCANNER_MISSING,
            "No virus scanner is set up here, so it stays in quarantine (CLAMD_URL)",
        )
    try:
        verdict = await clamd.scan(settings.clamd_url, data, settings.clamd_timeout_seconds)
    except clamd.ScannerUnavailable as error:
        _log.error("the virus scanner gives no verdict: %s", error, extra={"file_id": file.id})
        message = "The virus scanner does not answer; it stays in quarantine, and is scanned again later"
        return await _wait(world, file, Reason.SCANNER_UNAVAILABLE, message)
    match verdict:
        case clamd.Passed():
            return await _keep(world, file, data, content_type, scanned=True)
        case clamd.Found(signature=name):
            found = Refused(Reason.VIRUS, f"The virus scanner found {name}")
            return await _refuse(world, file, found, status=FileStatus.INFECTED)
        case clamd.TooLarge():
            return await _refuse(
                world, file, Refused(Reason.NOT_SCANNABLE, "It is larger than what the virus scanner takes")
            )


async def _wait(world: World, file: File, reason: Reason, message: str) -> str | None:
    """It stays where it is, and ``tick`` asks for it again."""
    now = world.now()
    waiting = replace(
        file,
        reason=reason,
        message=message,
        tries=file.tries + 1,
        due_at=files.retry_at(file.tries + 1, now),
        updated_at=now,
    )
    return FileStatus.QUARANTINED if await documents.documents.update(waiting) else None


async def _refuse(
    world: World, file: File, refused: Refused, *, status: FileStatus = FileStatus.REJECTED
) -> str | None:
    """Its bytes count no more; why it was refused is told for a while, or until its own end."""
    now = world.now()
    forgotten = now + files.FORGET
    end = min(file.expires_at, forgotten) if file.expires_at else forgotten
    over = replace(file, status=status, held=0, reason=refused.reason, message=refused.message, expires_at=end)
    over = replace(over, scanned=status is FileStatus.INFECTED)
    notice = notices.of(
        notices.Kind.FILE_REFUSED,
        file.id,
        at=now,
        user_id=file.user_id,
        file_id=file.id,
        name=file.name,
        reason=refused.message,
    )
    if not await _finish(world, over, [noticing.write(notice)]):
        return None
    await noticing.tell([notice])
    await audit.append(
        audit.entry_of(f"file.{status.lower()}", "file", file.id, file.user_id, reason=str(refused.reason))
    )
    return status


async def _keep(world: World, file: File, data: bytes, content_type: str, *, scanned: bool) -> str | None:
    served = file_types.TYPES[content_type]
    copy = file_names.clean(file_names.with_extension(file.name, served.extensions))
    name = file_objects.kept_name(file.user_id, file.id)
    generation = await file_objects.keep(
        name, data, served.served_as, file_names.attachment(copy), _deleted_by_the_bucket(file)
    )
    kept = replace(
        file,
        status=FileStatus.CLEAN,
        held=len(data),
        size=len(data),
        content_type=content_type,
        reason="",
        message="",
        scanned=scanned,
        generation=generation,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    # Lost: another scan was faster, and this is its object too; or it was deleted, and the next look erases it.
    return FileStatus.CLEAN if await _finish(world, kept) else None


def _deleted_by_the_bucket(file: File) -> Any:
    """A day after its end, should ``tick`` not have done it."""
    return file.expires_at + timedelta(days=1) if file.expires_at else None


async def _finish(world: World, file: File, extra: Sequence[commits.Write] = ()) -> bool:
    """What is in quarantine stays while its upload URL holds: nothing else can be sent there then. ``extra`` is
    written with it."""
    now = world.now()
    if file.upload_until <= now:
        await file_objects.erase_quarantined(file_objects.quarantine_name(file.user_id, file.id), file.quarantined)
        file = replace(file, quarantined="")
    over = documents.documents.write(replace(file, due_at=files.checked_due(file), updated_at=now))
    return not isinstance(await commits.commit(client.client(), [over, *extra]), Lost)
