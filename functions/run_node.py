"""``run_node``: one call is one attempt at one node execution. Called by Cloud Tasks only."""

import logging
from typing import Annotated, Any

import functions_framework.aio
from fastapi import APIRouter, Depends, Header
from starlette.requests import Request

from shared.domain import errors
from shared.http import app as http_app
from shared.http import internal
from shared.services import node_tasks, world
from shared.services import run_node as service

_log = logging.getLogger(__name__)
router = APIRouter(dependencies=[Depends(internal.internal_caller("run_node"))])


@router.post("/")
async def post(
    request: Request, x_cloudtasks_taskretrycount: Annotated[int, Header(alias="X-CloudTasks-TaskRetryCount")] = 0
) -> dict[str, Any]:
    """Any answer but 2xx has Cloud Tasks deliver the task again."""
    try:
        task = node_tasks.decode(await request.body())
    except (ValueError, KeyError, TypeError) as error:
        raise errors.InvalidArgument(f"The body is not a task of this function: {error!r}.") from error
    try:
        await service.handle(world.real(), task, x_cloudtasks_taskretrycount)
    except errors.NotFound as error:
        _log.warning("a task for what is gone: %s", error.message)
    return {}


app = http_app.create_app("run_node", [router])


@functions_framework.aio.http
async def run_node(request: Request) -> Any:
    return app
