"""How does an execution begin? Its inputs are checked, it is recorded, and its root is dispatched.

The root is a node execution like any other: its commit, on the execution's fence, creates the entries and records
the constants; it spreads, and finishes what has nothing to do.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain import errors, identity, planning
from shared.domain.records import Execution, Failure, Lost, NodeExecution, Stop
from shared.domain.statuses import BEGINNING, Event, Status, follow, is_final
from shared.firestore import commits, executions, graphs, node_executions
from shared.services import (
    completion,
    copying,
    events,
    finish,
    inputs,
    node_budgets,
    queueing,
    roots,
    runs,
    stopping,
    stored_values,
)
from shared.services.node_tasks import NodeTask
from shared.services.runs import Run
from shared.services.world import World

START_DUE = timedelta(minutes=3)
"""How long an accepted execution may wait for its root before recovery dispatches it again: longer than a queue is
behind on a bad day, so that recovery does not make it longer."""

QUEUES = ("interactive", "background")


async def accept(
    world: World,
    *,
    id_: str,
    user_id: str,
    version: graphs.Version,
    input_data: Mapping[str, Any],
    queue: str,
    credentials: Mapping[str, str] | None = None,
) -> Execution:
    """Record an execution and dispatch it. ``id_`` makes a repeated call find the first one's execution."""
    execution = await begun(
        world,
        id_=id_,
        user_id=user_id,
        version=version,
        input_data=input_data,
        queue=queue,
        credentials=credentials,
    )
    await check_backlog(world, user_id)
    return await record(world, execution)


async def record(world: World, execution: Execution) -> Execution:
    """Create an execution, unless it is there, and dispatch its start. CreditSpent."""
    await node_budgets.hold(world, execution)
    written = await executions.create(execution)
    if isinstance(written, Lost):
        found = await executions.find(execution.id)
        if found is None:
            raise errors.Conflict(f"Execution {execution.id} was deleted while it was created; start it again.")
        execution = found
    else:
        execution = replace(execution, update_time=written.update_time)
    if execution.status in BEGINNING:
        await roots.dispatch(execution)
        await events.publish(execution.id, [events.of_execution(execution, world.now())])
    return execution


async def begun(
    world: World,
    *,
    id_: str,
    user_id: str,
    version: graphs.Version,
    input_data: Mapping[str, Any],
    queue: str,
    credentials: Mapping[str, str] | None = None,
) -> Execution:
    """An execution as it begins. InvalidArgument: the inputs do not suit the graph."""
    given = inputs.constants_of(version, input_data, world.settings.max_value_bytes)
    constants = await stored_values.constants(world, id_, given)
    now = world.now()
    return Execution(
        id=id_,
        user_id=user_id,
        graph_id=version.graph_id,
        graph_version=version.number,
        status=Status.QUEUED,
        queue=queue,
        constants=constants,
        absent=planning.absent_constants(version.plan, given),
        created_at=now,
        due_at=now + START_DUE,
        credentials=credentials or {},
    )


async def check_backlog(world: World, user_id: str) -> None:
    """TooManyRequests: too many of the user's executions have not finished."""
    limit = world.settings.max_queued_executions
    if await executions.count_occupying(user_id) >= limit:
        raise errors.TooManyRequests(
            f"{limit} executions of yours have not finished (MAX_QUEUED_EXECUTIONS); start this one later.",
            reason="TOO_MANY_EXECUTIONS",
            retry_after=60,
        )


async def begin(run: Run, task: NodeTask) -> None:
    """A task for the root. Lost: the execution has started, or is gone."""
    execution = await executions.find(task.execution.id)
    if execution is None:
        return
    if is_final(execution.status):
        await finish.announce(run.world, execution)
        return
    if execution.stop is not None:
        await stopping.sweep(run.world, execution.id)
        return
    try:
        if execution.status in BEGINNING:
            await node_budgets.hold(run.world, execution)
    except errors.CreditSpent as error:  # a sub-agent: nobody was asked before
        stop = Stop(status=Status.FAILED, failure=Failure(reason=error.reason, message=error.message))
        await stopping.request(run.world, execution.id, stop)
        return
    execution = replace(execution, constants=await stored_values.load(execution.constants))
    is_retry = execution.retry_of is not None
    if execution.status not in BEGINNING:
        await (copying.resume if is_retry else _resume)(run, execution)
    elif execution.parent is not None:  # its parent's turn has come
        await (copying.start if is_retry else _start)(run, execution)
    elif queueing.is_its_turn(run.world, rank := await queueing.rank(run.world, execution)):
        run = run.in_background() if rank >= queueing.INTERACTIVE_EXECUTIONS else run
        await (copying.start if is_retry else _start)(run, execution)


async def _start(run: Run, execution: Execution) -> None:
    now = run.world.now()
    made = planning.start(run.version.plan, execution)
    root = roots.started(run, execution, now, spreading=not _at_once(made))
    recorded = roots.constants(run, execution, now)
    children = [] if root.spreading else _children(run, root, made)
    changes = executions.started(now, now + executions.RUNNING_DUE) | {
        "status": follow(Event.START, execution.status)
    }
    write = commits.Write(ref=executions.ref(execution.id), data=changes, fence=execution.update_time)
    parked = [] if root.spreading else made.parked
    committed = await node_executions.start(root, write, [*recorded, *children], parked)
    if isinstance(committed, Lost):
        return  # another delivery started it, and does what follows
    first = 2 + len(recorded)
    queued = [
        child
        for child in runs.fenced(children, committed.update_times[first : first + len(children)])
        if child.status is Status.QUEUED
    ]
    started = replace(execution, status=Status.RUNNING, started_at=now)
    await completion.dispatch(run, queued)
    await completion.publish(run, [*recorded, *queued], [events.of_execution(started, now)])
    if root.spreading:
        await completion.spread(run, root, made)
    else:
        await completion.end(run, replace(root, update_time=committed.update_times[1]), left=bool(queued))


def _at_once(made: planning.Deliveries) -> bool:
    """Nobody else can touch the joins before the start: any number of them may be in its commit."""
    return completion.fits(replace(made, meetings=())) and made.size <= completion.MAX_BATCH


def _children(run: Run, root: NodeExecution, made: planning.Deliveries) -> list[NodeExecution]:
    birth = run.birth(root)
    plan = run.version.plan
    firings = [planning.child(plan, run.block_type(f.node_id), f, birth) for f in made.firings]
    joins = [planning.meet(plan, run.block_type(m.node_id), m, None, birth) for m in made.meetings]
    return [*firings, *(join for join in joins if join is not None)]


async def _resume(run: Run, execution: Execution) -> None:
    """It had started: do again what follows the start."""
    root = await node_executions.find(execution.id, identity.root(execution.id))
    if root is None:
        return
    made = planning.start(run.version.plan, execution)
    if root.spreading:
        await completion.spread(run, root, made)
        return
    ids = [f.id for f in made.firings] + [m.id for m in made.meetings]
    await completion.redispatch(run, await node_executions.find_many(execution.id, ids))
    await completion.publish(run, [], [events.of_execution(execution, run.world.now())])
    await completion.end(run, root, left=False)
