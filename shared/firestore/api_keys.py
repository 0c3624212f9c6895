"""Which API keys are there?

path      api_keys/{id}; id is the part of the key that may be shown
fields    user_id, name, hash (SHA-256 of the secret part), previous_hash and previous_until (after a rotation),
          scopes, expires_at, last_used_at, created_at, updated_at, schema_version
queries   by id; of a user, newest first (user_id, created_at); how many a user has (user_id, single field)
hottest   one key's own document, written when it is rotated, and once an hour while it is used
pruned    when the key is revoked, or its user deleted
size      under 2 KB
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1._helpers import LastUpdateOption
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.graph import UserId
from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """``hash``: of the secret; ``previous_hash``: of the one before, which holds until ``previous_until``."""

    id: str
    user_id: UserId
    name: str
    hash: bytes
    previous_hash: bytes | None
    previous_until: datetime | None
    scopes: Sequence[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    updated_at: datetime
    fence: str = ""


@operation
async def find(key_id: str) -> ApiKey | None:
    snapshot = await _reference(key_id).get()
    return _decode(snapshot) if snapshot.exists else None


@operation
async def create(key: ApiKey) -> bool:
    """Whether it was created; not, when there is one of this id."""
    document = {
        "user_id": key.user_id,
        "name": key.name,
        "hash": key.hash,
        "previous_hash": key.previous_hash,
        "previous_until": key.previous_until,
        "scopes": list(key.scopes),
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "created_at": key.created_at,
        "updated_at": key.updated_at,
        "schema_version": SCHEMA_VERSION,
    }
    try:
        await _reference(key.id).create(document)
    except exceptions.AlreadyExists:
        return False
    return True


@operation
async def update(key: ApiKey, changes: Mapping[str, Any]) -> bool:
    """Whether the changes were applied; not, when the key has changed since it was read, or is gone."""
    option = LastUpdateOption(commits.timestamp(key.fence).timestamp_pb())
    try:
        await _reference(key.id).update(dict(changes), option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True


@operation
async def delete(key_id: str) -> None:
    await _reference(key_id).delete()


@operation
async def list_of(user_id: str, after: tuple[datetime, str] | None, limit: int) -> list[ApiKey]:
    """A user's keys, newest first."""
    query = client().collection("api_keys").where(filter=FieldFilter("user_id", "==", user_id))
    query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"created_at": after[0], "__name__": _reference(after[1])})
    return [_decode(snapshot) async for snapshot in query.limit(limit).stream()]


@operation
async def count_of(user_id: str) -> int:
    query = client().collection("api_keys").where(filter=FieldFilter("user_id", "==", user_id))
    counted: Any = await query.count().get()
    return int(counted[0][0].value)


def _reference(key_id: str) -> AsyncDocumentReference:
    return client().collection("api_keys").document(key_id)


def _decode(snapshot: DocumentSnapshot[Any]) -> ApiKey:
    data: dict[str, Any] = snapshot.to_dict() or {}
    return ApiKey(
        id=snapshot.id,
        user_id=UserId(data["user_id"]),
        name=data["name"],
        hash=data["hash"],
        previous_hash=data["previous_hash"],
        previous_until=data["previous_until"],
        scopes=data["scopes"],
        expires_at=data["expires_at"],
        last_used_at=data["last_used_at"],
        created_at=data["created_at"],
        updated_at=data["updated_at"],
        fence=commits.fence_of(snapshot.update_time),
    )
