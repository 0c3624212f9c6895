"""What is to be sent to somebody? One document for each message, person and way, until it is sent or given up.

Path: ``deliveries/{id}``; id derived from the notice, the channel and its target.
Fields: user_id, channel, target, content (JSON text), state, attempts, next_at, message (why it failed last),
    created_at, updated_at, due_at and due_shard (while it is PENDING), expire_at, schema_version.
Queries and their indexes: past due of a shard (due_shard, due_at); those to a target, newest first (user_id, target,
    created_at), in a state (user_id, target, state, created_at); of a user by a channel since a time (user_id,
    channel, created_at).
Hottest document: two writes for each attempt.
Pruned by: TTL on expire_at, or the account.
Size: under 20 KB; a digest under 100 KB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.channels import Channel, State
from shared.firestore import client, commits, owned
from shared.firestore.client import operation

SHARDS = 16
KEPT = timedelta(days=30)
LEASE = timedelta(minutes=2)
"""How long an attempt may take, and how long a task may wait, before ``tick`` looks at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """``target``: the device or webhook; "" of an e-mail. ``content``: id, kind, title, text, path, details, at.
    ``next_at``: before then it is not tried."""

    id: str
    user_id: str
    channel: Channel
    target: str
    content: Mapping[str, Any]
    state: State
    attempts: int
    next_at: datetime
    message: str
    created_at: datetime
    updated_at: datetime
    fence: str = field(default="")


def _derived(one: Delivery) -> Mapping[str, Any]:
    pending = one.state is State.PENDING
    return {
        "due_at": one.next_at + LEASE if pending else None,
        "due_shard": identity.shard(one.id, SHARDS) if pending else None,
        "expire_at": one.created_at + KEPT,
    }


documents = owned.Collection(
    "deliveries",
    Delivery,
    json_text=frozenset({"content"}),
    read={"channel": Channel, "state": State},
    derived=_derived,
)


def new(
    notice_id: str, user_id: str, channel: Channel, target: str, content: Mapping[str, Any], now: datetime
) -> Delivery:
    return Delivery(
        id=identity.derive(notice_id, "delivery", user_id, channel, target),
        user_id=user_id,
        channel=channel,
        target=target,
        content=content,
        state=State.PENDING,
        attempts=0,
        next_at=now,
        message="",
        created_at=now,
        updated_at=now,
    )


@operation
async def change(one: Delivery, **changes: Any) -> Delivery | None:
    """On its fence, with the new one. None: somebody else was first."""
    changed = replace(one, **changes)
    made = await commits.commit(client.client(), [documents.write(changed)])
    return replace(changed, fence=made.update_times[0]) if isinstance(made, commits.Committed) else None


@operation
async def due(shard: int, now: datetime, limit: int) -> list[Delivery]:
    """Those whose task was lost, or whose attempt died."""
    query = (
        client.client()
        .collection("deliveries")
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("due_at", "<=", now))
        .order_by("due_at")
        .limit(limit)
    )
    return [found async for s in query.stream() if (found := documents.decode(s)) is not None]


@operation
async def count_since(user_id: str, channel: Channel, since: datetime) -> int:
    query = (
        client.client()
        .collection("deliveries")
        .where(filter=FieldFilter("user_id", "==", user_id))
        .where(filter=FieldFilter("channel", "==", channel))
        .where(filter=FieldFilter("created_at", ">=", since))
    )
    return int((await query.count().get())[0][0].value)


async def create(made: Sequence[Delivery], extra: Sequence[commits.Write]) -> Sequence[Delivery] | None:
    """All of it in one commit, ``extra`` first; with their fences. None: something of it is there already."""
    writes = [*extra, *(documents.write(one) for one in made)]
    committed = await commits.commit(client.client(), writes)
    if not isinstance(committed, commits.Committed):
        return None
    fences = committed.update_times[len(extra) :]
    return [replace(one, fence=fence) for one, fence in zip(made, fences, strict=True)]
