"""Whose turn is it? The first executions of a user, by creation, run; the others wait as QUEUED, or INCOMPLETE.

A rank and not a counter: an execution starts if fewer than the limit that are not final were created before it.
So however many are started at once, no more than the limit run, and no document is written for it. The rank also says
who has begun much: what a user begins beside ``INTERACTIVE_EXECUTIONS`` others goes through the background queues.
"""

from dataclasses import replace

from shared.domain.records import Execution, Lost
from shared.firestore import executions
from shared.services import roots
from shared.services.world import World

INTERACTIVE_EXECUTIONS = 5
"""Executions of one user at a time that do not give way to those of others."""


async def rank(world: World, execution: Execution) -> int:
    """How many executions of its user that are not final were created before it; 0 where nothing is limited."""
    if not world.settings.max_concurrent_executions:
        return 0
    return await executions.count_before(execution.user_id, execution.created_at, execution.id)


def is_its_turn(world: World, rank: int) -> bool:
    limit = world.settings.max_concurrent_executions
    return not limit or rank < limit


async def promote(world: World, user_id: str) -> None:
    """Dispatch the executions whose turn has come. It is done after a final status is written: whoever was created
    before that is seen here, whoever is created later sees the place that became free. Of several that end at once
    each lets go another one, so as many tasks are made as places became free."""
    if not world.settings.max_concurrent_executions:
        return
    while (execution := await executions.next_waiting(user_id)) is not None:
        if not is_its_turn(world, await rank(world, execution)):
            return
        written = await executions.update(execution.id, executions.RELEASED, execution.update_time)
        if not isinstance(written, Lost):
            await roots.dispatch_again(world, replace(execution, update_time=written.update_time))
        elif await executions.is_released(execution.id):
            return  # whoever let it go did so after the end that is behind this, and looks again
