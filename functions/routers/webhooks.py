"""Routes of webhooks, for those who own them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import choosing, targets, world
from shared.services import webhooks as service

router = routing.router(tags=["webhooks"])
Provider = Literal["standard", "github", "stripe", "slack"]
SHOWN_ONCE = ("secret",)


class WebhookSecret(BaseModel):
    """The secret that deliveries are signed with; made where it is left out."""

    model_config = ConfigDict(extra="forbid")

    secret: str | None = Field(None, min_length=service.MIN_SECRET, max_length=service.MAX_SECRET)


class WebhookChange(BaseModel):
    """What to change of a webhook; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=targets.MAX_NAME)
    input_name: str | None = Field(
        None, max_length=targets.MAX_NAME, description="The input that gets what is sent; of one input, that one."
    )
    input_data: dict[str, Any] | None = Field(None, description="The other inputs, by name.")
    credentials: dict[str, str] | None = Field(
        None,
        max_length=choosing.MAX_CHOICES,
        description="As of an execution: node id, or a name in the credentials_schema -> the id of credentials.",
    )
    is_active: bool | None = None


class WebhookBody(WebhookChange):
    """Where events are to be reported that execute a graph."""

    provider: Provider = Field(
        "standard", description="Whose signatures these are: those of Standard Webhooks, GitHub, Stripe or Slack."
    )
    secret: str | None = Field(
        None,
        min_length=service.MIN_SECRET,
        max_length=service.MAX_SECRET,
        description="As Stripe or Slack shows it; made where it is left out.",
    )


class WebhookView(BaseModel):
    """A webhook. ``path``: below the API's address, where deliveries are to be POSTed."""

    id: str
    graph_id: str
    path: str
    provider: Provider
    name: str
    input_name: str
    input_data: dict[str, Any]
    credentials: dict[str, str]
    is_active: bool
    created_at: datetime
    updated_at: datetime
    etag: str


class NewWebhook(WebhookView):
    secret: str | None = Field(description="Shown this once; null when the request is repeated.")


class WebhookList(BaseModel):
    items: list[WebhookView]
    next_page_token: str | None


@router.post(
    "/graphs/{graph_id}/webhooks",
    summary="Create a webhook",
    response_model=NewWebhook,
    openapi_extra=routing.body(WebhookBody),
)
async def create_webhook(
    graph_id: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Execute the graph's active version for each event that is reported to the webhook."""
    return await once.resource(
        caller.user_id,
        lambda new_id: service.create(world.real(), caller, graph_id, body, new_id),
        shown_once=SHOWN_ONCE,
    )


@router.get("/graphs/{graph_id}/webhooks", summary="List the webhooks of a graph", response_model=WebhookList)
async def list_webhooks(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Webhooks of one graph, newest first, without their secrets."""
    listing = pagination.Listing(pagination.BY_TIME, "webhooks", caller.user_id, graph_id)
    return await page.listed(listing, lambda size, cursor: service.list_of(caller, graph_id, size, cursor))


@router.get("/graphs/{graph_id}/webhooks/{webhook_id}", summary="Read a webhook", response_model=WebhookView)
async def get_webhook(graph_id: str, webhook_id: str, caller: auth.Reader) -> Response:
    """One webhook, without its secret."""
    return answers.resource(await service.get(caller, graph_id, webhook_id))


@router.patch(
    "/graphs/{graph_id}/webhooks/{webhook_id}",
    summary="Change a webhook",
    response_model=WebhookView,
    openapi_extra=routing.body(WebhookChange),
)
async def update_webhook(
    graph_id: str, webhook_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change what the body names."""
    expected = etags.expected(if_match)
    return answers.resource(await service.update(world.real(), caller, graph_id, webhook_id, body, expected))


@router.post(
    "/graphs/{graph_id}/webhooks/{webhook_id}/rotate",
    summary="Give a webhook another secret",
    response_model=NewWebhook,
    openapi_extra=routing.body(WebhookSecret),
)
async def rotate_webhook(
    graph_id: str, webhook_id: str, caller: auth.Updater, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """The one before holds no more."""
    return await once.resource(
        caller.user_id,
        lambda _: service.rotate(world.real(), caller, graph_id, webhook_id, body),
        shown_once=SHOWN_ONCE,
    )


@router.delete("/graphs/{graph_id}/webhooks/{webhook_id}", summary="Delete a webhook", response_model=models.Empty)
async def delete_webhook(graph_id: str, webhook_id: str, caller: auth.Deleter) -> Response:
    """Deliveries to it are refused from now on."""
    await service.delete(caller, graph_id, webhook_id)
    return JsonAnswer({})
