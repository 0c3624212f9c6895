"""Who has done what? Written once, never changed.

path      audit/{id}; id random
fields    timestamp, user_id, action, resource_type, resource_id, details, ip_address, user_agent, result, expires_at,
          schema_version
queries   newest first, all or those of a user_id, an action, a resource_id, a result, or several of these, within a
          time: (field, timestamp) for each, which Firestore merges
hottest   no document is written twice; the index on timestamp ascends, so all instances together write about 500
          entries a second (https://cloud.google.com/firestore/docs/best-practices#hotspots): a change costs its
          caller more than that, and signs of abuse are recorded once a minute for each caller, address and kind
pruned    by TTL on expires_at, 400 days after it was written; not when the account is deleted
size      under 10 KB
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import AsyncCollectionReference, DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
KEPT = timedelta(days=400)
FILTERS = ("user_id", "action", "resource_type", "resource_id", "result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``result``: ``ok``, ``refused`` or ``failed``. ``details``: names of what was changed and why something was
    refused; never values that a client sent."""

    id: str
    timestamp: datetime
    user_id: str
    action: str
    resource_type: str
    resource_id: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ip_address: str
    user_agent: str
    result: str


@operation
async def append(entries: Sequence[Entry]) -> None:
    """Write entries, at most 500. One that is there already stays: a repeated call does no harm."""
    batch = client().batch()
    for entry in entries:
        batch.set(_collection().document(entry.id), encode(entry))
    await batch.commit()


@operation
async def list_of(
    wanted: Mapping[str, str],
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Entry]:
    """Newest first. ``wanted``: field of ``FILTERS`` -> its value."""
    query: Any = _collection()
    for name, value in wanted.items():
        query = query.where(filter=FieldFilter(name, "==", value))
    if since is not None:
        query = query.where(filter=FieldFilter("timestamp", ">=", since))
    if until is not None:
        query = query.where(filter=FieldFilter("timestamp", "<", until))
    query = query.order_by("timestamp", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"timestamp": after[0], "__name__": _collection().document(after[1])})
    return [_decode(snapshot) async for snapshot in query.limit(limit).stream()]


def _collection() -> AsyncCollectionReference:
    return client().collection("audit")


def encode(entry: Entry) -> dict[str, Any]:
    return {
        "timestamp": entry.timestamp,
        "user_id": entry.user_id,
        "action": entry.action,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "details": dict(entry.details),
        "ip_address": entry.ip_address,
        "user_agent": entry.user_agent,
        "result": entry.result,
        "expires_at": entry.timestamp + KEPT,
        "schema_version": SCHEMA_VERSION,
    }


def _decode(snapshot: DocumentSnapshot[Any]) -> Entry:
    data: dict[str, Any] = snapshot.to_dict() or {}
    names = ("timestamp", *FILTERS, "details", "ip_address", "user_agent")
    return Entry(id=snapshot.id, **{name: data[name] for name in names})
