"""Routes of what a person is told."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.responses import Response

from shared.domain.notices import Kind
from shared.http import auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import inbox

router = routing.router(tags=["notifications"])
Page = Annotated[pagination.Page, Depends(pagination.page)]


class NotificationView(BaseModel):
    """Something that happened and concerns its user."""

    id: str
    kind: Kind
    title: str = Field(examples=["Greeter waits for your review"])
    text: str
    path: str = Field(description="Where in the API more is to be read.")
    details: dict[str, Any] = Field(description="What it is about: ids, names, reasons.")
    is_read: bool
    at: datetime = Field(description="When it happened.")
    created_at: datetime


class NotificationList(BaseModel):
    items: list[NotificationView]
    next_page_token: str | None


class NotificationCounts(BaseModel):
    """How many there are in the list."""

    total: int
    unread: int


class Marked(BaseModel):
    """Whether a notification is read."""

    model_config = ConfigDict(extra="forbid")

    is_read: StrictBool


@router.get("/me/notifications", summary="List the caller's notifications", response_model=NotificationList)
async def list_notifications(
    caller: auth.Reader,
    page: Page,
    unread: Annotated[bool, Query(description="Only those that are not read.")] = False,
) -> Response:
    """What the caller was told in the last 90 days, newest first."""
    listing = pagination.Listing(pagination.BY_TIME, "notifications", caller.user_id, str(unread))
    items, cursor = await inbox.page(caller.user_id, unread=unread, cursor=page.cursor(listing), size=page.size)
    return JsonAnswer(page.answer(items, cursor, listing))


@router.get("/me/notifications/counts", summary="Count the caller's notifications", response_model=NotificationCounts)
async def count_notifications(caller: auth.Reader) -> Response:
    """How many there are, and how many are unread."""
    return JsonAnswer(await inbox.counts(caller.user_id))


@router.post("/me/notifications/read", summary="Mark all notifications as read", response_model=NotificationCounts)
async def read_notifications(caller: auth.SignedIn, once: idempotency.Once) -> Response:
    """Mark all as read; the answer counts what is left."""

    async def make(_: str) -> Response:
        return JsonAnswer(await inbox.mark_all(caller.user_id))

    return await once(caller.user_id, make)


@router.get("/me/notifications/{notification_id}", summary="Read a notification", response_model=NotificationView)
async def get_notification(notification_id: str, caller: auth.Reader) -> Response:
    """One notification; reading it here does not mark it."""
    return JsonAnswer(await inbox.get(caller.user_id, notification_id))


@router.patch("/me/notifications/{notification_id}", summary="Mark a notification", response_model=NotificationView)
async def mark_notification(notification_id: str, caller: auth.SignedIn, body: Marked) -> Response:
    """As read, or as unread."""
    return JsonAnswer(await inbox.mark(caller.user_id, notification_id, is_read=body.is_read))


@router.delete("/me/notifications/{notification_id}", summary="Delete a notification", response_model=models.Empty)
async def delete_notification(notification_id: str, caller: auth.SignedIn) -> Response:
    """Take it out of the list."""
    await inbox.delete(caller.user_id, notification_id)
    return JsonAnswer({})
