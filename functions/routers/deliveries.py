"""A delivery of Cloud Tasks: one call is one attempt at one node execution. Served by ``run_node`` and, for what can
wait, by ``run_node_background``, whose instances are others: however much waits there, ``run_node`` has its own."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from starlette.requests import Request

from shared import clock, metrics, tracing
from shared.domain import errors
from shared.http import internal
from shared.http.answers import JsonAnswer
from shared.services import node_tasks, run_node, world

_log = logging.getLogger(__name__)


def router(function: str) -> APIRouter:
    """For Cloud Tasks alone, with tokens for this function."""
    made = APIRouter(default_response_class=JsonAnswer, dependencies=[Depends(internal.internal_caller(function))])
    made.add_api_route("/", _deliver, methods=["POST"])
    return made


async def _deliver(
    request: Request,
    x_cloudtasks_taskretrycount: Annotated[int, Header(alias="X-CloudTasks-TaskRetryCount")] = 0,
    x_cloudtasks_tasketa: Annotated[str, Header(alias="X-CloudTasks-TaskETA")] = "",
) -> dict[str, Any]:
    """Any answer but 2xx has Cloud Tasks deliver the task again."""
    try:
        task = node_tasks.decode(await request.body())
    except (ValueError, KeyError, TypeError) as error:
        raise errors.InvalidArgument(f"The body is not a task of this function: {error!r}.") from error
    if x_cloudtasks_taskretrycount == 0:
        _measure_delay(task.execution.queue, x_cloudtasks_tasketa)
    ids = {"execution_id": task.execution.id, "node_execution_id": task.node_execution_id, "node_id": task.node_id}
    with tracing.telling(**ids):
        try:
            await run_node.handle(world.real(), task, x_cloudtasks_taskretrycount)
        except errors.NotFound as error:
            _log.warning("a task for what is gone: %s", error.message)
    return {}


def _measure_delay(queue: str, eta: str) -> None:
    """How long the task waited in its queue after it was due."""
    try:
        due = float(eta)
    except ValueError:
        return
    metrics.record("task_delay_seconds", max(0.0, clock.now().timestamp() - due), queue=queue)
