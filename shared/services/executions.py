"""What can a user do with executions? Start them, and look through them."""

from collections.abc import Mapping
from typing import Any

from shared.domain import errors
from shared.domain.errors import Violation
from shared.domain.permissions import Caller
from shared.domain.records import Execution
from shared.firestore import graphs
from shared.services import choosing, credit_notices, estimating, graph_views
from shared.services import graphs as graph_service
from shared.services import start as starting
from shared.services.world import World


async def start(
    world: World,
    caller: Caller,
    graph_id: str,
    id_: str,
    input_data: Mapping[str, Any],
    queue: str,
    chosen: Mapping[str, str] | None = None,
) -> Execution:
    """Accept an execution of the graph's active version. ``chosen``: node id or provider -> the id of a credential of
    the caller's. NotFound; InvalidArgument: the graph is inactive or unfinished, or the inputs or the credentials do
    not suit it; CreditSpent; TooManyRequests."""
    head = await check_graph(caller, graph_id)
    check_active(head)
    version = await graphs.get_version(head.id, head.active_version)
    choices = chosen or {}
    problems = [problem for problem in graph_views.problems(version, choices) if problem.blocking]
    if problems:
        raise errors.InvalidArgument(
            f"Graph {graph_id} cannot be executed yet: {problems[0].message}",
            reason="GRAPH_UNFINISHED",
            metadata={"graph_id": graph_id},
            violations=[Violation(p.field, p.message) for p in problems],
        )
    await choosing.check(world, caller, version.graph, choices)
    await credit_notices.watched(
        world, caller.user_id, estimating.check_start(world, caller.user_id, version, choices)
    )
    return await starting.accept(
        world,
        id_=id_,
        user_id=caller.user_id,
        version=version,
        input_data=input_data,
        queue=queue,
        credentials=choices,
    )


def check_active(head: graphs.Head) -> None:
    """InvalidArgument: the graph may not be executed."""
    if not head.is_active:
        raise errors.InvalidArgument(
            f"Graph {head.id} is inactive; PATCH it with is_active true first.",
            reason="GRAPH_INACTIVE",
            metadata={"graph_id": head.id},
        )


async def check_graph(caller: Caller, graph_id: str) -> graphs.Head:
    """NotFound: there is none, or it is not the caller's."""
    return await graph_service.owned(caller, graph_id)
