"""How does a result become durable, and what follows from it? Commit, dispatch, publish, spread, finish.

Every step may be repeated after a crash: ids are derived, creations are under "must not exist", and a redelivered
task finds the node execution final and takes the same path again (``resume``).
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain import planning
from shared.domain.planning import Birth, Deliveries, Sender
from shared.domain.records import Lost, NodeExecution
from shared.domain.statuses import Status
from shared.firestore import graphs, node_executions, values
from shared.gcp import pubsub
from shared.services import events, finish, node_tasks, timeouts
from shared.services.node_tasks import ExecutionRef
from shared.services.world import World

MAX_MEETINGS = 8
"""Joins in one commit. Each may change under it, so a commit with many would lose again and again."""

MAX_BATCH = 200
MAX_BATCH_BYTES = 4_000_000
_PARALLEL = 32
_ATTEMPTS = 20

QUEUED_DUE = timedelta(minutes=5)
"""How long a dispatched node execution may wait in its queue before recovery dispatches it again."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """An execution and its version, as all steps need them."""

    world: World
    execution: ExecutionRef
    version: graphs.Version

    def birth(self, parent: NodeExecution) -> Birth:
        now = self.world.now()
        return Birth(execution_id=self.execution.id, hops=parent.hops + 1, now=now, due_at=now + QUEUED_DUE)

    def block_type(self, node_id: str) -> str:
        return self.version.graph.by_id[node_id].block_type


def deliveries(run: Run, node: NodeExecution) -> Deliveries:
    """What the outputs of a final node execution make."""
    sender = Sender(
        execution_id=run.execution.id,
        node_id=node.node_id,
        label=node.label,
        absent=frozenset(run.execution.absent),
    )
    return planning.deliver(run.version.plan, sender, node.outputs)


async def complete(run: Run, node: NodeExecution, fence: str) -> Lost | None:
    """Record ``node`` (final) on ``fence`` and do all that follows. Lost: somebody else was first; nothing of this
    was applied."""
    made = deliveries(run, node)
    if fits(made):
        return await _at_once(run, node, fence, made)
    spreading = replace(node, spreading=True, active=True)
    if isinstance(await node_executions.conclude(spreading, fence, []), Lost):
        return Lost()
    await publish(run, [node])
    await spread(run, spreading, made)
    return None


def fits(made: Deliveries) -> bool:
    return made.size <= MAX_BATCH and len(made.meetings) <= MAX_MEETINGS and _size(made.firings) <= MAX_BATCH_BYTES


async def _at_once(run: Run, node: NodeExecution, fence: str, made: Deliveries) -> Lost | None:
    """Result and children in one atomic write. It may lose because a join moved on, and then tries again on the
    join's new state, or because the node execution is no longer ours."""
    for _ in range(_ATTEMPTS):
        children = _firings(run, node, made) + await _meetings(run, node, made.meetings)
        committed = await node_executions.conclude(node, fence, children)
        if not isinstance(committed, Lost):
            await _follow(run, node, _fenced(children, committed.update_times[1:]))
            return None
        if not made.meetings or await _fence_of(node) != fence:
            return Lost()
    raise TimeoutError(f"Joins of execution {run.execution.id} changed {_ATTEMPTS} times under a commit.")


async def _follow(run: Run, node: NodeExecution, children: Sequence[NodeExecution]) -> None:
    queued = [child for child in children if child.status is Status.QUEUED]
    await dispatch(run, queued)
    await publish(run, [node, *queued])
    if not queued:
        await finish.finish(run.world, run.execution, run.version)


async def spread(run: Run, node: NodeExecution, made: Deliveries) -> None:
    """Make in batches what did not fit into the commit; what exists already is dispatched again if it is still
    QUEUED."""
    for batch in _batches(_firings(run, node, made)):
        await _make(run, batch)
    await _bounded([_meet(run, node, meeting) for meeting in made.meetings])
    await node_executions.end_spreading(node.execution_id, node.id)
    await finish.finish(run.world, run.execution, run.version)


async def resume(run: Run, node: NodeExecution) -> None:
    """The node execution is final: somebody recorded it and may have died right after. Do again all that follows."""
    made = deliveries(run, node)
    if node.spreading:
        await publish(run, [node])
        await spread(run, node, made)
        return
    ids = [f.id for f in made.firings] + [m.id for m in made.meetings]
    await redispatch(run, await node_executions.find_many(run.execution.id, ids))
    await publish(run, [node])
    await finish.finish(run.world, run.execution, run.version)


async def redispatch(run: Run, found: dict[str, NodeExecution]) -> None:
    """Named tasks for what is still QUEUED."""
    await _bounded([again(run, node) for node in found.values() if node.status is Status.QUEUED])


async def again(run: Run, node: NodeExecution) -> None:
    timeout = timeouts.of(run.world, run.version.graph.by_id[node.node_id])
    await node_tasks.dispatch_again(run.execution, node, seconds=timeout, at=run.world.now())


async def dispatch(run: Run, queued: Sequence[NodeExecution]) -> None:
    """The first task of each."""
    links = run.version.plan.links
    await _bounded(
        [
            node_tasks.dispatch(
                run.execution,
                child,
                seconds=timeouts.of(run.world, run.version.graph.by_id[child.node_id]),
                inputs=not any(links[token.link].secret for token in child.inputs.values()),
            )
            for child in queued
        ]
    )


async def publish(run: Run, nodes: Sequence[NodeExecution], messages: Sequence[pubsub.Message] = ()) -> None:
    now = run.world.now()
    told = [events.of_node(run.execution, node, now) for node in nodes]
    await events.publish(run.execution.id, [*messages, *told])


def _firings(run: Run, node: NodeExecution, made: Deliveries) -> list[NodeExecution]:
    birth = run.birth(node)
    return [planning.child(run.version.plan, run.block_type(f.node_id), f, birth) for f in made.firings]


async def _meetings(run: Run, node: NodeExecution, meetings: Sequence[planning.Meeting]) -> list[NodeExecution]:
    """The joins as they will be, on the state in which they are now; those that change nothing left out."""
    found = await node_executions.find_many(run.execution.id, [m.id for m in meetings]) if meetings else {}
    birth = run.birth(node)
    joined = [planning.meet(run.version.plan, run.block_type(m.node_id), m, found.get(m.id), birth) for m in meetings]
    return [join for join in joined if join is not None]


async def _meet(run: Run, node: NodeExecution, meeting: planning.Meeting) -> None:
    """Bring tokens to one join. Lost: another pin's token came in between; read again."""
    for _ in range(_ATTEMPTS):
        joined = await _meetings(run, node, [meeting])
        if not joined:
            await redispatch(run, await node_executions.find_many(run.execution.id, [meeting.id]))
            return
        committed = await node_executions.write(joined)
        if not isinstance(committed, Lost):
            queued = [j for j in _fenced(joined, committed.update_times) if j.status is Status.QUEUED]
            await dispatch(run, queued)
            await publish(run, queued)
            return
    raise TimeoutError(f"Join {meeting.id} of execution {run.execution.id} changed {_ATTEMPTS} times under a write.")


async def _make(run: Run, batch: Sequence[NodeExecution]) -> None:
    committed = await node_executions.write(batch)
    if isinstance(committed, Lost):
        await _make_missing(run, batch)
        return
    children = _fenced(batch, committed.update_times)
    await dispatch(run, children)
    await publish(run, children)


async def _make_missing(run: Run, batch: Sequence[NodeExecution]) -> None:
    """Some exist: an earlier call made them and died, or another makes them now."""
    found = await node_executions.find_many(run.execution.id, [child.id for child in batch])
    await redispatch(run, found)
    await _bounded([_make_one(run, child) for child in batch if child.id not in found])


async def _make_one(run: Run, child: NodeExecution) -> None:
    committed = await node_executions.write([child])
    if not isinstance(committed, Lost):
        await dispatch(run, _fenced([child], committed.update_times))
        await publish(run, [child])


async def _fence_of(node: NodeExecution) -> str | None:
    found = await node_executions.find(node.execution_id, node.id)
    return found.update_time if found else None


def _fenced(nodes: Sequence[NodeExecution], update_times: Sequence[str]) -> list[NodeExecution]:
    return [replace(n, update_time=t) for n, t in zip(nodes, update_times, strict=True)]


def _batches(children: Sequence[NodeExecution]) -> list[list[NodeExecution]]:
    """In order, each small enough for one commit."""
    batches: list[list[NodeExecution]] = [[]]
    size = 0
    for child in children:
        bytes_ = len(values.dump(values.dump_tokens(child.inputs)))
        if batches[-1] and (len(batches[-1]) == MAX_BATCH or size + bytes_ > MAX_BATCH_BYTES):
            batches.append([])
            size = 0
        batches[-1].append(child)
        size += bytes_
    return batches if batches[0] else []


def _size(firings: Sequence[planning.Firing]) -> int:
    if len(firings) <= 2:
        return 0  # what one or two children carry is bounded by the outputs of their parent
    return sum(len(values.dump(values.dump_tokens(f.tokens))) for f in firings)


async def _bounded(calls: Sequence[Awaitable[None]]) -> None:
    """All of them, some at a time. If one fails the others still run; then its error is raised."""
    if len(calls) == 1:
        await calls[0]
        return
    gate = asyncio.Semaphore(_PARALLEL)

    async def one(call: Awaitable[None]) -> None:
        async with gate:
            await call

    results = await asyncio.gather(*(one(call) for call in calls), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
