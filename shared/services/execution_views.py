"""What does a client see of an execution? The resources of the API, from the records."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain import outcomes
from shared.domain.records import Execution, Failure, NodeExecution
from shared.domain.statuses import BEGINNING, is_final
from shared.firestore import executions, graphs, node_executions
from shared.services import finding, finish, node_inputs, node_tasks, paging, stored_values
from shared.services.runs import Run
from shared.services.world import World

MAX_CURRENT = 20
"""Active node executions that are looked at for ``current_nodes``."""


get = finding.get
not_found = finding.not_found


async def view(world: World, execution: Execution) -> dict[str, Any]:
    """One execution, with what is computed when it is read."""
    progress, current, output = await _computed(world, execution)
    return {
        "id": execution.id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "status": execution.status,
        "progress": progress,
        "current_nodes": current,
        "output": output,
        "error": failure(execution.error),
        "cost": execution.cost,
        "queue": execution.queue,
        "retry_of": execution.retry_of,
        "created_at": execution.created_at,
        "started_at": execution.started_at,
        "completed_at": execution.completed_at,
    }


async def page(
    world: World, user_id: str, graph_id: str | None, cursor: tuple[datetime, str] | None, size: int
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """A page of a user's executions, of one graph or all, newest first, and the cursor of the next."""
    after = executions.Page(created_at=cursor[0], id=cursor[1]) if cursor else None
    found = await executions.list_of(user_id, graph_id, after, size + 1)
    return await paging.fill(found, size, lambda one: view(world, one), lambda one: (one.created_at, one.id))


async def _computed(world: World, execution: Execution) -> tuple[float, list[str], Any]:
    """Progress from 0 to 1, the ids of active nodes, the output: of an execution that goes on there is none yet."""
    if execution.status in BEGINNING:
        return 0.0, [], {}
    if is_final(execution.status):
        return 1.0, [], execution.output if execution.output is not None else await _output(world, execution)
    (known, still_open), current = await asyncio.gather(
        node_executions.count_open(execution.id), node_executions.active_nodes(execution.id, MAX_CURRENT)
    )
    return ((known - still_open) / known if known > 0 else 0.0), current, {}


async def _output(world: World, execution: Execution) -> dict[str, Any]:
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    return await finish.output(world, execution, version)


async def node_page(
    world: World, execution: Execution, cursor: tuple[str, str] | None, size: int
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """A page of an execution's node executions, in order, their inputs as the blocks got them, and the cursor of the
    next."""
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    run = Run(world=world, execution=node_tasks.ref(execution), version=version)
    found = await node_executions.list_of(execution.id, cursor, size + 1)
    return await paging.fill(found, size, lambda one: _node_view(run, one), lambda one: (one.order, one.id))


async def _node_view(run: Run, node: NodeExecution) -> dict[str, Any]:
    graph_node = run.version.graph.by_id[node.node_id]
    unpacked, inputs = await asyncio.gather(stored_values.unpack(node), node_inputs.values(run, node, graph_node))
    return {
        "id": node.id,
        "node_id": node.node_id,
        "block_type": node.block_type,
        "status": node.status,
        "attempts": node.attempts,
        "input": inputs,
        "output": outcomes.by_pin(unpacked),
        "error": failure(node.error),
        "cost": node.cost,
        "copied": node.copied,
        "cached": node.cached,
        "created_at": node.created_at,
        "started_at": node.started_at,
        "completed_at": node.completed_at,
    }


def failure(found: Failure | None) -> Mapping[str, Any] | None:
    """Why it failed, as a client sees it."""
    if found is None:
        return None
    return {
        "reason": found.reason,
        "message": found.message,
        "node_id": found.node_id,
        "node_execution_id": found.node_execution_id,
    }
