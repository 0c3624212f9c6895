"""Routes by which agents come from other platforms, and leave."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from functions.routers import shapes
from shared.http import auth, idempotency, routing
from shared.http.answers import JsonAnswer
from shared.services import interop

router = routing.router(tags=["graphs"])


class ExportedFile(BaseModel):
    """An agent as AutoGPT Platform exports it, a workflow of n8n, or what ``GET /graphs/{id}/export`` gives."""

    model_config = ConfigDict(extra="allow")

    nodes: list[dict[str, Any]]


class ReportEntry(shapes.Output):
    kind: str = Field(examples=["node", "default", "link", "pin", "field", "graph"])
    place: str = Field(examples=["sub_graphs[1].nodes[3].input_default.format"], description="In the file.")
    node_id: str | None
    message: str = Field(description="What became of it; empty: it is as it was.")


class CredentialNeed(shapes.Output):
    graph_id: str
    name: str = Field(description="Of the property in the graph's credentials_schema.")
    provider: str
    kinds: list[str]
    required: bool
    node_ids: list[str]


class Report(shapes.Output):
    """Every node, link, pin and default of the file, in one of three lists."""

    source: str = Field(examples=["autogpt", "n8n", "weftly"])
    counts: dict[str, dict[str, int]] = Field(description="By kind and list.")
    understood: list[ReportEntry]
    changed: list[ReportEntry]
    missing: list[ReportEntry]
    credentials: list[CredentialNeed] = Field(description="Which credentials runs need.")


class Imported(shapes.Output):
    graph: shapes.Graph
    sub_graphs: list[shapes.Graph]
    report: Report


class GraphFile(BaseModel):
    """A graph with those that it runs, in the form of AutoGPT Platform."""

    id: str
    version: int
    name: str
    description: str
    instructions: str
    is_active: bool
    nodes: list[dict[str, Any]]
    links: list[dict[str, Any]]
    sub_graphs: list[dict[str, Any]]
    weftly: dict[str, Any] = Field(description="What that form has no place for.")


@router.post(
    "/graphs/import",
    summary="Import an agent from a file",
    response_model=Imported,
    openapi_extra=routing.body(ExportedFile),
)
async def import_graph(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """Save the agent in an exported file, the file as it is, with its sub-agents: all of them, or none. Blocks that
    are not here become placeholders; the report says what was understood, changed and is missing."""
    return await once.resource(caller.user_id, lambda new_id: interop.import_file(caller, body, new_id))


@router.get("/graphs/{graph_id}/export", summary="Export a graph to a file", response_model=GraphFile)
async def export_graph(graph_id: str, caller: auth.Reader) -> Response:
    """A graph in its active version, with those of the caller's graphs that it runs, as a file that can be imported.
    Without secrets: values on credentials pins, values of inputs that say ``secret``, headers that carry keys."""
    return JsonAnswer(await interop.export_file(caller, graph_id))
