"""What came for a node execution that had been suspended?"""

from collections.abc import Mapping
from typing import Any

from shared.domain.records import NodeExecution
from shared.domain.statuses import Status, is_final
from shared.firestore import executions, values
from shared.services import execution_outputs
from shared.services.world import World


async def of(world: World, node: NodeExecution) -> Mapping[str, Any] | None:
    """As ``block.Suspended`` says; None: it had not been suspended."""
    if node.suspended is None:
        return None
    if node.suspended["kind"] == "delay":
        return {"state": values.load(node.suspended.get("state", "null"))}
    if node.suspended["kind"] == "review":
        return node.decision
    child = await executions.find(node.suspended["execution_id"])
    if child is None or not is_final(child.status):
        return {"status": Status.TERMINATED, "output": {}, "error": "The sub-agent's execution is gone."}
    return {
        "status": child.status,
        "output": await execution_outputs.of(world, child),
        "error": child.error.message if child.error else None,
        "cost": child.cost,
    }
