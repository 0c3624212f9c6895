"""What can a person do with the reviews that wait for them? Look at them, and decide each once."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain import errors
from shared.domain.errors import Violation
from shared.domain.statuses import Status
from shared.firestore import executions, graphs, node_executions, reviews, values
from shared.firestore.reviews import Review
from shared.services import completion, node_tasks, paging, runs
from shared.services.runs import Run
from shared.services.world import World


async def get(user_id: str, id_: str) -> Review:
    """NotFound: there is none, or it is not the user's."""
    review = await reviews.find(id_) if graphs.is_id(id_) else None
    if review is None or review.user_id != user_id:
        raise errors.NotFound(f"There is no review {id_} of yours.", reason="REVIEW_NOT_FOUND", metadata={"id": id_})
    return review


async def page(
    user_id: str, cursor: tuple[datetime, str] | None, size: int
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """A page of pending reviews of all executions, oldest first, each with the name of its agent, and the cursor of
    the next."""
    found = await reviews.pending_of(user_id, cursor, size + 1)
    names = await graphs.names(sorted({one.graph_id for one in found[:size]}))

    async def shown(review: Review) -> dict[str, Any]:
        return {**view(review), "graph_name": names.get(review.graph_id, "")}

    return await paging.fill(found, size, shown, lambda one: (one.created_at, one.id))


async def decide(world: World, user_id: str, id_: str, approved: bool, data: Any, message: str) -> Review:
    """Record the decision and let the node execution go on, in one write. The same decision again is the same: the
    answer to the first may have been lost. Conflict: it is decided otherwise, or closed; InvalidArgument: the data is
    not to be changed, or too large."""
    review = await get(user_id, id_)
    _check(review, data)
    node = await node_executions.find(review.execution_id, id_)
    now = world.now()
    status = reviews.APPROVED if approved else reviews.REJECTED
    decision = {"approved": approved, "data": review.data if data is None else data, "message": message}
    if node is not None and review.status == status and node.decision == decision:
        await _go_on(world, review)
        return replace(review, data=decision["data"])
    if review.status != reviews.PENDING or node is None or node.status is not Status.REVIEW:
        raise errors.Conflict(
            f"Review {id_} is {review.status}, and cannot be decided any more.",
            reason="REVIEW_DECIDED",
            metadata={"id": id_, "status": review.status},
        )
    writes = [
        reviews.decided(review, status, message, now),
        node_executions.decided(node, decision, now + runs.QUEUED_DUE),
    ]
    if not await reviews.apply(writes):
        return await decide(world, user_id, id_, approved, data, message)  # it changed: look again
    await _go_on(world, review)
    return replace(review, status=status, message=message, decided_at=now, data=decision["data"])


def _check(review: Review, data: Any) -> None:
    if data is None:
        return
    problem = ""
    if not review.editable and data != review.data:
        problem = "It is not editable: leave data out."
    elif len(values.dump(data).encode()) > executions.MAX_TEXT:
        problem = f"It is larger than {executions.MAX_TEXT:,} bytes."
    if problem:
        raise errors.invalid("The decision is not valid", [Violation("data", problem)])


async def _go_on(world: World, review: Review) -> None:
    execution = await executions.find(review.execution_id)
    node = await node_executions.find(review.execution_id, review.id)
    if execution is None or node is None:
        return
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    run = Run(world=world, execution=node_tasks.ref(execution), version=version)
    await completion.again(run, node)
    await completion.publish(run, [node])


def view(review: Review) -> dict[str, Any]:
    return {
        "id": review.id,
        "execution_id": review.execution_id,
        "graph_id": review.graph_id,
        "graph_version": review.graph_version,
        "node_id": review.node_id,
        "name": review.name,
        "data": review.data,
        "editable": review.editable,
        "status": review.status,
        "message": review.message,
        "created_at": review.created_at,
        "decided_at": review.decided_at,
    }
