"""A block asked to wait: for a time, a person, a sub-agent. What holds its place? A document, and nothing else.

When what it waits for has come, the node execution is claimed like any other, and its block is run anew with the
``resumption``.
"""

from dataclasses import replace
from datetime import timedelta

from shared.blocks.block import Delay, Review, SubAgent, Suspension
from shared.domain import errors, identity
from shared.domain.records import Execution, Lost, NodeExecution, Parent
from shared.domain.statuses import Event, follow
from shared.firestore import commits, executions, graphs, node_executions, reviews, values
from shared.services import completion, node_tasks, pausing, roots, runs, start, timeouts
from shared.services.runs import Run

CHILD_DUE = timedelta(days=1)
"""How often recovery asks whether a sub-agent has ended without its parent having heard of it. The sub-agent itself
stays due until it has told its parent."""

MAX_STATE_CHARACTERS = 10_000
"""Of the JSON that a block remembers during a delay: the id of a job, not its result."""


async def suspend(run: Run, node: NodeExecution, suspension: Suspension, fence: str) -> Lost | None:
    """Put the node execution to rest. BlockError: what it asks for cannot be had. Lost: it is no longer ours."""
    match suspension:
        case Delay():
            lost = await _delay(run, node, suspension, fence)
        case Review():
            lost = await _ask(run, node, suspension, fence)
        case SubAgent():
            lost = await _delegate(run, node, suspension, fence)
    if lost is None:
        await pausing.pause(run.world, run.execution.id)
    return lost


async def _delay(run: Run, node: NodeExecution, delay: Delay, fence: str) -> Lost | None:
    state = _remembered(delay)
    at = run.world.now() + timedelta(seconds=delay.seconds)
    waiting = replace(
        node,
        status=follow(Event.SUSPEND, node.status),
        wait_until=at,
        due_at=at + runs.QUEUED_DUE,
        suspended={"kind": "delay", "state": state},
    )
    written = await node_executions.rest(waiting, fence)
    if isinstance(written, Lost):
        return written
    await wake(run, replace(waiting, update_time=written.update_time))
    await completion.publish(run, [waiting])
    return None


def _remembered(delay: Delay) -> str:
    try:
        state = values.dump(delay.state)
    except (TypeError, ValueError) as error:
        message = f"The block wants to remember what is not JSON while it waits: {error}."
        raise errors.BlockError(message, reason="BLOCK_CONTRACT") from error
    if len(state) > MAX_STATE_CHARACTERS:
        message = (
            f"The block wants to remember {len(state):,} characters while it waits; "
            f"{MAX_STATE_CHARACTERS:,} are allowed."
        )
        raise errors.BlockError(message, reason="BLOCK_CONTRACT")
    return state


async def wake(run: Run, waiting: NodeExecution) -> None:
    """A task for when it has waited long enough; one as late as a task may be, where that is later."""
    if waiting.wait_until is not None:
        seconds = timeouts.of(run.world, run.version.graph.by_id[waiting.node_id])
        at = min(waiting.wait_until, run.world.now() + timeouts.MAX_SCHEDULE)
        await node_tasks.dispatch_again(run.execution, waiting, seconds=seconds, at=at)


async def _ask(run: Run, node: NodeExecution, asked: Review, fence: str) -> Lost | None:
    waiting = replace(
        node, status=follow(Event.ASK, node.status), suspended={"kind": "review"}, due_at=None, wait_until=None
    )
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
    )
    written = await node_executions.rest(waiting, fence, [reviews.new(review)])
    if isinstance(written, Lost):
        return written
    await completion.publish(run, [waiting])
    return None


async def _delegate(run: Run, node: NodeExecution, agent: SubAgent, fence: str) -> Lost | None:
    child = await _child(run, node, agent)
    waiting = replace(
        node,
        status=follow(Event.SUSPEND, node.status),
        suspended={"kind": "agent", "execution_id": child.id},
        due_at=run.world.now() + CHILD_DUE,
        wait_until=None,
    )
    write = commits.Write(ref=executions.ref(child.id), data=executions.encode(child))
    written = await node_executions.rest(waiting, fence, [write])
    if isinstance(written, Lost):
        return written
    found = await executions.find(child.id)
    if found is not None:
        await roots.dispatch(found)
    await completion.publish(run, [waiting])
    return None


async def _child(run: Run, node: NodeExecution, agent: SubAgent) -> Execution:
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
            id_=identity.derive(node.id, "child"),
            user_id=run.execution.user_id,
            version=version,
            input_data=agent.inputs,
            queue=run.execution.queue,
        )
    except errors.WeftlyError as error:
        details = "; ".join(f"{v.field}: {v.description}" for v in error.violations)
        raise errors.BlockError(f"{error.message} {details}".strip(), reason=error.reason) from error
    return replace(begun, parent=_parent(run, node), depth=depth)


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
