"""Which credentials are there? Their secrets are sealed (``services/vault.py``), everything else may be shown.

path      credentials/{id}
fields    user_id, provider, kind, title, host (of host_scoped), scopes (of oauth2), expires_at, sealed (key, wrapped,
          nonce, ciphertext), refreshing_until and refresh_id (while one instance refreshes an oauth2 one),
          created_at, updated_at, schema_version
queries   by id; of a user, newest first (user_id, created_at); of a user and a provider (user_id, provider,
          created_at); how many a user has (user_id, single field)
hottest   one credential's own document: twice for each refresh, which is once an hour
pruned    by its user, and with the account
size      under 60 KB
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.domain.graph import UserId
from shared.firestore import commits, owned
from shared.firestore.client import operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """``sealed``: as ``vault.Sealed`` has it. ``expires_at``: of an oauth2 one, of its access token."""

    id: str
    user_id: UserId
    provider: str
    kind: str
    title: str
    sealed: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    host: str = ""
    scopes: Sequence[str] = ()
    expires_at: datetime | None = None
    refreshing_until: datetime | None = None
    refresh_id: str = ""
    fence: str = ""


documents = owned.Collection("credentials", Stored)


def place(id_: str) -> str:
    """The path of the document: what a secret is sealed for."""
    return f"credentials/{id_}"


@operation
async def update(stored: Stored, changes: Mapping[str, Any]) -> bool:
    """Whether the changes were applied; not, when it has changed since it was read, or is gone."""
    option = LastUpdateOption(commits.timestamp(stored.fence).timestamp_pb())
    try:
        await documents.ref(stored.id).update(dict(changes), option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True
