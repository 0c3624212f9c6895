"""A notice reaches one person: what do they see, and what is sent to them? All of it in one commit.

The notification is created under the notice's id, so of two who deliver the same notice one finds it there, and
changes nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from shared import config
from shared.domain import channels, notices
from shared.domain.channels import Channel, Choices, Frequency
from shared.domain.graph import UserId
from shared.domain.notices import Notice
from shared.firestore import deliveries, devices, notification_settings, notifications, outgoing_webhooks, users
from shared.firestore.deliveries import Delivery
from shared.firestore.notification_settings import Settings
from shared.services import delivering
from shared.services.world import World

MAX_DEVICES = 20
MAX_WEBHOOKS = 20
HOUR = timedelta(hours=1)


async def deliver(world: World, notice: Notice) -> None:
    """Nobody is told where the account is gone."""
    if not users.is_id(notice.user_id) or await users.find(UserId(notice.user_id)) is None:
        return
    now = world.now()
    settings = await notification_settings.documents.find(notice.user_id)
    settings = settings or notification_settings.of_nobody(notice.user_id, now)
    sent, held_back = await _sent(world, notice, settings.channels)
    one = notifications.Notification(
        id=notice.id,
        user_id=notice.user_id,
        kind=notice.kind,
        details=notice.details,
        boxes=_boxes(notice, settings, held_back),
        at=notice.at,
        created_at=now,
    )
    made = await deliveries.create(sent, [notifications.new(one)])
    # Nothing was made: it was before, and perhaps its tasks were not. They have names.
    await delivering.dispatch(list(made if made is not None else sent), name="first")


def _boxes(notice: Notice, settings: Settings, held_back: bool) -> list[str]:
    in_app = channels.is_on(settings.channels, notice.kind, Channel.IN_APP)
    digest = held_back or channels.is_on(settings.channels, notice.kind, Channel.DIGEST)
    digest = digest and settings.frequency is not Frequency.NONE
    return [notifications.ALL, notifications.UNREAD] * in_app + [notifications.DIGEST] * digest


async def _sent(world: World, notice: Notice, choices: Choices) -> tuple[list[Delivery], bool]:
    """What is to be sent at once, and whether an e-mail was held back because there were too many."""
    now, content = world.now(), content_of(notice)
    made: list[Delivery] = []
    held_back = False

    def to(channel: Channel, target: str, **more: str) -> None:
        made.append(deliveries.new(notice.id, notice.user_id, channel, target, {**content, **more}, now))

    def is_on(channel: Channel) -> bool:
        return channels.is_on(choices, notice.kind, channel)

    if is_on(Channel.EMAIL) and config.settings().mail_url:
        count = await deliveries.count_since(notice.user_id, Channel.EMAIL, now - HOUR)
        held_back = count >= world.settings.max_emails_per_hour
        if not held_back:
            to(Channel.EMAIL, "")
    if is_on(Channel.PUSH):
        for device in await devices.documents.list_of(notice.user_id, None, MAX_DEVICES):
            to(Channel.PUSH, device.id)
    if is_on(Channel.WEBHOOK):
        for webhook in await outgoing_webhooks.documents.list_of(notice.user_id, None, MAX_WEBHOOKS):
            if webhook.is_active and (not webhook.kinds or notice.kind in webhook.kinds):
                to(Channel.WEBHOOK, webhook.id, host=urlsplit(webhook.url).hostname or "")
    return made, held_back


def content_of(notice: Notice) -> Mapping[str, Any]:
    """What is sent, by whatever way."""
    return {
        "id": notice.id,
        "kind": notice.kind,
        "title": notices.title(notice.kind, notice.details),
        "text": notices.text(notice.kind, notice.details),
        "path": f"/api/v1{notices.path(notice.kind, notice.details)}",
        "details": dict(notice.details),
        "at": notice.at.isoformat(),
    }
