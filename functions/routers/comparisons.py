"""The route that compares two executions."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from functions.routers.shapes import ExecutionError
from shared.http import auth, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import comparing, world

router = routing.router(tags=["executions"])


class Compared(BaseModel):
    """One of the two executions. ``seconds``: from its start to its end; null until then."""

    id: str
    graph_id: str
    graph_version: int
    status: str
    output: Any
    error: ExecutionError | None
    cost: float
    seconds: float | None
    created_at: datetime


class Side(BaseModel):
    """What became of a firing in one of the two executions."""

    id: str
    status: str
    attempts: int
    seconds: float | None
    cost: float
    output: dict[str, list[Any]]
    error: ExecutionError | None
    cached: bool
    copied: bool


class ComparedNode(BaseModel):
    """A firing of a node in both executions, or in one of them."""

    id: str = Field(description="Of the node execution on the left, or of the only one.")
    node_id: str
    block_type: str
    left: Side | None
    right: Side | None
    differences: list[Literal["firing", "status", "output", "error"]] = Field(
        description="firing: one alone has it. Durations, costs and attempts are no differences."
    )


class Comparison(BaseModel):
    left: Compared
    right: Compared
    same_output: bool
    items: list[ComparedNode]
    next_page_token: str | None


@router.get("/executions/{execution_id}/comparison", summary="Compare two executions", response_model=Comparison)
async def compare(
    execution_id: str,
    caller: auth.Reader,
    page: pagination.Asked,
    other: Annotated[str, Query(alias="with", min_length=1, max_length=128, description="The other execution.")],
) -> Response:
    """Two executions of the caller's, firing by firing: status, durations, outputs, cost. Firings are paired by what
    they work on."""
    listing = pagination.Listing(pagination.BY_NUMBER, "comparison", caller.user_id, execution_id, other)
    summary, items, cursor = await comparing.compare(
        world.real(), caller, execution_id, other, page.size, page.cursor(listing)
    )
    return JsonAnswer({**summary, **page.answer(items, cursor, listing)})
