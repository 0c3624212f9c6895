"""Presets: inputs and credentials for an agent, under a name.

Path: ``presets/{id}``.
Fields: user_id, graph_id, name, description, input_data (JSON text), credentials, created_at, updated_at,
    schema_version.
Queries and their indexes: newest first, of a user (user_id, created_at) and of a graph
    (user_id, graph_id, created_at).
Hottest document: one preset, written by its user alone.
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
class Preset:
    """``input_data`` and ``credentials`` as of an execution, not all that it needs."""

    id: str
    user_id: str
    graph_id: str
    name: str
    description: str
    input_data: Mapping[str, Any]
    credentials: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    fence: str = ""


documents = owned.Collection("presets", Preset, json_text=frozenset({"input_data"}))
