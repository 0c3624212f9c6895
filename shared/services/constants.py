"""What supplies a node from the start of an execution on? The constants that are linked to it, and credentials."""

from typing import Any

from shared.blocks import catalog
from shared.domain import credentials
from shared.domain.graph import Node
from shared.firestore import executions
from shared.services import stored_values
from shared.services.runs import Run


async def of(run: Run, node_id: str) -> dict[str, Any]:
    """Node id of an input -> its value, of those that supply a node."""
    plan = run.version.plan
    sources = {plan.links[position].source for position in plan.nodes[node_id].constants}
    if not sources:
        return {}
    all_of_them = await executions.constants(run.execution.id) or {}
    loaded = await stored_values.load({id_: o for id_, o in all_of_them.items() if id_ in sources})
    return {id_: output.value for id_, output in loaded.items()}


async def credentials_of(run: Run, node: Node) -> dict[str, str]:
    """Credentials pin -> the id that the execution was started with for it."""
    spec = catalog.specs().get(node.block_type)
    if spec is None or not spec.credentials(node.input_data):
        return {}
    return credentials.chosen(node, spec, await executions.credentials(run.execution.id) or {})
