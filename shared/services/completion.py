"""How does a result become durable, and what follows from it? Commit, dispatch, publish, spread, finish.

Every step may be repeated after a crash: ids are derived, creations are under "must not exist", and a redelivered
task finds the node execution final and takes the same path again (``resume``).
"""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from shared.domain import identity, planning
from shared.domain.planning import Deliveries, Sender
from shared.domain.records import Lost, NodeExecution, Stop, Token
from shared.domain.statuses import Status
from shared.firestore import gate_tokens, node_executions, reaching, values
from shared.gcp import pubsub
from shared.services import (
    events,
    finish,
    node_budgets,
    node_tasks,
    runs,
    settling,
    some_at_a_time,
    stopping,
    stored_values,
    timeouts,
)
from shared.services.runs import Run

MAX_MEETINGS = 8
"""Joins in one commit. Each may change under it, so a commit with many would lose again and again."""

FAN_OUT = 10
"""From so many children on, node executions are counted before they are made; else in one of ``SAMPLE`` commits."""

SAMPLE = 50

INTERACTIVE = 200
"""What an execution makes beyond so many node executions goes through the background queues: a list of thousands
does not stand before what another user waits for."""

MAX_BATCH = 200
MAX_BATCH_BYTES = 4_000_000
_PARALLEL = 32
_ATTEMPTS = 20

_Item = TypeVar("_Item")


def deliveries(run: Run, node: NodeExecution) -> Deliveries:
    """What the outputs of a final node execution make."""
    sender = Sender(
        execution_id=run.execution.id,
        node_execution_id=node.id,
        node_id=node.node_id,
        label=node.label,
        absent=frozenset(run.execution.absent),
        hops=node.hops,
    )
    return planning.deliver(run.version.plan, sender, node.outputs, opens=node.status is Status.COMPLETED)


async def complete(run: Run, node: NodeExecution, fence: str) -> Lost | None:
    """Record ``node`` (final) on ``fence`` and do all that follows. Lost: somebody else was first; nothing of this
    was applied."""
    made = deliveries(run, node)
    if made.size >= FAN_OUT:
        total = await node_executions.count(run.execution.id) + made.size
        if await _too_many(run, total):
            return None
        run = run.in_background() if total > INTERACTIVE else run
    node = replace(node, gates=run.version.plan.nodes[node.node_id].gates)
    lost = await _complete(run, node, fence, made)
    if lost is None:
        await _stop_if_asked(run, node)
    return lost


async def _stop_if_asked(run: Run, node: NodeExecution) -> None:
    """An unhandled failure of a graph that stops on one; and, by sampling, more node executions than are allowed.
    Those without a label are no more than the nodes of the graph."""
    if node.unhandled and node.error is not None and run.version.graph.on_error == "stop":
        why = replace(node.error, node_id=node.node_id, node_execution_id=node.id)
        await stopping.request(run.world, run.execution.id, Stop(status=Status.FAILED, failure=why))
    elif node.label and identity.shard(node.id, SAMPLE) == 0:
        await _too_many(run, await node_executions.count(run.execution.id))


async def _too_many(run: Run, total: int) -> bool:
    """Whether these are more node executions than an execution, or its user in a month, may have; then it is
    stopped."""
    most, nodes = run.world.settings.max_node_executions, total - 1  # the root is one of them
    if nodes > most:
        stop = stopping.limit("MAX_NODE_EXECUTIONS", f"It has more than {most} node executions")
    else:
        stop = await node_budgets.grown(run.world, run.execution.user_id, run.execution.id, nodes)
    if stop is not None:
        await stopping.request(run.world, run.execution.id, stop)
    return stop is not None


async def _complete(run: Run, node: NodeExecution, fence: str, made: Deliveries) -> Lost | None:
    if fits(made):
        settling = bool(node.gates)
        return await _at_once(run, replace(node, active=settling, settling=settling), fence, made)
    spreading = replace(node, spreading=True, active=True)
    recorded = await stored_values.pack_list(spreading)
    committed = await node_executions.conclude(recorded, fence, [], [])
    if isinstance(committed, Lost):
        return committed
    await publish(run, [node])
    if run.gives_way:  # so many are made by a call that nobody else waits for
        await again(run, replace(spreading, update_time=committed.update_times[0]))
        return None
    await spread(run, spreading, made)
    return None


def fits(made: Deliveries) -> bool:
    """Whether one commit can hold all that follows."""
    return made.size <= MAX_BATCH and len(made.meetings) <= MAX_MEETINGS and _size(made) <= MAX_BATCH_BYTES


async def _at_once(run: Run, node: NodeExecution, fence: str, made: Deliveries) -> Lost | None:
    """Result and children in one atomic write. It may lose because a join moved on, and then tries again on the
    join's new state, or because the node execution is no longer ours."""
    recorded = await stored_values.pack_list(node)
    for _ in range(_ATTEMPTS):
        children = _firings(run, node, made) + await _meetings(run, node, made.meetings)
        committed = await node_executions.conclude(recorded, fence, children, made.parked)
        if not isinstance(committed, Lost):
            fences = committed.update_times
            node = replace(node, update_time=fences[0])
            await _follow(run, node, runs.fenced(children, fences[1 : 1 + len(children)]))
            return None
        if not made.meetings or await _fence_of(node) != fence:
            return Lost()
    raise TimeoutError(f"Joins of execution {run.execution.id} changed {_ATTEMPTS} times under a commit.")


async def _follow(run: Run, node: NodeExecution, children: Sequence[NodeExecution]) -> None:
    queued = [child for child in children if child.status is Status.QUEUED]
    await dispatch(run, queued)
    await publish(run, [node, *queued])
    await end(run, node, left=bool(queued))


async def end(run: Run, node: NodeExecution, *, left: bool) -> None:
    """Everything that ``node`` emitted is delivered: settle the gates that it reaches, and finish the execution if
    nothing is left active behind. Children that were ``left`` before it settled may be over by now, and have found
    it still active: only what its settling fires lets it go without asking."""
    if node.settling:
        fired = await settling.settle(run, node)
        await dispatch(run, fired)
        await publish(run, fired)
        left = bool(fired)
    if not left:
        await finish.finish(run.world, run.execution, run.version)


async def spread(run: Run, node: NodeExecution, made: Deliveries) -> None:
    """Make in batches what did not fit into the commit; what exists already is dispatched again if it is still
    QUEUED. Marks that open gathers go first. So many go through the background queues."""
    run = run.in_background()
    await _bounded([_park(run, batch) for batch in _batches(made.parked, lambda p: [p.token])])
    for batch in _batches(_firings(run, node, made), lambda child: child.inputs.values()):
        if not await _make(run, batch):
            return
    await _bounded([_meet(run, node, meeting) for meeting in made.meetings])
    if await _is_stopping(run):
        return
    await node_executions.end_spreading(node)
    await settle_again(run, node.id)


async def settle_again(run: Run, node_execution_id: str) -> None:
    """Settle what the document says is to be settled; without that, only finish."""
    found = await node_executions.find(run.execution.id, node_execution_id)
    if found is not None:
        await end(run, found, left=False)


async def resume(run: Run, node: NodeExecution) -> None:
    """The node execution is final: somebody recorded it and may have died right after. Do again all that follows."""
    made = deliveries(run, node)
    if made.size >= FAN_OUT and await _is_stopping(run):
        return
    if node.spreading:
        await publish(run, [node])
        await spread(run, node, made)
        return
    run = run.in_background() if made.size >= FAN_OUT else run
    ids = [f.id for f in made.firings] + [m.id for m in made.meetings]
    found = await node_executions.find_many(run.execution.id, ids)
    fired = await node_executions.find_many(run.execution.id, await reaching.queued_at(run.execution.id, node.gates))
    await redispatch(run, {**found, **fired})
    await publish(run, [node])
    await end(run, node, left=False)


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
    return [await stored_values.shrink(join) for join in joined if join is not None]


async def _meet(run: Run, node: NodeExecution, meeting: planning.Meeting) -> None:
    """Bring tokens to one join. Lost: another pin's token came in between; read again."""
    for _ in range(_ATTEMPTS):
        joined = await _meetings(run, node, [meeting])
        if not joined:
            await redispatch(run, await node_executions.find_many(run.execution.id, [meeting.id]))
            return
        committed = await node_executions.write(joined)
        if not isinstance(committed, Lost):
            queued = [j for j in runs.fenced(joined, committed.update_times) if j.status is Status.QUEUED]
            await dispatch(run, queued)
            await publish(run, queued)
            return
    raise TimeoutError(f"Join {meeting.id} of execution {run.execution.id} changed {_ATTEMPTS} times under a write.")


async def _is_stopping(run: Run) -> bool:
    """Whether the execution is to stop. A sweep may have ended before children were made: so it is repeated."""
    if not await stopping.is_stopping(run.execution.id):
        return False
    await stopping.sweep(run.world, run.execution.id)
    return True


async def _make(run: Run, batch: Sequence[NodeExecution]) -> bool:
    """False: the execution is to stop, and the children that are there by now were ended with the rest."""
    committed = await node_executions.write(batch)
    if isinstance(committed, Lost):
        await _make_missing(run, batch)
        return True
    if await _is_stopping(run):
        return False
    children = runs.fenced(batch, committed.update_times)
    await dispatch(run, children)
    await publish(run, children)
    return True


async def _make_missing(run: Run, batch: Sequence[NodeExecution]) -> None:
    """Some exist: an earlier call made them and died, or another makes them now."""
    found = await node_executions.find_many(run.execution.id, [child.id for child in batch])
    await redispatch(run, found)
    await _bounded([_make_one(run, child) for child in batch if child.id not in found])


async def _make_one(run: Run, child: NodeExecution) -> None:
    committed = await node_executions.write([child])
    if not isinstance(committed, Lost):
        await dispatch(run, runs.fenced([child], committed.update_times))
        await publish(run, [child])


async def _fence_of(node: NodeExecution) -> str | None:
    found = await node_executions.find(node.execution_id, node.id)
    return found.update_time if found else None


def _batches(items: Sequence[_Item], tokens: Callable[[_Item], Iterable[Token]]) -> list[list[_Item]]:
    """In order, each small enough for one commit."""
    batches: list[list[_Item]] = [[]]
    size = 0
    for item in items:
        bytes_ = sum(len(values.dump(t.value)) for t in tokens(item) if t.stored is None)
        if batches[-1] and (len(batches[-1]) == MAX_BATCH or size + bytes_ > MAX_BATCH_BYTES):
            batches.append([])
            size = 0
        batches[-1].append(item)
        size += bytes_
    return batches if batches[0] else []


def _size(made: Deliveries) -> int:
    """Bytes of what is delivered; what one or two tokens carry is bounded by the outputs of their sender."""
    if made.size <= 2:
        return 0
    tokens = [t for f in made.firings for t in f.tokens.values()] + [p.token for p in made.parked]
    return sum(len(values.dump(t.value)) for t in tokens if t.stored is None)


async def _park(run: Run, batch: Sequence[planning.Parked]) -> None:
    """Tokens at gates. Lost: some exist; those that do not are made one by one."""
    if isinstance(await gate_tokens.create(run.execution.id, batch), Lost):
        for parked in batch:
            await gate_tokens.create(run.execution.id, [parked])


async def _bounded(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    await some_at_a_time.gather(calls, _PARALLEL)
