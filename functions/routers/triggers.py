"""Routes of triggers: feeds and mailboxes whose news execute a graph."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.domain import polling
from shared.domain.polling import State
from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import choosing, targets, world
from shared.services import triggers as service

router = routing.router(tags=["triggers"])


class TriggerChange(BaseModel):
    """What to change of a trigger; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=targets.MAX_NAME)
    url: str | None = Field(None, max_length=service.MAX_URL, description="Of rss: where the feed is.")
    host: str | None = Field(None, max_length=253, description="Of email: the IMAP server; always by TLS.")
    port: int | None = Field(None, ge=1, le=65_535, description="Of email: as a rule 993.")
    folder: str | None = Field(None, max_length=200, description="Of email: as a rule INBOX.")
    credentials_id: str | None = Field(
        None, max_length=128, description="Of email: credentials of the provider imap, with user and password."
    )
    every_minutes: int | None = Field(
        None, ge=polling.MIN_MINUTES, le=polling.MAX_MINUTES, description="How often to look."
    )
    max_items: int | None = Field(
        None, ge=1, le=polling.MAX_ITEMS, description="What one look starts, at most; the rest waits for the next."
    )
    input_name: str | None = Field(
        None, max_length=targets.MAX_NAME, description="The input that gets the entry or letter; of one, that one."
    )
    input_data: dict[str, Any] | None = Field(None, description="The other inputs, by name.")
    credentials: dict[str, str] | None = Field(
        None,
        max_length=choosing.MAX_CHOICES,
        description="As of an execution: node id, or a name in the credentials_schema -> the id of credentials.",
    )


class TriggerBody(TriggerChange):
    """Where to look for what executes a graph."""

    kind: Literal["rss", "email"]


class TriggerView(BaseModel):
    """A trigger. ``failures``: looks in a row that failed, each the cause of a longer pause; ``last_error``: why."""

    id: str
    graph_id: str
    kind: Literal["rss", "email"]
    name: str
    url: str | None
    host: str | None
    port: int | None
    folder: str | None
    credentials_id: str | None
    every_minutes: int
    max_items: int
    input_name: str
    input_data: dict[str, Any]
    credentials: dict[str, str]
    status: Literal["ACTIVE", "PAUSED", "STOPPED"]
    next_at: datetime | None
    failures: int
    last_error: str
    last_polled_at: datetime | None
    last_item_at: datetime | None
    created_at: datetime
    updated_at: datetime
    etag: str


class TriggerList(BaseModel):
    items: list[TriggerView]
    next_page_token: str | None


class ItemView(BaseModel):
    """What came of an entry or letter. ``result``: STARTED, or FAILED (``message`` says why)."""

    id: str
    at: datetime
    title: str
    result: Literal["STARTED", "FAILED"]
    message: str
    execution_id: str | None


class ItemList(BaseModel):
    items: list[ItemView]
    next_page_token: str | None


@router.post(
    "/graphs/{graph_id}/triggers",
    summary="Create a trigger",
    response_model=TriggerView,
    openapi_extra=routing.body(TriggerBody),
)
async def create_trigger(
    graph_id: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Execute the graph's active version for each new entry of a feed, or each new letter. What is there at the
    first look starts nothing."""
    return await once.resource(
        caller.user_id, lambda new_id: service.create(world.real(), caller, graph_id, body, new_id)
    )


@router.get("/graphs/{graph_id}/triggers", summary="List the triggers of a graph", response_model=TriggerList)
async def list_triggers_of_graph(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Triggers of one graph, newest first."""
    return await _page(caller, graph_id, page)


@router.get("/triggers", summary="List all triggers", response_model=TriggerList)
async def list_triggers(caller: auth.Reader, page: pagination.Asked) -> Response:
    """All triggers of the caller, newest first."""
    return await _page(caller, None, page)


@router.get("/triggers/{trigger_id}", summary="Read a trigger", response_model=TriggerView)
async def get_trigger(trigger_id: str, caller: auth.Reader) -> Response:
    """One trigger."""
    return answers.resource(await service.get(caller, trigger_id))


@router.patch(
    "/triggers/{trigger_id}",
    summary="Change a trigger",
    response_model=TriggerView,
    openapi_extra=routing.body(TriggerChange),
)
async def update_trigger(
    trigger_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change what the body names. Where it is to look elsewhere, what is there already starts nothing."""
    return answers.resource(await service.update(world.real(), caller, trigger_id, body, etags.expected(if_match)))


@router.post("/triggers/{trigger_id}/pause", summary="Pause a trigger", response_model=TriggerView)
async def pause_trigger(trigger_id: str, caller: auth.Updater, once: idempotency.Once) -> Response:
    """It does not look until it is resumed."""
    return await once.resource(caller.user_id, lambda _: service.turn(world.real(), caller, trigger_id, State.PAUSED))


@router.post("/triggers/{trigger_id}/resume", summary="Resume a trigger", response_model=TriggerView)
async def resume_trigger(trigger_id: str, caller: auth.Updater, once: idempotency.Once) -> Response:
    """It looks again; what came in the pause starts nothing."""
    return await once.resource(caller.user_id, lambda _: service.turn(world.real(), caller, trigger_id, State.ACTIVE))


@router.delete("/triggers/{trigger_id}", summary="Delete a trigger", response_model=models.Empty)
async def delete_trigger(trigger_id: str, caller: auth.Deleter, if_match: etags.IfMatch = None) -> Response:
    """Executions that it has started go on."""
    await service.delete(caller, trigger_id, etags.expected(if_match))
    return JsonAnswer({})


@router.get("/triggers/{trigger_id}/items", summary="List what a trigger found", response_model=ItemList)
async def list_items(trigger_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """What came of each entry or letter of the last 90 days, latest first."""
    listing = pagination.Listing(pagination.BY_TIME, "items", caller.user_id, trigger_id)
    return await page.listed(listing, lambda size, cursor: service.history(caller, trigger_id, size, cursor))


async def _page(caller: auth.Caller, graph_id: str | None, page: pagination.Page) -> Response:
    listing = pagination.Listing(pagination.BY_TIME, "triggers", caller.user_id, graph_id or "")
    return await page.listed(listing, lambda size, cursor: service.list_of(caller, graph_id, size, cursor))
