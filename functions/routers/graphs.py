"""Routes of graphs and their versions."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import estimating, graphs, statistics, world

shapes = Shapes("functions.routers.shapes")
admin_shapes = Shapes("functions.routers.admin_shapes")
usage_shapes = Shapes("functions.routers.usage_shapes")
router = routing.router(tags=["graphs"])


@router.post(
    "/graphs", summary="Create a graph", response_model=shapes.Graph, openapi_extra=routing.body(shapes.GraphBody)
)
async def create_graph(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """Save a graph as version 1. What has no structure is refused, every violation with its place; what is merely
    unfinished is saved, and listed in ``problems``; what runs otherwise than it says is listed in ``warnings``."""
    return await once.resource(caller.user_id, lambda new_id: graphs.create(caller, body, new_id))


@router.post(
    "/graphs/validate",
    summary="Validate a graph",
    response_model=shapes.Validation,
    openapi_extra=routing.body(shapes.GraphBody),
)
async def validate_graph(caller: auth.Reader, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """Whether a graph could be saved and executed; nothing is saved."""
    return await once.resource(caller.user_id, lambda _: graphs.validate(body))


@router.get("/graphs", summary="List graphs", response_model=shapes.GraphList)
async def list_graphs(
    caller: auth.Reader,
    page: pagination.Asked,
    with_stats: Annotated[bool, Query(description="With how their executions went in the last 30 days.")] = False,
) -> Response:
    """The caller's graphs, newest first. A page of large graphs may be shorter than ``page_size``."""
    own = pagination.Listing(pagination.BY_TIME, "graphs", caller.user_id)
    items, cursor = await graphs.list_of(caller, page.size, page.cursor(own))
    if with_stats:
        stats = await statistics.summaries(world.real(), [item["id"] for item in items])
        items = [{**item, "stats": stats[item["id"]]} for item in items]
    return JsonAnswer(page.answer(items, cursor, own))


@router.get(
    "/graphs/{graph_id}/stats", summary="Read the statistics of a graph", response_model=admin_shapes.GraphFigures
)
async def get_stats(graph_id: str, caller: auth.Reader) -> Response:
    """How its executions went in the last 30 days, together and by day. Those that ended a moment ago may be
    missing."""
    return JsonAnswer(await statistics.of_graph(world.real(), caller, graph_id))


@router.post(
    "/graphs/{graph_id}/estimate",
    summary="Estimate what an execution will cost",
    response_model=usage_shapes.Estimate,
    openapi_extra=routing.body(usage_shapes.EstimateBody),
)
async def estimate_graph(
    graph_id: str, caller: auth.Reader, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """What an execution of the active version will cost, by what earlier ones have cost, else by what its blocks say;
    and whether what is left of the caller's credit is enough."""
    return await once.resource(caller.user_id, lambda _: estimating.estimate(world.real(), caller, graph_id, body))


@router.get("/graphs/{graph_id}", summary="Read a graph", response_model=shapes.Graph)
async def get_graph(graph_id: str, caller: auth.Reader) -> Response:
    """A graph in its active version."""
    return answers.resource(await graphs.get(caller, graph_id))


@router.put(
    "/graphs/{graph_id}",
    summary="Replace a graph by a new version",
    response_model=shapes.Graph,
    openapi_extra=routing.body(shapes.GraphReplacement),
)
async def replace_graph(
    graph_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Save nodes and links as a new version, and make it the active one."""
    return answers.resource(await graphs.replace(caller, graph_id, body, etags.expected(if_match)))


@router.patch(
    "/graphs/{graph_id}",
    summary="Change a graph",
    response_model=shapes.Graph,
    openapi_extra=routing.body(shapes.GraphChange),
)
async def update_graph(
    graph_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change name, description, instructions, is_active or active_version."""
    return answers.resource(await graphs.update(caller, graph_id, body, etags.expected(if_match)))


@router.delete("/graphs/{graph_id}", summary="Delete a graph", response_model=models.Empty)
async def delete_graph(graph_id: str, caller: auth.Deleter, if_match: etags.IfMatch = None) -> Response:
    """Delete a graph with its versions; refused while executions run."""
    await graphs.delete(caller, graph_id, etags.expected(if_match))
    return JsonAnswer({})


@router.get("/graphs/{graph_id}/versions", summary="List the versions of a graph", response_model=shapes.VersionList)
async def list_versions(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """The versions of a graph, newest first."""
    versions = pagination.Listing(pagination.BY_NUMBER, "versions", caller.user_id, graph_id)
    return await page.listed(versions, lambda size, cursor: graphs.list_versions(caller, graph_id, size, cursor))


@router.get(
    "/graphs/{graph_id}/versions/{version}", summary="Read a version of a graph", response_model=shapes.Version
)
async def get_version(graph_id: str, version: int, caller: auth.Reader) -> Response:
    """One version of a graph."""
    return JsonAnswer(await graphs.get_version(caller, graph_id, version))
