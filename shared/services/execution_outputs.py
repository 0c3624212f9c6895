"""What came out of an execution? Kept with it where it is small enough, else put together from its nodes."""

from typing import Any

from shared.domain.records import Execution
from shared.firestore import graphs
from shared.services import finish
from shared.services.world import World


async def of(world: World, execution: Execution) -> dict[str, Any]:
    """The output, so far or in the end."""
    if execution.output is not None:
        return execution.output
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    return await finish.output(world, execution, version)
