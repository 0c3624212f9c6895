"""What is a retry? A new execution of the same version, inputs and queue, which runs only what is to be repeated."""

from collections.abc import Sequence

from shared.domain import errors
from shared.domain.errors import Violation
from shared.domain.permissions import Caller
from shared.domain.records import Execution
from shared.domain.statuses import Status, is_final
from shared.firestore import graphs, node_executions
from shared.services import estimating, execution_views, start
from shared.services import executions as service
from shared.services.world import World


async def accept(
    world: World, caller: Caller, source_id: str, id_: str, from_nodes: Sequence[str] | None
) -> Execution:
    """Record a retry and dispatch it: from ``from_nodes`` on; where there are none, from the nodes that failed
    unhandled. What was stopped goes on in any case. ``id_`` makes a repeated call find the first one's execution.

    NotFound: there is no such execution, or its graph is gone; Conflict: it has not ended; InvalidArgument: the
    version has no such nodes, or the graph is inactive; TooManyRequests."""
    source = await execution_views.get(caller.user_id, source_id)
    if not is_final(source.status):
        raise errors.Conflict(
            f"Execution {source.id} is {source.status}; only one that has ended can be retried.",
            reason="EXECUTION_NOT_FINAL",
            metadata={"execution_id": source.id, "status": source.status},
        )
    service.check_active(await service.check_graph(caller, source.graph_id))
    version = await graphs.get_version(source.graph_id, source.graph_version)
    _check_nodes(version, from_nodes or [])
    if source.retry_of is not None and source.started_at is None:
        # It was stopped before it was whole: what it was to repeat is repeated in its place.
        return await accept(world, caller, source.retry_of, id_, from_nodes or source.repairs)
    await estimating.check_start(world, caller.user_id, version, source.credentials)
    await start.check_backlog(world, caller.user_id)
    repairs = from_nodes or [node.node_id for node in await node_executions.unhandled_failures(source.id)]
    return await start.record(world, _begun(world, source, id_, repairs))


def _begun(world: World, source: Execution, id_: str, repairs: Sequence[str]) -> Execution:
    now = world.now()
    return Execution(
        id=id_,
        user_id=source.user_id,
        graph_id=source.graph_id,
        graph_version=source.graph_version,
        status=Status.INCOMPLETE,
        queue=source.queue,
        constants=source.constants,
        absent=source.absent,
        created_at=now,
        due_at=now + start.START_DUE,
        retry_of=source.id,
        repairs=sorted(set(repairs)),
        sources=[source.id, *source.sources],
        credentials=source.credentials,
    )


def _check_nodes(version: graphs.Version, from_nodes: Sequence[str]) -> None:
    violations = [
        Violation(f"from_nodes[{position}]", f"The execution's graph version has no node {node_id!r}.")
        for position, node_id in enumerate(from_nodes)
        if node_id not in version.by_id
    ]
    if violations:
        raise errors.InvalidArgument("The execution cannot be retried from these nodes.", violations=violations)
