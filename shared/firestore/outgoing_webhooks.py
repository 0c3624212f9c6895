"""To which addresses of their own is a user told what concerns them? Their secrets are sealed (``vault.py``).

Path: ``outgoing_webhooks/{id}``.
Fields: user_id, url, name, kinds (empty: all), is_active, sealed, created_at, updated_at, schema_version.
Queries and their indexes: of a user, newest first (user_id, created_at).
Hottest document: one webhook's, read for each delivery and written by its user.
Pruned by: its user, and the account.
Size: under 10 KB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.firestore import owned


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingWebhook:
    """``kinds``: of notices that are sent; none: all."""

    id: str
    user_id: str
    url: str
    name: str
    kinds: Sequence[str]
    is_active: bool
    sealed: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    fence: str = ""


def place(id_: str) -> str:
    """The path of the document: what a secret is sealed for."""
    return f"outgoing_webhooks/{id_}"


documents = owned.Collection("outgoing_webhooks", OutgoingWebhook)
