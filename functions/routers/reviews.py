"""Reviews: people in a run."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.responses import Response

from shared.http import auth, idempotency, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import reviews as service
from shared.services import world

router = routing.router(tags=["reviews"])


class Decision(BaseModel):
    """What a person decided."""

    model_config = ConfigDict(extra="forbid")

    approved: StrictBool
    data: Any = Field(None, description="The changed data; left out or null: as it was. Only where it is editable.")
    message: str = Field("", max_length=10_000, description="Goes on as review_message.")


class ReviewView(BaseModel):
    """What a person is asked; ``id`` is that of the node execution that waits."""

    id: str
    execution_id: str
    graph_id: str
    graph_version: int
    node_id: str
    name: str
    data: Any
    editable: bool
    status: str = Field(examples=["PENDING"])
    message: str
    created_at: datetime
    decided_at: datetime | None


class WaitingReview(ReviewView):
    graph_name: str = Field(description="Of the agent that asks.")


class ReviewList(BaseModel):
    items: list[WaitingReview]
    next_page_token: str | None


@router.get("/reviews", summary="List the reviews that wait", response_model=ReviewList)
async def list_pending(caller: auth.Reader, page: pagination.Asked) -> Response:
    """Reviews that wait for the caller, oldest first."""
    waiting = pagination.Listing(pagination.BY_TIME, "reviews", caller.user_id)
    return await page.listed(waiting, lambda size, cursor: service.page(caller.user_id, cursor, size))


@router.get("/reviews/{node_execution_id}", summary="Read a review", response_model=ReviewView)
async def read(node_execution_id: str, caller: auth.Reader) -> Response:
    """One review, decided or not."""
    return JsonAnswer(service.view(await service.get(caller.user_id, node_execution_id)))


@router.post("/reviews/{node_execution_id}", summary="Decide a review", response_model=ReviewView)
async def decide(node_execution_id: str, caller: auth.Updater, body: Decision, once: idempotency.Once) -> Response:
    """Approve or reject, once; the execution goes on."""

    async def make(_: str) -> Response:
        decided = await service.decide(
            world.real(), caller.user_id, node_execution_id, body.approved, body.data, body.message
        )
        return JsonAnswer(service.view(decided))

    return await once(caller.user_id, make)
