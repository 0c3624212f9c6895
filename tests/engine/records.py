"""What would the engine have recorded? For tests of what only reads it."""

from dataclasses import replace

from shared.domain.records import Execution, Lost
from shared.domain.statuses import Status
from shared.firestore import executions
from shared.services.world import World


async def ended(world: World, user_id: str, graph_id: str, cost: float) -> Execution:
    """An execution of the first version of a graph that completed, and cost so much."""
    begun = Execution(
        id=world.random_id(),
        user_id=user_id,
        graph_id=graph_id,
        graph_version=1,
        status=Status.RUNNING,
        queue="interactive",
        constants={},
        absent=(),
        created_at=world.now(),
    )
    created = await executions.create(begun)
    assert not isinstance(created, Lost)
    done = replace(begun, status=Status.COMPLETED, cost=cost, completed_at=world.now(), output={})
    await executions.update(done.id, executions.finished(done), created.update_time)
    return done
