"""What was lost? ``tick`` asks for everything past due, and has it looked at again. Nothing is repaired by hand.

Recovery is only another dispatch: the handlers find out from the documents what is to be done.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from shared.domain import identity, labels
from shared.domain.records import Execution, Lost, NodeExecution
from shared.domain.statuses import BEGINNING, Status, is_final
from shared.firestore import executions, graphs, node_executions, sweeping
from shared.services import completion, deleting, finish, node_tasks, pausing, queueing, roots, runs, start, stopping
from shared.services.runs import Run
from shared.services.world import World

_log = logging.getLogger(__name__)

MAX_A_SHARD = 50
"""Documents of a shard and kind in one run of ``tick``; the rest is found by the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What one run found past due and acted on."""

    node_executions_dispatched: int = 0
    executions_dispatched: int = 0
    executions_finished: int = 0
    executions_announced: int = 0
    executions_swept: int = 0
    failed: int = 0
    executions_deleted: int = 0

    def __add__(self, other: "Repaired") -> "Repaired":
        mine, its = asdict(self), asdict(other)
        return Repaired(**{name: mine[name] + its[name] for name in mine})


async def recover(world: World) -> Repaired:
    """One bounded pass over all shards."""
    results = await asyncio.gather(*(_shard(world, shard) for shard in range(executions.SHARDS)))
    return sum(results, Repaired())


async def _shard(world: World, shard: int) -> Repaired:
    repaired = Repaired()
    for node in await node_executions.due(shard, world.now(), MAX_A_SHARD):
        repaired += await _alone(_node(world, node), node.execution_id)
    for execution in await executions.due(shard, world.now(), MAX_A_SHARD):
        repaired += await _alone(_execution(world, execution), execution.id)
    return repaired


async def _alone(repair: Awaitable[Repaired], execution_id: str) -> Repaired:
    """One that cannot be repaired stands in nobody's way."""
    try:
        return await repair
    except Exception:  # noqa: BLE001 - whatever it is, the others are still to be repaired
        _log.exception("execution %s could not be repaired", execution_id, extra={"execution_id": execution_id})
        return Repaired(failed=1)


async def _node(world: World, node: NodeExecution) -> Repaired:
    """Dispatched again, and looked at next after the usual time in a queue."""
    execution = await executions.find(node.execution_id)
    if execution is None:
        await deleting.erase_rest(node.execution_id)  # made by one that had not heard of its deletion
        return Repaired(executions_deleted=1)
    if is_final(execution.status):
        await sweeping.end([sweeping.of(node)], world.now())  # made by one that had not heard of the end
        return Repaired()
    if node.id == identity.root(execution.id) or execution.status in BEGINNING:
        await roots.dispatch_again(world, execution)
        return Repaired(executions_dispatched=1)
    later = world.now() + runs.QUEUED_DUE
    written = await node_executions.postpone(node.execution_id, node.id, later, node.update_time)
    if isinstance(written, Lost):
        return Repaired()  # it moves
    run = await _run(world, execution)
    many = any(kind == labels.LIST for _, kind in node.label)
    await completion.again(run.in_background() if many else run, replace(node, update_time=written.update_time))
    return Repaired(node_executions_dispatched=1)


async def _execution(world: World, execution: Execution) -> Repaired:
    if execution.deleting:
        await deleting.erase(execution)
        return Repaired(executions_deleted=1)
    if is_final(execution.status):
        await finish.announce(world, execution)
        return Repaired(executions_announced=1)
    if execution.stop is not None:
        await executions.update(execution.id, {"due_at": world.now() + executions.SWEEP_DUE}, execution.update_time)
        await stopping.sweep(world, execution.id)
        return Repaired(executions_swept=1)
    if execution.status in BEGINNING:
        return await _start(world, execution)
    if pausing.ran_seconds(world, execution) > world.settings.max_wall_seconds:
        what = f"It has worked for more than {world.settings.max_wall_seconds:g} s"
        await stopping.request(world, execution.id, stopping.limit("MAX_WALL_SECONDS", what))
        return Repaired(executions_swept=1)
    if await node_executions.any_active(execution.id):
        await _look_later(world, execution)
        return Repaired()
    run = await _run(world, execution)
    await finish.finish(world, run.execution, run.version)
    return Repaired(executions_finished=1)


async def _look_later(world: World, execution: Execution) -> None:
    """It works, or waits; it may wait without saying so, where whoever was to say it died."""
    running = execution.status is Status.RUNNING
    due_at = world.now() + (executions.RUNNING_DUE if running else executions.PAUSED_DUE)
    await executions.update(execution.id, {"due_at": due_at}, execution.update_time)
    if running:
        await pausing.pause(world, execution.id)


async def _start(world: World, execution: Execution) -> Repaired:
    """Accepted, and not started: its task was lost, or its turn has not come."""
    later = world.now() + start.START_DUE + timedelta(seconds=30)
    written = await executions.update(execution.id, {"due_at": later}, execution.update_time)
    if isinstance(written, Lost) or not queueing.is_its_turn(world, await queueing.rank(world, execution)):
        return Repaired()
    await roots.dispatch_again(world, replace(execution, update_time=written.update_time))
    return Repaired(executions_dispatched=1)


async def _run(world: World, execution: Execution) -> Run:
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    return Run(world=world, execution=node_tasks.ref(execution), version=version)
