"""Webhooks: where others report events that execute a graph. Their secrets are sealed (``services/vault.py``).

Paths: ``webhooks/{id}``; an event that it has taken: ``webhooks/{id}/events/{id}``.
Fields: user_id, graph_id, provider, name, input_name, input_data (JSON text), credentials, is_active, sealed (key,
    wrapped, nonce, ciphertext), created_at, updated_at, schema_version; of an event: expire_at.
Queries and their indexes: newest first, of a user (user_id, created_at) and of a graph
    (user_id, graph_id, created_at).
Hottest document: one webhook's, read for each event and written by its user alone.
Pruned by: its user, with its graph, and with the account; events by TTL on expire_at.
Size: that of its inputs, at most ``MAX_INPUT`` bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore_v1 as firestore

from shared.firestore import owned
from shared.firestore.client import operation

MAX_INPUT = 500_000
KEPT = timedelta(days=400)
"""How long an event is remembered: GitHub signs no time, so that what was overheard may come at any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """``input_name``: the input of the graph that gets what is sent; ``input_data`` and ``credentials``: the rest, as
    of an execution. ``sealed``: as ``vault.Sealed`` has it. ``fence``: the document's update_time."""

    id: str
    user_id: str
    graph_id: str
    provider: str
    name: str
    input_name: str
    input_data: Mapping[str, Any]
    credentials: Mapping[str, str]
    is_active: bool
    sealed: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    fence: str = ""


def place(id_: str) -> str:
    """The path of the document: what a secret is sealed for."""
    return f"webhooks/{id_}"


documents = owned.Collection("webhooks", Webhook, json_text=frozenset({"input_data"}), under=("events",))


@operation
async def has_taken(id_: str, event: str) -> bool:
    """Whether a webhook has taken this event."""
    return (await _event(id_, event).get([])).exists


@operation
async def take(id_: str, event: str, now: datetime) -> None:
    """Remember that it has."""
    await _event(id_, event).set({"expire_at": now + KEPT})


def _event(id_: str, event: str) -> firestore.AsyncDocumentReference:
    return documents.ref(id_).collection("events").document(event)
