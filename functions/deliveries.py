"""A delivery of Cloud Tasks: one call is one attempt at one node execution. Served by ``run_node`` and, for what can
wait, by ``run_node_background``, whose instances are others: however much waits there, ``run_node`` has its own."""

import logging
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request

from shared import clock, metrics, tracing
from shared.domain import errors
from shared.http import internal
from shared.services import node_tasks, run_node, world

_log = logging.getLogger(__name__)


def create_app(function: str) -> Starlette:
    """For Cloud Tasks alone, with tokens for this function."""
    return internal.create_app(function, _deliver)


async def _deliver(request: Request) -> dict[str, Any]:
    """Any answer but 2xx has Cloud Tasks deliver the task again."""
    try:
        task = node_tasks.decode(await request.body())
    except (ValueError, KeyError, TypeError) as error:
        raise errors.InvalidArgument(f"The body is not a task of this function: {error!r}.") from error
    retries = _retries(request.headers.get("X-CloudTasks-TaskRetryCount", "0"))
    if retries == 0:
        _measure_delay(task.execution.queue, request.headers.get("X-CloudTasks-TaskETA", ""))
    ids = {"execution_id": task.execution.id, "node_execution_id": task.node_execution_id, "node_id": task.node_id}
    with tracing.telling(**ids):
        try:
            await run_node.handle(world.real(), task, retries)
        except errors.NotFound as error:
            _log.warning("a task for what is gone: %s", error.message)
    return {}


def _retries(header: str) -> int:
    try:
        return int(header)
    except ValueError as error:
        raise errors.InvalidArgument("The header X-CloudTasks-TaskRetryCount is no whole number.") from error


def _measure_delay(queue: str, eta: str) -> None:
    """How long the task waited in its queue after it was due."""
    try:
        due = float(eta)
    except ValueError:
        return
    metrics.record("task_delay_seconds", max(0.0, clock.now().timestamp() - due), queue=queue)
