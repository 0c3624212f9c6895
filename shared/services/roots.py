"""How is the start of an execution dispatched? As a task for its root, on the execution's fence."""

from shared.domain import identity
from shared.domain.records import Execution, NodeExecution
from shared.domain.statuses import Status
from shared.services import node_tasks
from shared.services.world import World

TIMEOUT = 300.0


def of(execution: Execution) -> NodeExecution:
    """The root as it stands before its commit; its fence is the execution's."""
    return NodeExecution(
        id=identity.root(execution.id),
        execution_id=execution.id,
        node_id="",
        block_type="",
        label=(),
        order="",
        status=Status.QUEUED,
        hops=0,
        inputs={},
        created_at=execution.created_at,
        update_time=execution.update_time,
    )


async def dispatch(execution: Execution) -> None:
    await node_tasks.dispatch(node_tasks.ref(execution), of(execution), seconds=TIMEOUT, inputs=False)


async def dispatch_again(world: World, execution: Execution) -> None:
    await node_tasks.dispatch_again(node_tasks.ref(execution), of(execution), seconds=TIMEOUT, at=world.now())
