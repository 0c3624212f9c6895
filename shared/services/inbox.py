"""What can a person do with the notifications in their list? Read them, count them, mark them, let them go."""

from datetime import datetime
from typing import Any

from shared.domain import errors, notices
from shared.firestore import graphs, notifications
from shared.firestore.notifications import ALL, UNREAD, Notification
from shared.services import paging

MAX_AT_ONCE = 200
"""Notifications that are marked in one write."""


async def page(
    user_id: str, *, unread: bool, cursor: tuple[datetime, str] | None, size: int
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """A page, newest first, and the cursor of the next."""
    found = await notifications.list_of(user_id, UNREAD if unread else ALL, cursor, size + 1)
    return await paging.fill(found, size, _shown, lambda one: (one.created_at, one.id))


async def counts(user_id: str) -> dict[str, int]:
    return {
        "total": await notifications.count(user_id, ALL),
        "unread": await notifications.count(user_id, UNREAD),
    }


async def get(user_id: str, id_: str) -> dict[str, Any]:
    """NotFound: there is none, or it is not the user's."""
    return view(await _get(user_id, id_))


async def mark(user_id: str, id_: str, *, is_read: bool) -> dict[str, Any]:
    """As read or not. The same again is the same."""
    await _get(user_id, id_)
    await notifications.put([id_], UNREAD, into=not is_read)
    return view(await _get(user_id, id_))


async def mark_all(user_id: str) -> dict[str, int]:
    """All that are unread now; what comes meanwhile may be among them."""
    while found := await notifications.list_of(user_id, UNREAD, None, MAX_AT_ONCE):
        await notifications.put([one.id for one in found], UNREAD, into=False)
        if len(found) < MAX_AT_ONCE:
            break
    return await counts(user_id)


async def delete(user_id: str, id_: str) -> None:
    await _get(user_id, id_)
    await notifications.delete(id_)


async def _get(user_id: str, id_: str) -> Notification:
    found = await notifications.find(id_) if graphs.is_id(id_) else None
    if found is None or found.user_id != user_id or ALL not in found.boxes:
        raise errors.NotFound(
            f"There is no notification {id_[:64]} of yours.",
            reason="NOTIFICATION_NOT_FOUND",
            metadata={"id": id_[:64]},
        )
    return found


async def _shown(one: Notification) -> dict[str, Any]:
    return view(one)


def view(one: Notification) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "title": notices.title(one.kind, one.details),
        "text": notices.text(one.kind, one.details),
        "path": f"/api/v1{notices.path(one.kind, one.details)}",
        "details": dict(one.details),
        "is_read": UNREAD not in one.boxes,
        "at": one.at,
        "created_at": one.created_at,
    }
