"""Webhooks: where others report events that execute a graph. Their secrets are sealed (``services/vault.py``).

Path: ``webhooks/{id}``.
Fields: user_id, graph_id, provider, name, input_name, input_data (JSON text), credentials, is_active, sealed (key,
    wrapped, nonce, ciphertext), created_at, updated_at, schema_version.
Queries and their indexes: newest first, of a user (user_id, created_at) and of a graph
    (user_id, graph_id, created_at).
Hottest document: one webhook's, read for each event and written by its user alone.
Pruned by: its user, with its graph, and with the account.
Size: that of its inputs, at most ``MAX_INPUT`` bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.firestore import owned

MAX_INPUT = 500_000


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


documents = owned.Collection("webhooks", Webhook, json_text=frozenset({"input_data"}))
