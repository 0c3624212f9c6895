"""Who uses the platform?

path      users/{uid}; uid is Firebase's
fields    email, name, picture, role (as it was last seen or set; the claim of the account decides), created_at,
          updated_at, schema_version
queries   by id; all, newest first (created_at, single field)
hottest   one user's own document, written when they change their profile: far below one a second
pruned    when the account is deleted
size      under 10 KB
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.domain.graph import UserId
from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """``fence``: the document's update_time."""

    id: UserId
    email: str
    name: str
    picture: str
    role: str
    created_at: datetime
    updated_at: datetime
    fence: str


@operation
async def find(user_id: UserId) -> User | None:
    snapshot = await _reference(user_id).get()
    return _decode(snapshot) if snapshot.exists else None


@operation
async def create(user_id: UserId, *, email: str, name: str, picture: str, role: str, now: datetime) -> bool:
    """Whether the user was created; of two that race, one loses, and the document is there."""
    document = {
        "email": email,
        "name": name,
        "picture": picture,
        "role": role,
        "created_at": now,
        "updated_at": now,
        "schema_version": SCHEMA_VERSION,
    }
    try:
        await _reference(user_id).create(document)
    except exceptions.AlreadyExists:
        return False
    return True


@operation
async def set_role(user_id: UserId, role: str, now: datetime) -> None:
    """What lists show; one who is gone stays so."""
    try:
        await _reference(user_id).update({"role": role, "updated_at": now})
    except exceptions.NotFound:
        return


@operation
async def list_all(after: tuple[datetime, str] | None, limit: int) -> list[User]:
    """All users, newest first."""
    collection = client().collection("users")
    query = collection.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"created_at": after[0], "__name__": collection.document(after[1])})
    return [_decode(snapshot) async for snapshot in query.limit(limit).stream()]


def is_id(text: str) -> bool:
    """Whether a text can be a user's id: Firestore refuses what cannot name a document."""
    return 0 < len(text) <= 128 and "/" not in text and not text.startswith("__") and text not in (".", "..")


@operation
async def update(user: User, changes: Mapping[str, Any], now: datetime) -> bool:
    """Whether the changes were applied; not, when the user has changed since it was read."""
    option = LastUpdateOption(commits.timestamp(user.fence).timestamp_pb())
    try:
        await _reference(user.id).update({**changes, "updated_at": now}, option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True


def _reference(user_id: UserId) -> AsyncDocumentReference:
    return client().collection("users").document(user_id)


def _decode(snapshot: DocumentSnapshot[Any]) -> User:
    data: dict[str, Any] = snapshot.to_dict() or {}
    return User(
        id=UserId(snapshot.id),
        email=data["email"],
        name=data["name"],
        picture=data["picture"],
        role=data["role"],
        created_at=data["created_at"],
        updated_at=data["updated_at"],
        fence=commits.fence_of(snapshot.update_time),
    )
