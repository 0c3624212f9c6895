"""Routes of the ways by which a person is told: preferences, devices, webhooks of their own."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.domain.channels import Channel, Frequency, State
from shared.domain.notices import Kind
from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import devices, world
from shared.services import notification_settings as preferences
from shared.services import outgoing_webhooks as webhooks

router = routing.router(tags=["notifications"])
SHOWN_ONCE = ("secret",)

Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


class PreferencesChange(BaseModel):
    """What to change of the preferences; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    channels: dict[Kind, dict[Channel, bool]] | None = Field(
        None, description="Kind -> channel -> whether; what is left out stays as it is."
    )
    frequency: Frequency | None = Field(None, description="Of digests by e-mail.")
    hour: int | None = Field(None, ge=0, le=23, description="Of the day at which a digest comes, in the time zone.")
    weekday: Weekday | None = Field(None, description="On which a weekly digest comes.")
    timezone: str | None = Field(None, max_length=100, examples=["Europe/Berlin"], description="IANA name.")


class Preferences(BaseModel):
    """How the caller is told. What they have not chosen themselves follows from the kind: what is urgent comes at
    once, the rest in a digest."""

    id: str
    channels: dict[Kind, dict[Channel, bool]]
    frequency: Frequency
    hour: int
    weekday: Weekday
    timezone: str
    next_digest_at: datetime | None
    etag: str


class DeviceBody(BaseModel):
    """A browser or phone that Firebase Cloud Messaging knows."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=devices.MAX_TOKEN, description="Its registration token.")
    name: str | None = Field(None, max_length=devices.MAX_NAME, examples=["Firefox on Linux"])


class DeviceView(BaseModel):
    """A device that gets push messages; its token is not shown."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime


class DeviceList(BaseModel):
    items: list[DeviceView]
    next_page_token: str | None


class NotificationWebhookChange(BaseModel):
    """What to change of a webhook; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: str | None = Field(None, min_length=1, max_length=webhooks.MAX_URL, examples=["https://example.com/hook"])
    name: str | None = Field(None, max_length=webhooks.MAX_NAME)
    kinds: list[Kind] | None = Field(None, description="Which notices are sent; none named: all.")
    is_active: bool | None = None


class NotificationWebhookBody(NotificationWebhookChange):
    """Where notices are to be sent."""

    url: str = Field(  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
        min_length=1, max_length=webhooks.MAX_URL, examples=["https://example.com/hook"]
    )


class NotificationWebhookView(BaseModel):
    """An address that notices are sent to, signed as Standard Webhooks has it (webhook-id, webhook-timestamp,
    webhook-signature)."""

    id: str
    url: str
    name: str
    kinds: list[Kind]
    is_active: bool
    created_at: datetime
    updated_at: datetime
    etag: str


class NewNotificationWebhook(NotificationWebhookView):
    secret: str | None = Field(description="Shown this once; null when the request is repeated.")


class NotificationWebhookList(BaseModel):
    items: list[NotificationWebhookView]
    next_page_token: str | None


class DeliveryView(BaseModel):
    """Something that was sent, or is to be; ``id`` is its ``webhook-id``."""

    id: str
    kind: str
    title: str
    state: State
    attempts: int
    message: str = Field(description="Why the last attempt failed.")
    next_at: datetime | None = Field(description="When it is tried next.")
    created_at: datetime
    updated_at: datetime


class DeliveryList(BaseModel):
    items: list[DeliveryView]
    next_page_token: str | None


class Replayed(BaseModel):
    """``more``: call it again."""

    replayed: int
    more: bool


@router.get("/me/notifications/preferences", summary="Read how the caller is told", response_model=Preferences)
async def get_preferences(caller: auth.Reader) -> Response:
    """By which channels for which kinds, and when digests come."""
    return answers.resource(await preferences.get(world.real(), caller))


@router.patch(
    "/me/notifications/preferences",
    summary="Change how the caller is told",
    response_model=Preferences,
    openapi_extra=routing.body(PreferencesChange),
)
async def update_preferences(
    caller: auth.SignedIn, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change what the body names."""
    return answers.resource(await preferences.update(world.real(), caller, body, etags.expected(if_match)))


@router.post(
    "/me/notifications/devices",
    summary="Register a device for push messages",
    response_model=DeviceView,
    openapi_extra=routing.body(DeviceBody),
)
async def register_device(caller: auth.SignedIn, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """The same token again is the same device. It is forgotten when it is deleted, or Firebase knows it no more."""
    return await once.resource(caller.user_id, lambda _: devices.register(world.real(), caller, body))


@router.get("/me/notifications/devices", summary="List the caller's devices", response_model=DeviceList)
async def list_devices(caller: auth.Reader, page: pagination.Asked) -> Response:
    """Those that get push messages, newest first."""
    listing = pagination.Listing(pagination.BY_TIME, "devices", caller.user_id)
    return await page.listed(listing, lambda size, cursor: devices.page(caller, size, cursor))


@router.delete("/me/notifications/devices/{device_id}", summary="Forget a device", response_model=models.Empty)
async def delete_device(device_id: str, caller: auth.SignedIn) -> Response:
    """It gets no more push messages."""
    await devices.delete(caller, device_id)
    return JsonAnswer({})


@router.post(
    "/me/notifications/webhooks",
    summary="Create a webhook for notices",
    response_model=NewNotificationWebhook,
    openapi_extra=routing.body(NotificationWebhookBody),
)
async def create_notification_webhook(
    caller: auth.SignedIn, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Send the caller's notices to an address of theirs, signed. One that answers 410 is turned off."""
    return await once.resource(
        caller.user_id, lambda new_id: webhooks.create(world.real(), caller, body, new_id), shown_once=SHOWN_ONCE
    )


@router.get(
    "/me/notifications/webhooks", summary="List the caller's webhooks", response_model=NotificationWebhookList
)
async def list_notification_webhooks(caller: auth.Reader, page: pagination.Asked) -> Response:
    """Newest first, without their secrets."""
    listing = pagination.Listing(pagination.BY_TIME, "notification_webhooks", caller.user_id)
    return await page.listed(listing, lambda size, cursor: webhooks.page(caller, size, cursor))


@router.get(
    "/me/notifications/webhooks/{notification_webhook_id}",
    summary="Read a webhook for notices",
    response_model=NotificationWebhookView,
)
async def get_notification_webhook(notification_webhook_id: str, caller: auth.Reader) -> Response:
    """One webhook, without its secret."""
    return answers.resource(await webhooks.get(caller, notification_webhook_id))


@router.patch(
    "/me/notifications/webhooks/{notification_webhook_id}",
    summary="Change a webhook for notices",
    response_model=NotificationWebhookView,
    openapi_extra=routing.body(NotificationWebhookChange),
)
async def update_notification_webhook(
    notification_webhook_id: str, caller: auth.SignedIn, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change what the body names."""
    expected = etags.expected(if_match)
    return answers.resource(await webhooks.update(world.real(), caller, notification_webhook_id, body, expected))


@router.post(
    "/me/notifications/webhooks/{notification_webhook_id}/rotate",
    summary="Give a webhook for notices another secret",
    response_model=NewNotificationWebhook,
)
async def rotate_notification_webhook(
    notification_webhook_id: str, caller: auth.SignedIn, once: idempotency.Once
) -> Response:
    """What is sent from now on is signed with it."""
    return await once.resource(
        caller.user_id,
        lambda _: webhooks.rotate(world.real(), caller, notification_webhook_id),
        shown_once=SHOWN_ONCE,
    )


@router.delete(
    "/me/notifications/webhooks/{notification_webhook_id}",
    summary="Delete a webhook for notices",
    response_model=models.Empty,
)
async def delete_notification_webhook(notification_webhook_id: str, caller: auth.SignedIn) -> Response:
    """Nothing more is sent to it."""
    await webhooks.delete(caller, notification_webhook_id)
    return JsonAnswer({})


@router.get(
    "/me/notifications/webhooks/{notification_webhook_id}/deliveries",
    summary="List what was sent to a webhook",
    response_model=DeliveryList,
)
async def list_deliveries(
    notification_webhook_id: str,
    caller: auth.Reader,
    page: pagination.Asked,
    state: Annotated[State | None, Query(description="DEAD: what was given up.")] = None,
) -> Response:
    """Of the last 30 days, newest first."""
    listing = pagination.Listing(
        pagination.BY_TIME, "deliveries", caller.user_id, notification_webhook_id, state or ""
    )
    return await page.listed(
        listing, lambda size, cursor: webhooks.sent(caller, notification_webhook_id, state, size, cursor)
    )


@router.post(
    "/me/notifications/webhooks/{notification_webhook_id}/deliveries/replay",
    summary="Send all that was given up again",
    response_model=Replayed,
)
async def replay_all(notification_webhook_id: str, caller: auth.SignedIn, once: idempotency.Once) -> Response:
    """The latest hundred that are DEAD, with attempts anew, under the ids that they had."""
    return await once.resource(
        caller.user_id, lambda _: webhooks.replay_all(world.real(), caller, notification_webhook_id)
    )


@router.post(
    "/me/notifications/webhooks/{notification_webhook_id}/deliveries/{delivery_id}/replay",
    summary="Send a delivery that was given up again",
    response_model=DeliveryView,
)
async def replay_delivery(
    notification_webhook_id: str, delivery_id: str, caller: auth.SignedIn, once: idempotency.Once
) -> Response:
    """With attempts anew, under the id that it had."""
    return await once.resource(
        caller.user_id, lambda _: webhooks.replay(world.real(), caller, notification_webhook_id, delivery_id)
    )
