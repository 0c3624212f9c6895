"""A block asked to wait: for a time, a person, a sub-agent. What holds its place? A document, and nothing else.

When what it waits for has come, the node execution is claimed like any other, and its block is run anew with the
``resumption``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.blocks import suspensions
from shared.blocks.suspensions import Delay, Review, SubAgent, SubAgents, Suspension
from shared.domain import errors, identity, notices
from shared.domain.records import Execution, Lost, NodeExecution, Parent
from shared.domain.statuses import Event, follow
from shared.firestore import commits, executions, graphs, node_executions, reviews, values
from shared.services import completion, node_tasks, noticing, pausing, resumptions, roots, runs, start, timeouts
from shared.services.runs import Run

CHILD_DUE = timedelta(days=1)
"""How often recovery asks whether a sub-agent has ended without its parent having heard of it. The sub-agent itself
stays due until it has told its parent."""


async def suspend(run: Run, node: NodeExecution, suspension: Suspension, fence: str) -> Lost | None:
    """Put the node execution to rest. BlockError: what it asks for cannot be had. Lost: it is no longer ours."""
    round_ = (node.suspended or {}).get("round", -1) + 1
    remembered = {"round": round_, **await _remembered(run, node, suspension.state)}
    match suspension:
        case Delay(seconds=seconds):
            lost = await _delay(run, node, seconds, remembered, fence)
        case Review():
            lost = await _ask(run, node, suspension, remembered, fence)
        case SubAgent():
            lost = await _delegate(run, node, [suspension], remembered | {"kind": "agent"}, fence)
        case SubAgents(agents=agents):
            lost = await _delegate(run, node, agents, remembered | {"kind": "agents"}, fence)
    if lost is None and not (isinstance(suspension, Delay) and suspension.seconds <= 0):
        await pausing.pause(run.world, run.execution.id)
    return lost


async def _remembered(run: Run, node: NodeExecution, state: Any) -> dict[str, Any]:
    """Where its state is kept. BlockError: it is not JSON, or too large."""
    try:
        size = len(values.dump(state).encode())
        if size > run.world.settings.max_value_bytes:
            raise ValueError(f"{size:,} bytes, and MAX_VALUE_BYTES is {run.world.settings.max_value_bytes:,}")
        return await resumptions.remember(run.world, node.execution_id, state)
    except (TypeError, ValueError) as error:
        message = f"The block wants to remember while it waits what it cannot: {error}."
        raise errors.BlockError(message, reason="BLOCK_CONTRACT") from error


async def _delay(
    run: Run, node: NodeExecution, seconds: float, remembered: Mapping[str, Any], fence: str
) -> Lost | None:
    at = run.world.now() + timedelta(seconds=seconds)
    waiting = replace(
        node,
        status=follow(Event.SUSPEND, node.status),
        wait_until=at,
        due_at=at + runs.QUEUED_DUE,
        suspended={**remembered, "kind": "delay"},
    )
    written = await node_executions.rest(waiting, fence)
    if isinstance(written, Lost):
        return written
    await wake(run, replace(waiting, update_time=written.update_time))
    await completion.publish(run, [waiting])
    return None


async def wake(run: Run, waiting: NodeExecution) -> None:
    """A task for when it has waited long enough; one as late as a task may be, where that is later."""
    if waiting.wait_until is not None:
        seconds = timeouts.of(run.world, run.version.graph.by_id[waiting.node_id])
        at = min(waiting.wait_until, run.world.now() + timeouts.MAX_SCHEDULE)
        await node_tasks.dispatch_again(run.execution, waiting, seconds=seconds, at=at)


async def _ask(
    run: Run, node: NodeExecution, asked: Review, remembered: Mapping[str, Any], fence: str
) -> Lost | None:
    waiting = replace(
        node,
        status=follow(Event.ASK, node.status),
        suspended={**remembered, "kind": "review"},
        due_at=None,
        wait_until=None,
    )
    earlier = await reviews.find(node.id) if node.suspended else None
    review = reviews.Review(
        id=node.id,
        user_id=run.execution.user_id,
        execution_id=node.execution_id,
        graph_id=run.execution.graph_id,
        graph_version=run.execution.graph_version,
        node_id=node.node_id,
        name=asked.name,
        data=asked.data,
        editable=asked.editable,
        created_at=run.world.now(),
        update_time=earlier.update_time if earlier else "",
    )
    notice = await _notice(run, review, remembered["round"])
    written = await node_executions.rest(waiting, fence, [reviews.new(review), noticing.write(notice)])
    if isinstance(written, Lost):
        return written
    await completion.publish(run, [waiting])
    await noticing.tell([notice])
    return None


async def _notice(run: Run, review: reviews.Review, round_: int) -> notices.Notice:
    head = await graphs.find(review.graph_id)
    return notices.of(
        notices.Kind.REVIEW_WAITING,
        review.id,
        str(round_),
        at=run.world.now(),
        user_id=review.user_id,
        node_execution_id=review.id,
        execution_id=review.execution_id,
        graph_id=review.graph_id,
        graph_name=head.name if head else "",
        name=review.name,
    )


async def _delegate(
    run: Run, node: NodeExecution, agents: Sequence[SubAgent], remembered: Mapping[str, Any], fence: str
) -> Lost | None:
    if not 0 < len(agents) <= suspensions.MAX_SUB_AGENTS:
        most = suspensions.MAX_SUB_AGENTS
        message = f"A block may wait for 1 to {most} sub-agents at a time, and this one for {len(agents)}."
        raise errors.BlockError(message, reason="LIMIT_EXCEEDED")
    ids = [_child_id(node, remembered["round"], number) for number in range(len(agents))]
    children = [await _child(run, node, agent, id_) for agent, id_ in zip(agents, ids, strict=True)]
    waiting = replace(
        node,
        status=follow(Event.SUSPEND, node.status),
        suspended={**remembered, "execution_ids": ids},
        due_at=run.world.now() + CHILD_DUE,
        wait_until=None,
    )
    writes = [commits.Write(ref=executions.ref(child.id), data=executions.encode(child)) for child in children]
    written = await node_executions.rest(waiting, fence, writes)
    if isinstance(written, Lost):
        return written
    for id_ in ids:
        found = await executions.find(id_)
        if found is not None:
            await roots.dispatch(found)
    await completion.publish(run, [waiting])
    return None


def _child_id(node: NodeExecution, round_: int, number: int) -> str:
    """Derived from which of its waits this is: a node execution may wait for sub-agents more than once."""
    if not round_ and not number:
        return identity.derive(node.id, "child")
    return identity.derive(node.id, "child", str(round_), str(number))


async def _child(run: Run, node: NodeExecution, agent: SubAgent, id_: str) -> Execution:
    """The sub-agent's execution, as it begins. BlockError: the graph is not the user's, or cannot be run so."""
    parent = await executions.find(run.execution.id)
    depth = (parent.depth if parent else 0) + 1
    if depth > run.world.settings.max_depth:
        raise errors.BlockError(
            f"Agents call each other more than {run.world.settings.max_depth} deep (MAX_DEPTH); call fewer.",
            reason="LIMIT_EXCEEDED",
        )
    try:
        head = await graphs.find(agent.graph_id)
        if head is None or head.user_id != run.execution.user_id:
            raise errors.NotFound(f"There is no graph {agent.graph_id} of yours.")
        version = await graphs.get_version(agent.graph_id, agent.graph_version or head.active_version)
        begun = await start.begun(
            run.world,
            id_=id_,
            user_id=run.execution.user_id,
            version=version,
            input_data=agent.inputs,
            queue=run.execution.queue,
            credentials=_handed_on(run, parent),
        )
    except errors.WeftlyError as error:
        details = "; ".join(f"{v.field}: {v.description}" for v in error.violations)
        raise errors.BlockError(f"{error.message} {details}".strip(), reason=error.reason) from error
    return replace(begun, parent=_parent(run, node), depth=depth)


def _handed_on(run: Run, parent: Execution | None) -> dict[str, str]:
    """The credentials that the parent was started with by provider; those by node are for its own nodes."""
    chosen = parent.credentials if parent else {}
    return {key: id_ for key, id_ in chosen.items() if key not in run.version.graph.by_id}


def _parent(run: Run, node: NodeExecution) -> Parent:
    return Parent(
        execution_id=run.execution.id,
        node_execution_id=node.id,
        node_id=node.node_id,
        graph_id=run.execution.graph_id,
        graph_version=run.execution.graph_version,
        queue=run.execution.queue,
        absent=list(run.execution.absent),
    )
