"""Which schedules are due, and what do they start? Called by ``tick``.

An occurrence starts one execution, whose id is derived from schedule and time: however many ticks deal with it, and
wherever one dies, they create the same one. Only then the schedule goes on, on its fence: who loses that has nothing
more to do.
"""

import asyncio
import logging
from dataclasses import replace

from shared.domain import errors, identity, notices, schedule
from shared.domain.schedule import Due, Overlap, Schedule, State
from shared.firestore import executions, graphs, schedules
from shared.firestore.schedules import Occurrence
from shared.services import executions as starting
from shared.services import noticing, owners, some_at_a_time
from shared.services.world import World

MAX_A_SHARD = 100
"""Schedules of a shard in one look."""
MAX_LOOKS = 100
"""Looks at a shard in one run, which end when none is due: under ``CatchUp.ALL`` one may be due again."""
PARALLEL = 8

_log = logging.getLogger(__name__)


async def start_due(world: World) -> int:
    """Deal with every schedule that is due; how many there were. What cannot be started for a passing reason is
    tried again by the next ``tick``."""
    return sum(await asyncio.gather(*(_shard(world, shard) for shard in range(schedules.SHARDS))))


async def _shard(world: World, shard: int) -> int:
    total = 0
    stuck: set[str] = set()
    for _ in range(MAX_LOOKS):
        found = await schedules.due(shard, world.now(), MAX_A_SHARD + len(stuck))
        fresh = [one for one in found if one.id not in stuck]
        if not fresh:
            break
        went_on = await some_at_a_time.gather([_one(world, one) for one in fresh], PARALLEL)
        stuck |= {one.id for one, went in zip(fresh, went_on, strict=True) if not went}
        total += sum(went_on)
    return total


async def _one(world: World, due: Schedule) -> bool:
    """False: it could not go on, and stays due. One that fails stands in nobody's way."""
    try:
        return await _occur(world, due)
    except Exception:  # noqa: BLE001 - whatever it is, the others are still to be started
        _log.exception("schedule %s could not occur", due.id, extra={"schedule_id": due.id})
        return False


async def _occur(world: World, one: Schedule) -> bool:
    what = schedule.due(one, world.now())
    overlaps = what.at is not None and one.overlap is not Overlap.ALLOW and await _runs(one)
    if overlaps and one.overlap is Overlap.QUEUE:
        return False
    rows = [_missed(what)] if what.missed else []
    following = replace(one, next_at=what.next_at, updated_at=world.now())
    if what.next_at is None:
        following = replace(following, state=State.ENDED)
    if what.at is not None and overlaps:
        message = f"Execution {one.last_execution_id} had not ended."
        rows.append(Occurrence(at=what.at, result="SKIPPED", message=message, execution_id=None))
    elif what.at is not None:
        row = await _start(world, one, Occurrence(at=what.at, result="STARTED"))
        rows.append(row)
        following = replace(following, last_at=what.at, last_execution_id=row.execution_id or one.last_execution_id)
    told = [await _notice(one, row) for row in rows if row.result == "FAILED"]
    went_on = await schedules.occurred(following, rows, [noticing.write(notice) for notice in told])
    if went_on:
        await noticing.tell(told)
    return went_on


async def _notice(one: Schedule, row: Occurrence) -> notices.Notice:
    head = await graphs.find(one.graph_id)
    return notices.of(
        notices.Kind.SCHEDULE_FAILED,
        one.id,
        row.at.isoformat(),
        at=row.at,
        user_id=one.user_id,
        schedule_id=one.id,
        schedule_name=one.name or one.cron,
        graph_id=one.graph_id,
        graph_name=head.name if head else "a deleted agent",
        message=row.message,
    )


async def _runs(one: Schedule) -> bool:
    return one.last_execution_id is not None and not await executions.is_over(one.last_execution_id)


def _missed(what: Due) -> Occurrence:
    assert what.missed_from is not None
    return Occurrence(at=what.missed_from, result="MISSED", message="It was missed.", missed=what.missed)


async def _start(world: World, one: Schedule, row: Occurrence) -> Occurrence:
    """The execution of an occurrence. What its user has to mend is told as FAILED; what may pass is raised."""
    execution_id = identity.derive(one.id, "occurrence", row.at.isoformat())
    try:
        caller = await owners.caller(one.user_id, "agent.create")
        await starting.start(world, caller, one.graph_id, execution_id, one.input_data, "background", one.credentials)
    except errors.WeftlyError as error:
        if error.code >= 500 or error.retryable:
            raise
        return replace(row, result="FAILED", message=error.message)
    return replace(row, execution_id=execution_id)
