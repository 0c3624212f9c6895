"""What becomes of a message that is to be sent? An attempt for each task, until it is sent, or given up.

An attempt is claimed on the document's fence, so that of two tasks one sends. Who dies between sending and recording
it leaves it to ``tick``, and the next attempt sends it again under the same id: a Message-ID, a ``webhook-id``, a tag
of a push message, by which whoever gets it twice keeps one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import config
from shared.domain import channels, identity, notices
from shared.domain.channels import Channel, State
from shared.domain.notices import Kind
from shared.firestore import deliveries, values
from shared.firestore.deliveries import Delivery
from shared.gcp import tasks
from shared.services import noticing
from shared.services.world import World

QUEUE = "deliveries"
FUNCTION = "notify"
DEADLINE_SECONDS = 60.0
MAX_A_SHARD = 100
MAX_MESSAGE = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """Whoever it goes to has taken it."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """There is nobody to send it to any more."""

    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """``is_passing``: another attempt may help, after ``wait`` seconds at the earliest."""

    message: str
    is_passing: bool
    wait: float | None = None


Result = Sent | Dropped | Failed


async def dispatch(made: list[Delivery], *, name: str, at: datetime | None = None) -> None:
    """A task for an attempt at each. ``name``: tells this reason for one from others."""
    for one in made:
        await tasks.create(
            queue=f"{QUEUE}-{identity.shard(one.id, config.settings().queues_per_kind)}",
            function=FUNCTION,
            body=values.dump({"delivery_id": one.id}).encode(),
            deadline=DEADLINE_SECONDS,
            at=at,
            name=identity.derive(one.id, name),
        )


Send = Callable[[World, Delivery], Awaitable[Result]]


async def attempt(world: World, id_: str, send: Send) -> None:
    """A task for a delivery. It has been dealt with, or is somebody else's: nothing. ``send`` is that of ``senders``,
    which imports far more than what only notes."""
    now = world.now()
    found = await deliveries.documents.find(id_)
    if found is None or found.state is not State.PENDING or found.next_at > now + timedelta(seconds=1):
        return
    claimed = await deliveries.change(
        found, attempts=found.attempts + 1, next_at=now + deliveries.LEASE, updated_at=now
    )
    if claimed is None:
        return
    await _record(world, claimed, await send(world, claimed))


async def _record(world: World, one: Delivery, result: Result) -> None:
    now = world.now()
    match result:
        case Sent():
            await deliveries.change(one, state=State.SENT, message="", updated_at=now)
        case Dropped(message=message):
            await deliveries.change(one, state=State.DROPPED, message=message[:MAX_MESSAGE], updated_at=now)
        case Failed(message=message, is_passing=is_passing, wait=wait):
            at = channels.retry_at(one.attempts, now, wait) if is_passing else None
            if at is None:
                await _give_up(world, one, message)
                return
            again = await deliveries.change(one, next_at=at, message=message[:MAX_MESSAGE], updated_at=now)
            if again is not None:
                await dispatch([again], name=f"attempt {again.attempts}", at=at)


async def _give_up(world: World, one: Delivery, message: str) -> None:
    now = world.now()
    dead = await deliveries.change(one, state=State.DEAD, message=message[:MAX_MESSAGE], updated_at=now)
    _log.warning("delivery %s was given up: %s", one.id, message, extra={"delivery_id": one.id})
    if dead is not None and one.channel is Channel.WEBHOOK:
        day = now.date().isoformat()
        host = str(one.content.get("host", ""))
        notice = notices.of(
            Kind.WEBHOOK_FAILING, one.target, day, at=now, user_id=one.user_id, webhook_id=one.target, host=host
        )
        await noticing.note([notice])


async def replay(world: World, dead: Delivery) -> Delivery | None:
    """Send one that was given up once more, with attempts anew. None: it is not dead any more."""
    if dead.state is not State.DEAD:
        return None
    now = world.now()
    again = await deliveries.change(dead, state=State.PENDING, attempts=0, next_at=now, updated_at=now)
    if again is not None:
        await dispatch([again], name=f"replay {again.fence}")
    return again


async def recover(world: World) -> int:
    """Dispatch again what is late; how much it was. Called by ``tick``."""
    return sum(await asyncio.gather(*(_shard(world, shard) for shard in range(deliveries.SHARDS))))


async def _shard(world: World, shard: int) -> int:
    late = await deliveries.due(shard, world.now(), MAX_A_SHARD)
    await dispatch(late, name=f"late {world.now():%Y-%m-%dT%H:%M}")
    return len(late)
