"""Whose turn is it? The first executions of a user, by creation, run; the others wait as QUEUED, or INCOMPLETE.

A rank and not a counter: an execution starts if fewer than the limit that are not final were created before it.
So however many are started at once, no more than the limit run, and no document is written for it. The rank also says
who has begun much: what a user begins beside ``INTERACTIVE_EXECUTIONS`` others goes through the background queues.
"""

from shared.domain.records import Execution
from shared.domain.statuses import BEGINNING
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
    before that is seen here, whoever is created later sees the place that became free."""
    limit = world.settings.max_concurrent_executions
    if not limit or not await executions.has_waiting(user_id):
        return
    for execution in await executions.first_occupying(user_id, limit):
        if execution.status in BEGINNING:
            await roots.dispatch_again(world, execution)
