"""Routes of executions. What runs a graph is ``run_node``; here it is only asked for and looked at."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.http import auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import deleting, execution_views, presets, retrying, stopping, world
from shared.services import executions as service

shapes = Shapes("functions.routers.execution_shapes")
router = routing.router(tags=["executions"])


class Start(BaseModel):
    """What to run a graph with."""

    model_config = ConfigDict(extra="forbid")

    input_data: dict[str, Any] = Field(
        default_factory=dict, description="Name of an input of the graph -> value; a missing one takes its own."
    )
    queue: Literal["interactive", "background"] = Field(
        "interactive", description="Which queues its nodes go through."
    )
    credentials: dict[str, str] = Field(
        default_factory=dict[str, str],
        max_length=200,
        description="Node id, or a name in the graph's credentials_schema -> the id of credentials of the caller's, "
        "instead of those that the nodes name.",
    )


class Retry(BaseModel):
    """What to run again."""

    model_config = ConfigDict(extra="forbid")

    from_nodes: list[str] | None = Field(
        None, description="Ids of nodes to run again, with all that they lead to; without any, those that failed."
    )


@router.post("/graphs/{graph_id}/executions", summary="Execute a graph", response_model=shapes.Started)
async def start(graph_id: str, body: Start, caller: auth.Creator, once: idempotency.Once) -> Response:
    """Run the active version of a graph. The answer comes at once; the execution goes on by itself."""

    async def make(new_id: str) -> Response:
        execution = await service.start(
            world.real(), caller, graph_id, new_id, body.input_data, body.queue, body.credentials
        )
        message = f"Execution {execution.id} is queued; GET /api/v1/executions/{execution.id} tells how it goes."
        return JsonAnswer({"execution_id": execution.id, "status": "QUEUED", "message": message})

    return await once(caller.user_id, make)


@router.post(
    "/library/presets/{preset_id}/executions",
    summary="Execute a preset",
    response_model=shapes.Started,
    openapi_extra=routing.body(shapes.PresetStart),
)
async def start_preset(
    preset_id: str, body: routing.AnyBody, caller: auth.Creator, once: idempotency.Once
) -> Response:
    """Run the agent of a preset with its inputs and credentials."""
    return await once.resource(caller.user_id, lambda new_id: _started(caller, preset_id, body, new_id))


async def _started(caller: auth.Caller, preset_id: str, body: Any, new_id: str) -> dict[str, Any]:
    execution = await presets.execute(world.real(), caller, preset_id, body, new_id)
    message = f"Execution {execution.id} is queued; GET /api/v1/executions/{execution.id} tells how it goes."
    return {"execution_id": execution.id, "status": "QUEUED", "message": message}


@router.get(
    "/graphs/{graph_id}/executions", summary="List the executions of a graph", response_model=shapes.ExecutionList
)
async def list_of_graph(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Executions of one graph, newest first."""
    await service.check_graph(caller, graph_id)
    return await _page(caller, graph_id, page)


@router.get("/executions", summary="List all executions", response_model=shapes.ExecutionList)
async def list_all(caller: auth.Reader, page: pagination.Asked) -> Response:
    """All executions of the caller, newest first."""
    return await _page(caller, None, page)


@router.get("/executions/{execution_id}", summary="Read an execution", response_model=shapes.ExecutionView)
async def read(execution_id: str, caller: auth.Reader) -> Response:
    """One execution."""
    execution = await execution_views.get(caller.user_id, execution_id)
    return JsonAnswer(await execution_views.view(world.real(), execution))


@router.get(
    "/executions/{execution_id}/nodes",
    summary="List the node executions of an execution",
    response_model=shapes.NodeExecutionList,
)
async def nodes(execution_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """The node executions of one execution, in the order of what they work on."""
    execution = await execution_views.get(caller.user_id, execution_id)
    firings = pagination.Listing(pagination.BY_ORDER, "nodes", caller.user_id, execution_id)
    return await page.listed(
        firings, lambda size, cursor: execution_views.node_page(world.real(), execution, cursor, size)
    )


@router.post("/executions/{execution_id}/cancel", summary="Cancel an execution", response_model=shapes.ExecutionView)
async def cancel(execution_id: str, caller: auth.Updater) -> Response:
    """Stop an execution: what waits ends at once, what runs ends without a result, nothing new begins."""
    execution = await execution_views.get(caller.user_id, execution_id)
    stopped = await stopping.cancel(world.real(), execution)
    return JsonAnswer(await execution_views.view(world.real(), stopped))


@router.post("/executions/{execution_id}/retry", summary="Retry an execution", response_model=shapes.Started)
async def retry(execution_id: str, body: Retry, caller: auth.Creator, once: idempotency.Once) -> Response:
    """Run an execution that has ended again, from its failed nodes or the given ones on, as a new execution. What
    completed elsewhere is taken over, and what was stopped goes on."""

    async def make(new_id: str) -> Response:
        execution = await retrying.accept(world.real(), caller, execution_id, new_id, body.from_nodes)
        message = f"Execution {execution.id} takes over from {execution.retry_of}; GET /api/v1/executions/"
        return JsonAnswer(
            {
                "execution_id": execution.id,
                "status": execution.status,
                "message": f"{message}{execution.id} tells how it goes.",
            }
        )

    return await once(caller.user_id, make)


@router.delete("/executions/{execution_id}", summary="Delete an execution", response_model=models.Empty)
async def delete(execution_id: str, caller: auth.Deleter) -> Response:
    """Delete an execution that has ended, with all that is kept of it."""
    await deleting.delete(world.real(), caller.user_id, execution_id)
    return JsonAnswer({})


async def _page(caller: auth.Caller, graph_id: str | None, page: pagination.Page) -> Response:
    runs = pagination.Listing(pagination.BY_TIME, "executions", caller.user_id, graph_id or "")
    return await page.listed(
        runs, lambda size, cursor: execution_views.page(world.real(), caller.user_id, graph_id, cursor, size)
    )
