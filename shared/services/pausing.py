"""Does an execution only wait? Then its status says so, its wall time rests, and it leaves its place to another.

Whoever leaves something waiting asks whether anything works; what goes on working takes the pause back. Each looks
again after it wrote, so that of a pause and a resumption at once the resumption stays.
"""

from shared.domain.records import Execution, Lost
from shared.domain.statuses import Event, Status, follow
from shared.firestore import executions, node_executions
from shared.services import queueing
from shared.services.world import World

_ATTEMPTS = 20
_WAITING = (Status.WAITING, Status.REVIEW)


async def pause(world: World, execution_id: str) -> None:
    """WAITING or REVIEW, if everything active waits."""
    if await node_executions.any_working(execution_id):
        return
    execution = await executions.find(execution_id)
    if execution is None or execution.stop or execution.status not in (Status.RUNNING, *_WAITING):
        return
    event = Event.ASK_ALL if await node_executions.any_in_review(execution_id) else Event.PAUSE
    status = Status.REVIEW if event is Event.ASK_ALL else Status.WAITING
    if execution.status is status:
        return
    ran = ran_seconds(world, execution)
    changes = executions.paused(follow(event, execution.status), ran, world.now())
    if isinstance(await executions.update(execution_id, changes, execution.update_time), Lost):
        return
    if await node_executions.any_working(execution_id):
        await resume(world, execution_id)
    else:
        await queueing.promote(world, execution.user_id)


async def resume(world: World, execution_id: str) -> None:
    """RUNNING, if it was paused. Lost: to a pause or to recovery, so it looks again."""
    for _ in range(_ATTEMPTS):
        execution = await executions.find(execution_id)
        if execution is None or execution.status not in _WAITING:
            return
        changes = executions.resumed(execution, world.now())
        if not isinstance(await executions.update(execution_id, changes, execution.update_time), Lost):
            return


def ran_seconds(world: World, execution: Execution) -> float:
    """Its wall time: while something in it worked."""
    since = execution.running_since
    return execution.ran_seconds + ((world.now() - since).total_seconds() if since else 0.0)
