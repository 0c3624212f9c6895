"""Triggers: feeds and mailboxes that are looked at, what came of it.

Paths: ``triggers/{id}``; what came of an item: ``triggers/{id}/items/{id}``.
Fields: user_id, graph_id, kind, name, source (JSON text), every_minutes, max_items, input_name, input_data (JSON
    text), credentials, state, next_at, due_shard (while it is to look again), cursor (JSON text), seen, failures,
    last_error, last_polled_at, last_item_at, created_at, updated_at, schema_version; of an item: at, title, result,
    message, execution_id, expire_at.
Queries and their indexes: due ones of a shard, earliest first (due_shard, next_at); of a user (user_id, created_at)
    and of a graph (user_id, graph_id, created_at), newest first; items, latest first (at; single field).
Hottest document: one trigger, two writes a look, which is each five minutes at most.
Pruned by: deletion of the trigger or its graph; items by TTL on expire_at.
Size: that of its inputs, at most ``MAX_INPUT`` bytes, and 50 KB of what it has seen.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.polling import Kind, State, Trigger
from shared.domain.records import Lost
from shared.firestore import client, commits, owned

SHARDS = 16
MAX_INPUT = 500_000
KEPT = timedelta(days=90)
"""How long it is remembered what came of an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What came of an item. ``result``: STARTED or FAILED; ``message`` says why."""

    id: str
    at: datetime
    title: str
    result: str
    message: str = ""
    execution_id: str | None = None


def _due(trigger: Trigger) -> dict[str, Any]:
    waits = trigger.state is State.ACTIVE and trigger.next_at is not None
    return {"due_shard": identity.shard(trigger.id, SHARDS) if waits else None}


documents = owned.Collection(
    "triggers",
    Trigger,
    json_text=frozenset({"source", "input_data", "cursor"}),
    read={"kind": Kind, "state": State, "seen": tuple},
    derived=_due,
    under=("items",),
)


async def looked(trigger: Trigger, events: list[Event]) -> bool:
    """The trigger after a look, on its fence, and what came of items, together. False: it has changed meanwhile."""
    rows = [
        commits.Write(
            ref=_items(trigger.id).document(one.id),
            data={
                **{f.name: getattr(one, f.name) for f in fields(one) if f.name != "id"},
                "expire_at": one.at + KEPT,
            },
        )
        for one in events
    ]
    return not isinstance(await commits.commit(client.client(), [documents.write(trigger), *rows]), Lost)


async def due(shard: int, now: datetime, limit: int) -> list[Trigger]:
    """Those that are to look, who waits longest first."""
    query = (
        client.client()
        .collection("triggers")
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("next_at", "<=", now))
        .order_by("next_at")
        .limit(limit)
    )
    return [found async for s in query.stream() if (found := documents.decode(s)) is not None]


async def items(trigger_id: str, after: owned.After | None, limit: int) -> list[Event]:
    """What came of the latest items, latest first."""
    query = _items(trigger_id).order_by("at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    query = query.start_after({"at": after[0], "__name__": _items(trigger_id).document(after[1])}) if after else query
    names = [f.name for f in fields(Event) if f.name != "id"]
    rows = [(s.id, s.to_dict() or {}) async for s in query.limit(limit).stream()]
    return [Event(id=id_, **{name: row[name] for name in names}) for id_, row in rows]


def _items(id_: str) -> firestore.AsyncCollectionReference:
    return documents.ref(id_).collection("items")
