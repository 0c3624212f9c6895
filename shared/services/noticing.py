"""How does what happened reach whom it concerns, whatever crashes? By a letter in the commit of the change.

    notice = notices.of(Kind.SCHEDULE_FAILED, schedule.id, …, at=now, user_id=…, …)
    await commits.commit(client, [change, noticing.write(notice)])     # both, or neither
    await noticing.tell([notice])                                      # published, and its letter deleted

Who dies between the two leaves the letter, and ``tick`` posts it. Told twice it is one: ``notify`` drops what it has
seen by its id. Where a change has no commit of its own to add to, ``note`` writes the letter alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.domain.notices import Kind, Notice
from shared.firestore import client, commits, values
from shared.firestore import outbox as letters
from shared.firestore.outbox import Letter
from shared.gcp import pubsub
from shared.services import events, outbox

TYPE = "notice"


def write(notice: Notice) -> commits.Write:
    """The letter that goes into the commit of the change."""
    return letters.write(_letter(notice))


async def note(told: Sequence[Notice]) -> None:
    """Write the letters of what has happened, at most 500, each unless it is there, and tell it."""
    if told:
        await commits.each(client.client(), [write(notice) for notice in told])
        await tell(told)


async def tell(told: Sequence[Notice]) -> None:
    """Publish what is committed. Never raises: what is not published stays for ``tick``."""
    await outbox.post([_letter(notice) for notice in told])


def _letter(notice: Notice) -> Letter:
    made = message(notice)
    return Letter(
        event_id=notice.id,
        ordering_key="",
        data=made.data,
        attributes=dict(made.attributes),
        created_at=notice.at,
    )


def message(notice: Notice, after: str = "") -> pubsub.Message:
    """``after``: of an audience, who was told last."""
    body: dict[str, Any] = {
        "type": TYPE,
        "event_id": notice.id,
        "kind": notice.kind,
        "user_id": notice.user_id,
        "audience": list(notice.audience) if notice.audience else None,
        "after": after,
        "at": notice.at.isoformat(),
        "details": dict(notice.details),
    }
    attributes = {"type": TYPE, "event_id": notice.id, events.FAN_OUT: "yes"}
    return pubsub.Message(data=values.dump(body).encode(), attributes=attributes)


def notice_of(body: dict[str, Any]) -> Notice:
    """KeyError, ValueError: it is none of ours."""
    audience = body["audience"]
    return Notice(
        id=body["event_id"],
        kind=Kind(body["kind"]),
        user_id=body["user_id"],
        at=datetime.fromisoformat(body["at"]),
        details=body["details"],
        audience=(audience[0], audience[1]) if audience else None,
    )
