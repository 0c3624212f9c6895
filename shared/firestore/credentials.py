"""Which credentials are there? Their secrets are sealed (``services/vault.py``), everything else may be shown.

path      credentials/{id}
fields    user_id, provider, kind, title, host (of host_scoped), scopes (of oauth2), expires_at, sealed (key, wrapped,
          nonce, ciphertext), refreshing_until and refresh_id (while one instance refreshes an oauth2 one),
          created_at, updated_at, schema_version
queries   by id; of a user, newest first (user_id, created_at); of a user and a provider (user_id, provider,
          created_at); how many a user has (user_id, single field); all, by id, to wrap them anew
hottest   one credential's own document: twice for each refresh, which is once an hour
pruned    by its user, and with the account
size      under 60 KB
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncCollectionReference, DocumentSnapshot
from google.cloud.firestore_v1._helpers import LastUpdateOption
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.graph import UserId
from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


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


_FIELDS = (
    *("user_id", "provider", "kind", "title", "sealed", "created_at", "updated_at", "host", "scopes", "expires_at"),
    *("refreshing_until", "refresh_id"),
)


def place(id_: str) -> str:
    """The path of the document: what a secret is sealed for."""
    return f"credentials/{id_}"


@operation
async def find(id_: str) -> Stored | None:
    snapshot = await _collection().document(id_).get()
    return _decode(snapshot) if snapshot.exists else None


@operation
async def create(stored: Stored) -> bool:
    """Whether it was created; not, when there is one of this id."""
    document = {name: getattr(stored, name) for name in _FIELDS}
    document |= {"scopes": list(stored.scopes), "sealed": dict(stored.sealed), "schema_version": SCHEMA_VERSION}
    try:
        await _collection().document(stored.id).create(document)
    except exceptions.AlreadyExists:
        return False
    return True


@operation
async def update(stored: Stored, changes: Mapping[str, Any]) -> bool:
    """Whether the changes were applied; not, when it has changed since it was read, or is gone."""
    option = LastUpdateOption(commits.timestamp(stored.fence).timestamp_pb())
    try:
        await _collection().document(stored.id).update(dict(changes), option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True


@operation
async def delete(id_: str) -> None:
    await _collection().document(id_).delete()


@operation
async def list_of(user_id: str, provider: str | None, after: tuple[datetime, str] | None, limit: int) -> list[Stored]:
    """A user's, of one provider or all, newest first."""
    query: Any = _collection().where(filter=FieldFilter("user_id", "==", user_id))
    if provider is not None:
        query = query.where(filter=FieldFilter("provider", "==", provider))
    query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"created_at": after[0], "__name__": _collection().document(after[1])})
    return [_decode(snapshot) async for snapshot in query.limit(limit).stream()]


@operation
async def count_of(user_id: str) -> int:
    counted: Any = await _collection().where(filter=FieldFilter("user_id", "==", user_id)).count().get()
    return int(counted[0][0].value)


async def all_of_them(batch: int = 200) -> AsyncIterator[Stored]:
    """Every credential of every user, by id."""
    query, after = _collection().order_by("__name__").limit(batch), None
    while True:
        page = [snapshot async for snapshot in (query.start_after(after) if after is not None else query).stream()]
        for snapshot in page:
            yield _decode(snapshot)
        if len(page) < batch:
            return
        after = page[-1]


def _collection() -> AsyncCollectionReference:
    return client().collection("credentials")


def _decode(snapshot: DocumentSnapshot[Any]) -> Stored:
    data: dict[str, Any] = snapshot.to_dict() or {}
    return Stored(
        id=snapshot.id,
        fence=commits.fence_of(snapshot.update_time),
        **{name: data[name] for name in _FIELDS},
    )
