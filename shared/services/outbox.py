"""How does what happened in the store get told? By a letter in the commit of the change, published right after it.

At least once, whatever dies: the letter is deleted when Pub/Sub has its message, and ``tick`` publishes those that
are left. The id of an event is derived from what it tells, so that who hears it twice can drop the second.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.domain import store, topics
from shared.firestore import outbox, values
from shared.firestore.outbox import Letter

PATIENCE = timedelta(minutes=1)
"""How long who made a change has for publishing it, before ``tick`` does."""
MAX_A_RUN = 200

_log = logging.getLogger(__name__)


def letter(event: store.Event) -> Letter:
    """The message of an event, in the order of its listing."""
    body = {
        "event_id": event.id,
        "type": event.type,
        "user_id": event.user_id,
        "actor_id": event.actor_id,
        "listing_id": event.listing_id,
        "submission_id": event.submission_id,
        "title": event.title,
        "version": event.version,
        "reason": event.reason,
        "rating": event.rating,
        "at": event.at.isoformat(),
    }
    return Letter(
        event_id=event.id,
        ordering_key=event.listing_id,
        data=values.dump(body).encode(),
        attributes={"type": event.type, "event_id": event.id, topics.FAN_OUT: "yes"},
        created_at=event.at,
    )


async def post(letters: Sequence[Letter]) -> None:
    """Publish what is committed. Never raises: what is not published stays for ``tick``."""
    from shared.gcp import pubsub

    try:
        for one in letters:
            message = pubsub.Message(data=one.data, attributes=one.attributes)
            await pubsub.publish(topics.TOPIC, one.ordering_key, [message])
        if letters:
            await outbox.remove([one.event_id for one in letters])
    except Exception:  # noqa: BLE001 - the change is made; its letter is published by the next tick
        _log.exception("events were not published yet: %s", [one.event_id for one in letters])


async def post_left(now: datetime) -> int:
    """Publish what is left from before; how many that were."""
    found = await outbox.left(now - PATIENCE, MAX_A_RUN)
    await post(found)
    return len(found)
