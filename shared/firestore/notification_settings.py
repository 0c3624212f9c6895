"""How does a user want to be told?

Path: ``notification_settings/{user_id}``; without a document all is as ``domain/channels.py`` has it.
Fields: user_id, channels (map: kind -> channel -> whether), frequency, hour, weekday, timezone, digest_at,
    digest_shard (while a digest is due ever), created_at, updated_at, schema_version.
Queries and their indexes: due digests of a shard, earliest first (digest_shard, digest_at).
Hottest document: one user's, written by them, and once for each of their digests.
Pruned by: the account.
Size: under 5 KB.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.channels import Choices, Frequency
from shared.firestore import owned
from shared.firestore.client import client, operation

SHARDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``digest_at``: the next digest; None: there is none. ``hour`` and ``weekday`` are those of ``timezone``."""

    id: str
    user_id: str
    channels: Choices
    frequency: Frequency
    hour: int
    weekday: str
    timezone: str
    digest_at: datetime | None
    created_at: datetime
    updated_at: datetime
    fence: str = ""


def of_nobody(user_id: str, now: datetime) -> Settings:
    """As they are before their user has changed any."""
    return Settings(
        id=user_id,
        user_id=user_id,
        channels={},
        frequency=Frequency.NONE,
        hour=8,
        weekday="MON",
        timezone="UTC",
        digest_at=None,
        created_at=now,
        updated_at=now,
    )


def _derived(one: Settings) -> Mapping[str, Any]:
    return {"digest_shard": identity.shard(one.user_id, SHARDS) if one.digest_at else None}


documents = owned.Collection("notification_settings", Settings, read={"frequency": Frequency}, derived=_derived)


@operation
async def due(shard: int, now: datetime, limit: int) -> list[Settings]:
    """Whose digest is due."""
    query = (
        client()
        .collection("notification_settings")
        .where(filter=FieldFilter("digest_shard", "==", shard))
        .where(filter=FieldFilter("digest_at", "<=", now))
        .order_by("digest_at")
        .limit(limit)
    )
    return [found async for s in query.stream() if (found := documents.decode(s)) is not None]
