"""What is yet to be told? A document in the commit of a change, gone once its message is published.

path      outbox/{event_id}
fields    ordering_key, attributes (map), data (bytes), created_at, schema_version
queries   those written before a time, oldest first (created_at, single field)
hottest   each is written once and deleted once
pruned    when it is published; ``tick`` publishes what a process that died has left
size      a message, under 10 KB
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1 import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that waits to be published. ``ordering_key``: those with the same one arrive in their order."""

    event_id: str
    ordering_key: str
    data: bytes
    attributes: dict[str, str]
    created_at: datetime


def write(letter: Letter) -> commits.Write:
    """For the commit of what it tells of. One that is there already makes that commit lose: it happened before."""
    data = {
        "ordering_key": letter.ordering_key,
        "attributes": letter.attributes,
        "data": letter.data,
        "created_at": letter.created_at,
        "schema_version": SCHEMA_VERSION,
    }
    return commits.Write(ref=client().collection("outbox").document(letter.event_id), data=data)


@operation
async def remove(event_ids: Sequence[str]) -> None:
    batch = client().batch()
    for event_id in event_ids:
        batch.delete(client().collection("outbox").document(event_id))
    await batch.commit()


@operation
async def left(before: datetime, limit: int) -> list[Letter]:
    """Those that were written before a time and not published, oldest first."""
    query = client().collection("outbox").where(filter=FieldFilter("created_at", "<", before))
    query = query.order_by("created_at").limit(limit)
    return [_decode(snapshot) async for snapshot in query.stream()]


def _decode(snapshot: DocumentSnapshot[Any]) -> Letter:
    row: dict[str, Any] = snapshot.to_dict() or {}
    names = ("ordering_key", "data", "attributes", "created_at")
    return Letter(event_id=snapshot.id, **{name: row[name] for name in names})
