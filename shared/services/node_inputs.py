"""What does a node get? Its literals, and what came to it by links."""

from typing import Any

from shared.domain import planning
from shared.domain.graph import Node
from shared.domain.records import NodeExecution
from shared.firestore import gate_tokens
from shared.services import constants, stored_values
from shared.services.runs import Run


async def values(run: Run, node: NodeExecution, graph_node: Node) -> dict[str, Any]:
    """Pin -> value as the node gets them: its literals, over them what came by links, in the order of the links: the
    parts of a dictionary stand in this order, whichever came first."""
    plan = run.version.plan
    supplied = planning.static_values(plan, node.node_id, await constants.of(run, node.node_id))
    arrived = {**await stored_values.inputs(node.inputs), **await _held(node, plan.nodes[node.node_id].gather)}
    linked = {**supplied, **arrived}
    pins = dict.fromkeys(plan.links[position].sink_pin for position in plan.nodes[node.node_id].into)
    literals = {**graph_node.input_data, **await constants.credentials_of(run, graph_node)}
    return {**literals, **{pin: linked[pin] for pin in pins if pin in linked}}


async def _held(node: NodeExecution, gather: bool) -> dict[str, Any]:
    """What a firing of a gate gets from the tokens that it consumed: of a gather, a list."""
    if not node.held:
        return {}
    tokens = await gate_tokens.load(node.execution_id, [id_ for ids in node.held.values() for id_ in ids])
    values = await stored_values.inputs(tokens)
    return {pin: [values[id_] for id_ in ids] if gather else values[ids[0]] for pin, ids in node.held.items()}
