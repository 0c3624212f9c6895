"""How does an execution end before its time? A request on its document, first writer wins, and a sweep.

The sweep ends what waits and asks what runs to end; sub-agents first. It goes on until nothing is open: what commits
between two looks is seen by the next. ``tick`` repeats sweeps that were not finished.
"""

from shared.domain import errors
from shared.domain.records import Execution, Failure, Lost, Stop
from shared.domain.statuses import Status, is_final
from shared.firestore import executions, graphs, reviews, sweeping
from shared.firestore.sweeping import Open
from shared.services import finish, node_tasks
from shared.services.world import World

MAX_AT_ONCE = 1_000
MAX_LOOKS = 200
_ATTEMPTS = 20

CANCELLED = Stop(
    status=Status.TERMINATED, failure=Failure(reason="CANCELLED", message="The execution was cancelled.")
)


def limit(setting: str, what: str) -> Stop:
    """Stopped by a limit; ``setting`` is the variable that raises it."""
    message = f"{what} ({setting}). Make the graph do less, or raise {setting}."
    return Stop(status=Status.FAILED, failure=Failure(reason="LIMIT_EXCEEDED", message=message))


async def request(world: World, execution_id: str, stop: Stop) -> Execution | None:
    """Have the execution end as ``stop`` says, unless it has ended or is ending otherwise; sweep it. None: there is
    no such execution."""
    for _ in range(_ATTEMPTS):
        execution = await executions.find(execution_id)
        if execution is None or is_final(execution.status):
            return execution
        if execution.stop is not None:
            break
        changes = executions.stopping(stop, world.now())
        if not isinstance(await executions.update(execution_id, changes, execution.update_time), Lost):
            break
    await sweep(world, execution_id)
    return await executions.find(execution_id)


async def sweep(world: World, execution_id: str) -> None:
    """End everything that is open in an execution that is to stop, then finish it if nothing runs any more. What is
    still INCOMPLETE in one that has ended by itself waits for what never came, and stays so."""
    execution = await executions.find(execution_id)
    by_itself = execution is not None and execution.stop is None
    for _ in range(0 if by_itself else MAX_LOOKS):
        nodes = await sweeping.open_ones(execution_id, MAX_AT_ONCE)
        if not nodes:
            break
        await _end(world, nodes)
    execution = await executions.find(execution_id)
    if execution is None:
        return
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    await finish.finish(world, node_tasks.ref(execution), version)


async def _end(world: World, nodes: list[Open]) -> None:
    for node in nodes:
        for child in node.children if node.status is Status.WAITING else ():
            await request(world, child, CANCELLED)
    await sweeping.end(nodes, world.now())
    for node in nodes:
        if node.status is Status.REVIEW:
            await reviews.close(node.ref.id, world.now())


async def is_stopping(execution_id: str) -> bool:
    """Whether nothing more is to begin in it: it is to stop, has ended, or is gone."""
    execution = await executions.find(execution_id)
    return execution is None or execution.stop is not None or is_final(execution.status)


async def cancel(world: World, execution: Execution) -> Execution:
    """By its user. Conflict: it has ended."""
    if is_final(execution.status):
        raise errors.Conflict(
            f"Execution {execution.id} is {execution.status}; only one that has not ended can be cancelled.",
            reason="EXECUTION_FINAL",
            metadata={"execution_id": execution.id, "status": execution.status},
        )
    return await request(world, execution.id, CANCELLED) or execution
