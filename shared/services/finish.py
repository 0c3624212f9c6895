"""Is an execution over, how did it end, and who is told?

Whoever leaves nothing active behind asks. The question comes after the commit, so of two that commit together the
later one sees that both are done; the first to write the final status wins. Others write the execution too (a pause,
a stop, recovery), so who loses reads again: only a final status ends the finish.
"""

from dataclasses import replace
from datetime import timedelta

from shared import metrics
from shared.blocks import catalog
from shared.domain import outcomes
from shared.domain.plan import Plan
from shared.domain.records import Execution, Lost
from shared.domain.statuses import BEGINNING, FINAL, Status, is_final
from shared.firestore import executions, graphs, node_executions
from shared.services import events, node_budgets, node_tasks, pausing, queueing
from shared.services.node_tasks import ExecutionRef
from shared.services.stored_values import unpack_all
from shared.services.world import World

_ATTEMPTS = 20

ANNOUNCE_DUE = timedelta(minutes=1)
"""When recovery looks at an execution that is final but not announced."""


async def finish(world: World, ref: ExecutionRef, version: graphs.Version) -> None:
    """Finalise the execution if nothing in it is active; if everything active waits, say so."""
    if await node_executions.any_active(ref.id):
        if any(block.suspends for n in version.graph.nodes if (block := catalog.find(n.block_type))):
            await pausing.pause(world, ref.id)
        return
    for _ in range(_ATTEMPTS):
        execution = await executions.find(ref.id)
        if execution is None or (execution.status in BEGINNING and execution.stop is None):
            return
        if is_final(execution.status):
            await announce(world, execution)  # for the winner, should it have died before
            return
        final = await _final(world, execution, version)
        fields, charge = executions.finished(final), node_budgets.settled(world, final)
        written = await executions.update(execution.id, fields, execution.update_time, charge)
        if not isinstance(written, Lost):
            metrics.record("agent_executions_total", status=final.status)
            await announce(world, replace(final, update_time=written.update_time))
            return
        # Lost: to another who finishes, or to one that paused it, asked it to stop or looks at it later.
    raise TimeoutError(f"Execution {ref.id} changed {_ATTEMPTS} times while it was being finished.")


async def announce(world: World, execution: Execution) -> None:
    """Publish the final event, resume the parent of a sub-agent, let the next of the user's executions start, and
    have nothing more due."""
    if execution.due_at is None:
        return
    await events.publish(execution.id, [events.of_execution(execution, world.now())])
    if execution.parent is not None:
        await node_tasks.dispatch_parent(execution, execution.parent, at=world.now())
    await queueing.promote(world, execution.user_id)
    await executions.update(execution.id, executions.ANNOUNCED, execution.update_time)


async def _final(world: World, execution: Execution, version: graphs.Version) -> Execution:
    status, error = outcomes.verdict(await node_executions.unhandled_failures(execution.id))
    if execution.stop is not None:
        status, error = execution.stop.status, execution.stop.failure
    counts = await node_executions.count_by_status(execution.id, sorted(FINAL))
    counts[Status.COMPLETED] -= execution.started_at is not None  # the root
    return replace(
        execution,
        status=status,
        error=error,
        output=await output(world, execution, version),
        node_counts=counts,
        cost=await node_executions.cost(execution.id),
        completed_at=world.now(),
        due_at=world.now() + ANNOUNCE_DUE,
    )


async def output(world: World, execution: Execution, version: graphs.Version) -> dict[str, object]:
    """The output so far, or in the end, from the node executions of the output nodes."""
    plan: Plan = version.plan
    nodes = [node_id for node_id, node in plan.nodes.items() if node.output]
    finished = [n for n in await node_executions.of_nodes(execution.id, nodes) if is_final(n.status)]
    names: dict[str, str] = {n.id: str(n.input_data.get("name", n.id)) for n in version.graph.nodes if n.id in nodes}
    return outcomes.output(plan, names if plan.named_outputs else {}, await unpack_all(finished))
