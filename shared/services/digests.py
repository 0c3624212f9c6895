"""Whose digest is due, and what is in it? What waits in its box is sent and taken out in one commit.

The commit is on the fence of the user's settings, which say when the next one is: of two ticks that make the same
digest one loses, and nothing of it was written.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from shared import config
from shared.domain import channels, identity, notices
from shared.domain.channels import Channel, Frequency
from shared.firestore import deliveries, notification_settings, notifications
from shared.firestore.deliveries import Delivery
from shared.firestore.notification_settings import Settings
from shared.firestore.notifications import Notification
from shared.services import delivering
from shared.services.world import World

MAX_A_SHARD = 100
MAX_LINES = 200
"""Notifications in one digest; more are in the next."""

_log = logging.getLogger(__name__)


async def send_due(world: World) -> int:
    """Make every digest that is due; how many were sent."""
    return sum(await asyncio.gather(*(_shard(world, shard) for shard in range(notification_settings.SHARDS))))


async def _shard(world: World, shard: int) -> int:
    sent = 0
    for settings in await notification_settings.due(shard, world.now(), MAX_A_SHARD):
        try:
            sent += await _make(world, settings)
        except Exception:  # noqa: BLE001 - one that fails stands in nobody's way
            _log.exception("a digest could not be made", extra={"user_id": settings.user_id})
    return sent


async def _make(world: World, settings: Settings) -> bool:
    """Whether one was sent: not, where nothing happened, or somebody else has made it."""
    now = world.now()
    found = await notifications.list_of(settings.user_id, notifications.DIGEST, None, MAX_LINES)
    following = channels.next_digest(
        settings.frequency, settings.hour, settings.weekday, settings.timezone, max(now, settings.digest_at or now)
    )
    goes_on = notification_settings.documents.write(replace(settings, digest_at=following))
    out = [notifications.leave(one, notifications.DIGEST) for one in found]
    made = [_delivery(settings, found, now)] if found and config.settings().mail_url else []
    created = await deliveries.create(made, [goes_on, *out])
    await delivering.dispatch(list(created or ()), name="first")
    return bool(created)


def _delivery(settings: Settings, found: Sequence[Notification], now: datetime) -> Delivery:
    due = settings.digest_at or now
    which = "day" if settings.frequency is Frequency.DAILY else "week"
    lines = [_line(one, settings.timezone) for one in reversed(found)]
    id_ = identity.derive("digest", settings.user_id, due.isoformat())
    content = {
        "id": id_,
        "kind": "digest",
        "title": f"What happened this {which}: {len(found)} {'thing' if len(found) == 1 else 'things'}",
        "text": "\n".join(lines),
        "path": "",
        "details": {},
        "at": due.isoformat(),
    }
    return deliveries.new(id_, settings.user_id, Channel.EMAIL, "", content, now)


def _line(one: Notification, zone: str) -> str:
    at = one.at.astimezone(ZoneInfo(zone))
    text = notices.text(one.kind, one.details)
    return f"{at:%a %d %b %H:%M}  {notices.title(one.kind, one.details)}" + (f"\n    {text}" if text else "")
