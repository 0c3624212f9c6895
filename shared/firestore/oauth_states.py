"""Which OAuth flows have begun?

path      oauth_states/{id}; a state is this id and a secret
fields    user_id, provider, scopes, title, redirect_uri, sealed (the secret, and the PKCE verifier), expires_at,
          schema_version
queries   by id only
hottest   a flow is written once, and deleted when it is used
pruned    when it is used, else by TTL on expires_at, ten minutes after it was made
size      under 10 KB
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A flow of a user's that has begun."""

    id: str
    user_id: str
    provider: str
    scopes: Sequence[str]
    title: str
    redirect_uri: str
    sealed: Mapping[str, Any]
    expires_at: datetime


_FIELDS = ("user_id", "provider", "scopes", "title", "redirect_uri", "sealed", "expires_at")


def place(id_: str) -> str:
    return f"oauth_states/{id_}"


@operation
async def find(id_: str) -> State | None:
    snapshot = await _reference(id_).get()
    data: dict[str, Any] = snapshot.to_dict() or {}
    return State(id=id_, **{name: data[name] for name in _FIELDS}) if snapshot.exists else None


@operation
async def put(state: State) -> None:
    """In place of one under this id that is over."""
    document = {name: getattr(state, name) for name in _FIELDS}
    await _reference(state.id).set({**document, "scopes": list(state.scopes), "schema_version": SCHEMA_VERSION})


@operation
async def take(id_: str, user_id: str, now: datetime) -> State | None:
    """The state, which is gone after this; None: there is none, it is another user's (and stays), or it has expired.
    Of two that take it, one gets None."""
    snapshot = await _reference(id_).get()
    data: dict[str, Any] = snapshot.to_dict() or {}
    if not snapshot.exists or data["user_id"] != user_id:
        return None
    try:
        await _reference(id_).delete(option=LastUpdateOption(snapshot.update_time))
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return None
    return State(id=id_, **{name: data[name] for name in _FIELDS}) if data["expires_at"] > now else None


def _reference(id_: str) -> AsyncDocumentReference:
    return client().collection("oauth_states").document(id_)
