"""What came for a node execution that had been suspended, and what does it remember of the time before?"""

from collections.abc import Mapping
from typing import Any

from shared.domain.records import NodeExecution, Output
from shared.domain.statuses import Status, is_final
from shared.firestore import executions, values
from shared.services import execution_outputs, stored_values
from shared.services.world import World


async def of(world: World, node: NodeExecution) -> Mapping[str, Any] | None:
    """As ``block.Suspended`` says; None: it had not been suspended. ``cost``: of sub-agents, where it is not counted
    yet."""
    suspended = node.suspended
    if suspended is None:
        return None
    state = await _remembered(suspended)
    if suspended["kind"] == "delay":
        return {"state": state}
    if suspended["kind"] == "review":
        return {**(node.decision or {}), "state": state}
    ended = [await _ended(world, child) for child in node.children]
    cost = 0.0 if suspended.get("counted") else sum(one["cost"] for one in ended)
    if suspended["kind"] == "agent":
        return {**ended[0], "cost": cost, "state": state}
    return {"agents": ended, "cost": cost, "state": state}


def counted(node: NodeExecution) -> Mapping[str, Any] | None:
    """What it waited for, once the cost of that is part of its own: it may be resumed with this again."""
    return {**node.suspended, "counted": True} if node.suspended and node.children else node.suspended


async def remember(world: World, execution_id: str, state: Any) -> dict[str, Any]:
    """The fields that keep a state. TypeError or ValueError: it is not JSON."""
    kept = await stored_values.put(world, execution_id, state)
    return {"state": values.dump(state)} if kept.stored is None else {"stored": kept.stored}


async def _remembered(suspended: Mapping[str, Any]) -> Any:
    if "stored" in suspended:
        return await stored_values.get(Output(pin="", stored=suspended["stored"]))
    return values.load(suspended.get("state", "null"))


async def _ended(world: World, execution_id: str) -> dict[str, Any]:
    child = await executions.find(execution_id)
    if child is None or not is_final(child.status):
        error = "The sub-agent's execution is gone."
        return {"status": Status.TERMINATED, "output": {}, "error": error, "cost": 0.0}
    return {
        "status": child.status,
        "output": await execution_outputs.of(world, child),
        "error": child.error.message if child.error else None,
        "cost": child.cost,
    }
