"""How does a retry begin? It takes over what it does not repeat, batch by batch, and then starts like any other.

Each batch is one atomic write with the execution itself, on its fence, which counts what is taken over: of two that
copy at once one loses, reads the count and goes on from there, and one that was stopped takes nothing over any more.
What is to be copied follows from the source, which has ended, so that it is the same for whoever goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.domain import replay
from shared.domain.records import Execution, Failure, Lost, NodeExecution, Stop, Token
from shared.domain.statuses import Event, Status, follow
from shared.firestore import client, commits, executions, gate_tokens, node_executions, values
from shared.services import completion, events, roots, runs, stopping, stored_values
from shared.services.runs import Run

MAX_BATCH = 200
MAX_BATCH_BYTES = 4_000_000
_PAGE = 300
_PUBLISHED = 200


@dataclass(frozen=True, slots=True)
class _Document:
    """``write`` makes it; ``size``: about so many bytes."""

    write: Callable[[], commits.Write]
    size: int


async def start(run: Run, execution: Execution) -> None:
    """Copy, then start. Nothing is done for an execution that another delivery started, or that is to stop."""
    documents = await _documents(run, execution)
    if documents is None:
        await stopping.request(run.world, execution.id, _gone(execution))
        return
    whole = await _copy(run, execution, documents)
    if whole is not None:
        await _start(run, whole)


def _gone(execution: Execution) -> Stop:
    message = f"Execution {execution.retry_of} was deleted before all was copied from it; start the graph anew."
    return Stop(status=Status.FAILED, failure=Failure(reason="RETRY_SOURCE_GONE", message=message))


async def _copy(run: Run, execution: Execution, documents: Sequence[_Document]) -> Execution | None:
    """The execution with all of them; None: it is not for us to start it."""
    found: Execution | None = execution
    while found is not None and found.status is Status.INCOMPLETE and found.stop is None:
        if found.copied >= len(documents):
            return found
        batch = _batch(documents, found.copied)
        changes = {"copied": found.copied + len(batch), "due_at": run.world.now() + runs.QUEUED_DUE}
        writes = [commits.Write(ref=executions.ref(found.id), data=changes, fence=found.update_time)]
        made = await commits.commit(client.client(), [*writes, *(document.write() for document in batch)])
        if isinstance(made, Lost):
            found = await executions.find(execution.id)
        else:
            found = replace(found, copied=found.copied + len(batch), update_time=made.update_times[0])
    return None


def _batch(documents: Sequence[_Document], first: int) -> list[_Document]:
    batch: list[_Document] = []
    size = 0
    for document in documents[first : first + MAX_BATCH]:
        if batch and size + document.size > MAX_BATCH_BYTES:
            break
        batch.append(document)
        size += document.size
    return batch


async def _documents(run: Run, execution: Execution) -> list[_Document] | None:
    """All that the copy consists of, in an order that does not change. None: the source is gone, or going."""
    id_ = execution.retry_of or ""
    nodes = await stored_values.unpack_all(await _all_of(id_))
    source = await executions.find(id_)  # after the reading: a deletion says so before it takes anything away
    if source is None or source.deleting:
        return None
    source = replace(source, constants=await stored_values.load(source.constants))
    now = run.world.now()
    birth = replay.Birth(block_type=run.block_type, now=now, due_at=now + runs.QUEUED_DUE)
    made = replay.replay(run.version.plan, source, execution, nodes, birth)
    copies = [await stored_values.pack_list(node) for node in made.copies]
    joins = [await stored_values.shrink(node) for node in made.made]
    recorded = [*roots.constants(run, execution, now), *copies, *joins]
    return [*(_node(node) for node in recorded), *(_token(execution.id, kept) for kept in made.kept)]


async def _all_of(execution_id: str) -> list[NodeExecution]:
    found: list[NodeExecution] = []
    while True:
        after = (found[-1].order, found[-1].id) if found else None
        page = await node_executions.list_of(execution_id, after, _PAGE)
        found += page
        if len(page) < _PAGE:
            return found


def _node(node: NodeExecution) -> _Document:
    size = len(values.dump_outputs(node.outputs)) + sum(_size(token) for token in node.inputs.values())
    return _Document(lambda: node_executions.new(node), size)


def _token(execution_id: str, kept: replay.Kept) -> _Document:
    return _Document(
        lambda: gate_tokens.new(execution_id, kept.parked, is_held=kept.is_held), _size(kept.parked.token)
    )


def _size(token: Token) -> int:
    return 0 if token.stored else len(values.dump(token.value))


async def _start(run: Run, execution: Execution) -> None:
    """The root's commit, and what follows from it."""
    now = run.world.now()
    root = roots.started(run, execution, now, spreading=False)
    changes = executions.started(now, now + executions.RUNNING_DUE) | {
        "status": follow(Event.START, execution.status)
    }
    write = commits.Write(ref=executions.ref(execution.id), data=changes, fence=execution.update_time)
    committed = await node_executions.start(root, write, [], [])
    if isinstance(committed, Lost):
        return  # another delivery started it, and does what follows
    queued = await node_executions.queued(execution.id)
    run = run.in_background() if len(queued) > completion.INTERACTIVE else run
    await completion.dispatch(run, queued)
    started = replace(execution, status=Status.RUNNING, started_at=now)
    await completion.publish(run, [], [events.of_execution(started, now)])
    for first in range(0, len(queued), _PUBLISHED):
        await completion.publish(run, queued[first : first + _PUBLISHED])
    await completion.end(run, replace(root, update_time=committed.update_times[1]), left=bool(queued))


async def resume(run: Run, execution: Execution) -> None:
    """It had started: do again what follows the start."""
    queued = await node_executions.queued(execution.id)
    await completion.redispatch(run, {node.id: node for node in queued})
    await completion.publish(run, [], [events.of_execution(execution, run.world.now())])
    await completion.settle_again(run, roots.of(execution).id)
