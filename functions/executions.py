"""``executions``: start, list, read. What runs a graph is ``run_node``; here it is only asked for and looked at."""

from datetime import datetime
from typing import Any, Literal

import functions_framework.aio
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from functions.routers.shapes import ExecutionError
from shared.http import api, auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.resources import Resource
from shared.services import deleting, execution_views, presets, retrying, stopping, world
from shared.services import executions as service

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


class PresetStart(BaseModel):
    """What to run a preset with, beside what it has."""

    model_config = ConfigDict(extra="forbid")

    input_data: dict[str, Any] | None = Field(None, description="Inputs by name; they go before those of the preset.")
    queue: Literal["interactive", "background"] | None = None


class Retry(BaseModel):
    """What to run again."""

    model_config = ConfigDict(extra="forbid")

    from_nodes: list[str] | None = Field(
        None, description="Ids of nodes to run again, with all that they lead to; without any, those that failed."
    )


class Started(BaseModel):
    execution_id: str
    status: str
    message: str


class ExecutionView(BaseModel):
    """One run of a graph version."""

    id: str
    graph_id: str
    graph_version: int
    status: str = Field(examples=["COMPLETED"])
    progress: float = Field(description="Final / known node executions, from 0 to 1.")
    current_nodes: list[str] = Field(description="Nodes that run or wait now.")
    output: Any = Field(description="{name of AGENT_OUTPUT: [values]}; without one {node_id: {pin: [values]}}.")
    error: ExecutionError | None
    cost: float = Field(description="Dollars.")
    queue: str
    retry_of: str | None = Field(description="The execution that it repeats in part.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class NodeExecutionView(BaseModel):
    """One firing of one node."""

    id: str
    node_id: str
    block_type: str
    status: str
    attempts: int = Field(description="How often the block raised or returned.")
    input: dict[str, Any] = Field(description="Pin -> value.")
    output: dict[str, list[Any]] = Field(description="Pin -> values, in the order in which they were emitted.")
    error: ExecutionError | None
    cost: float
    copied: bool = Field(description="It ran in the execution that this one repeats.")
    cached: bool = Field(description="It did not run: an earlier one with the same inputs did.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class ExecutionList(BaseModel):
    items: list[ExecutionView]
    next_page_token: str | None


class NodeExecutionList(BaseModel):
    items: list[NodeExecutionView]
    next_page_token: str | None


@router.post("/graphs/{graph_id}/executions", summary="Execute a graph", response_model=Started)
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
    response_model=Started,
    openapi_extra=routing.body(PresetStart),
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


@router.get("/graphs/{graph_id}/executions", summary="List the executions of a graph", response_model=ExecutionList)
async def list_of_graph(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Executions of one graph, newest first."""
    await service.check_graph(caller, graph_id)
    return await _page(caller, graph_id, page)


@router.get("/executions", summary="List all executions", response_model=ExecutionList)
async def list_all(caller: auth.Reader, page: pagination.Asked) -> Response:
    """All executions of the caller, newest first."""
    return await _page(caller, None, page)


@router.get("/executions/{execution_id}", summary="Read an execution", response_model=ExecutionView)
async def read(execution_id: str, caller: auth.Reader) -> Response:
    """One execution."""
    execution = await execution_views.get(caller.user_id, execution_id)
    return JsonAnswer(await execution_views.view(world.real(), execution))


@router.get(
    "/executions/{execution_id}/nodes",
    summary="List the node executions of an execution",
    response_model=NodeExecutionList,
)
async def nodes(execution_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """The node executions of one execution, in the order of what they work on."""
    execution = await execution_views.get(caller.user_id, execution_id)
    firings = pagination.Listing(pagination.BY_ORDER, "nodes", caller.user_id, execution_id)
    return await page.listed(
        firings, lambda size, cursor: execution_views.node_page(world.real(), execution, cursor, size)
    )


@router.post("/executions/{execution_id}/cancel", summary="Cancel an execution", response_model=ExecutionView)
async def cancel(execution_id: str, caller: auth.Updater) -> Response:
    """Stop an execution: what waits ends at once, what runs ends without a result, nothing new begins."""
    execution = await execution_views.get(caller.user_id, execution_id)
    stopped = await stopping.cancel(world.real(), execution)
    return JsonAnswer(await execution_views.view(world.real(), stopped))


@router.post("/executions/{execution_id}/retry", summary="Retry an execution", response_model=Started)
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


RESOURCES = (
    Resource("functions.routers.reviews", "/api/v1/reviews/**"),
    Resource("functions.routers.shares", "/api/v1/executions/*/shares/**", "/share/*"),
    Resource("functions.routers.comparisons", "/api/v1/executions/*/comparison"),
)

app = api.create_app("executions", [router, *RESOURCES])


@functions_framework.aio.http
async def executions(request: Request) -> Any:
    return app
