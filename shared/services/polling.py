"""Which triggers are to look, and what do they start? Called by ``tick``, after everything that is more urgent.

A look is claimed by a write on the trigger's fence, so that of several ticks one looks. Each item starts one
execution, whose id is derived from trigger and item: who dies between starting and remembering it leaves a next look
that starts the same ones. What takes longer than ``BUDGET_SECONDS`` is left to the next tick.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from shared import clock
from shared.domain import errors, identity, notices, polling
from shared.domain.polling import Found, Item, Kind, State, Trigger
from shared.firestore import triggers
from shared.firestore.triggers import Event
from shared.services import executions, noticing, owners, polled_feeds, polled_mail
from shared.services.world import World

MAX_A_SHARD = 100
PARALLEL = 20
BUDGET_SECONDS = 100.0

Look = Callable[[World, Trigger], Awaitable[Found]]

LOOKS: Mapping[Kind, Look] = {Kind.RSS: polled_feeds.look, Kind.EMAIL: polled_mail.look}

_log = logging.getLogger(__name__)


async def look_all(world: World) -> int:
    """Every trigger that is due looks once; how many did."""
    end = clock.monotonic() + BUDGET_SECONDS
    gate = asyncio.Semaphore(PARALLEL)
    found = await asyncio.gather(*(triggers.due(n, world.now(), MAX_A_SHARD) for n in range(triggers.SHARDS)))
    due = sorted((one for shard in found for one in shard), key=lambda one: one.next_at or world.now())

    async def bounded(trigger: Trigger) -> bool:
        async with gate:
            return clock.monotonic() < end and await _one(world, trigger)

    return sum(await asyncio.gather(*(bounded(one) for one in due)))


async def _one(world: World, trigger: Trigger) -> bool:
    """False: somebody else looks. One that fails stands in nobody's way."""
    try:
        if not await triggers.documents.update(polling.claimed(trigger, world.now())):
            return False
        claimed = await triggers.documents.find(trigger.id)
        if claimed is not None and claimed.state is State.ACTIVE:
            await _look(world, claimed)
        return True
    except Exception:  # noqa: BLE001 - whatever it is, the others are still to look
        _log.exception("trigger %s could not look", trigger.id, extra={"trigger_id": trigger.id})
        return True


async def _look(world: World, trigger: Trigger) -> None:
    try:
        found = await LOOKS[trigger.kind](world, trigger)
    except errors.BlockError as error:
        await _failed(world, trigger, error)
        return
    done: list[Item] = []
    events: list[Event] = []
    for item in polling.fresh(trigger, found):
        event = await _start(world, trigger, item)
        if event is None:
            break  # for a passing reason: it and the rest come with the next look
        done.append(item)
        events.append(event)
    await triggers.looked(polling.looked(trigger, found, done, world.now()), events)


async def _failed(world: World, trigger: Trigger, error: errors.BlockError) -> None:
    after = error.after if isinstance(error, errors.Retryable) else None
    pause = timedelta(seconds=after) if after else None
    made = polling.failed(trigger, error.message, world.now(), pause)
    if not await triggers.documents.update(made):
        return
    if made.failures == polling.TOLD or made.state is State.STOPPED:
        told = notices.of(
            notices.Kind.TRIGGER_FAILING,
            trigger.id,
            made.state,
            world.now().isoformat(),
            at=world.now(),
            user_id=trigger.user_id,
            trigger_id=trigger.id,
            trigger_name=trigger.name or trigger.kind,
            message=made.last_error,
        )
        await noticing.note([told])


async def _start(world: World, trigger: Trigger, item: Item) -> Event | None:
    """The execution of an item. What its user has to mend is told as FAILED; None: what kept it off may pass."""
    id_ = identity.derive(trigger.id, "item", item.id)
    event = Event(id=id_, at=world.now(), title=item.title, result="STARTED", execution_id=id_)
    given = {**trigger.input_data, trigger.input_name: item.value}
    try:
        caller = await owners.caller(trigger.user_id, "agent.create")
        await executions.start(world, caller, trigger.graph_id, id_, given, "background", trigger.credentials)
    except errors.WeftlyError as error:
        if error.code >= 500 or error.retryable:
            _log.warning("trigger %s waits: %s", trigger.id, error.message)
            return None
        return Event(id=id_, at=world.now(), title=item.title, result="FAILED", message=error.message)
    return event
