"""Which files are to be looked at? Called by ``tick``: what was not sent, not checked, or has come to its end.

A scan is asked for by a task that reads as the notification that was lost; everything else is done here. What fails
is met again by the next ``tick``.
"""

import asyncio
import json
import logging
from dataclasses import asdict, dataclass, replace

from shared.domain import files as domain
from shared.domain import identity
from shared.domain.files import File, Step
from shared.firestore import files
from shared.gcp import file_objects, tasks
from shared.services.files import erase
from shared.services.world import World

MAX_A_SHARD = 50
"""Files of a shard in one run of ``tick``; the rest is found by the next."""
QUEUE = "background"
DEADLINE_SECONDS = 300

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one run did."""

    files_scanned_again: int = 0
    files_erased: int = 0
    files_left_quarantine: int = 0
    files_failed: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        mine, its = asdict(self), asdict(other)
        return Kept(**{name: mine[name] + its[name] for name in mine})


async def keep(world: World) -> Kept:
    """One bounded pass over all shards."""
    return sum(await asyncio.gather(*(_shard(world, shard) for shard in range(files.SHARDS))), Kept())


async def _shard(world: World, shard: int) -> Kept:
    done = Kept()
    for file in await files.due(shard, world.now(), MAX_A_SHARD):
        try:
            done += await _one(world, file)
        except Exception:  # noqa: BLE001 - whatever it is, the others are still to be looked at
            _log.exception("file %s could not be looked after", file.id, extra={"file_id": file.id})
            done += Kept(files_failed=1)
    return done


async def _one(world: World, file: File) -> Kept:
    match domain.step(file, world.now()):
        case Step.ERASE:
            await erase(file)
            return Kept(files_erased=1)
        case Step.SCAN:
            await _ask_for_scan(world, file)
            return Kept(files_scanned_again=1)
        case Step.LEAVE_QUARANTINE:
            name = file_objects.quarantine_name(file.user_id, file.id)
            await file_objects.erase_quarantined(name)
            await _put_off(world, replace(file, quarantined=""))
            return Kept(files_left_quarantine=1)
        case Step.NOTHING:
            await _put_off(world, file)
            return Kept()


async def _put_off(world: World, file: File) -> None:
    """Who changed it meanwhile has said itself when it is due."""
    await files.documents.update(replace(file, due_at=domain.checked_due(file), updated_at=world.now()))


async def _ask_for_scan(world: World, file: File) -> None:
    """Put off first: whoever asked for it is not asked again at once."""
    now = world.now()
    if not await files.documents.update(replace(file, due_at=now + domain.SCAN_DUE)):
        return
    attributes = {
        "eventType": "OBJECT_FINALIZE",
        "bucketId": world.settings.quarantine,
        "objectId": file_objects.quarantine_name(file.user_id, file.id),
        "objectGeneration": file.quarantined,
    }
    await tasks.create(
        queue=f"{QUEUE}-{identity.shard(file.id, world.settings.queues_per_kind)}",
        function="scan",
        body=json.dumps({"message": {"attributes": attributes}}).encode(),
        deadline=DEADLINE_SECONDS,
    )
