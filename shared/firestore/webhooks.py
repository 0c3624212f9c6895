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

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.records import Lost
from shared.firestore import client, commits, values

MAX_INPUT = 500_000
_SCHEMA_VERSION = 1
_PLAIN = ("user_id", "graph_id", "provider", "name", "input_name", "credentials", "is_active", "created_at")
_ALL = (*_PLAIN, "updated_at", "sealed")


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


async def create(webhook: Webhook) -> bool:
    """False: there is one of this id."""
    write = commits.Write(ref=_ref(webhook.id), data=_encode(webhook))
    return not isinstance(await commits.commit(client.client(), [write]), Lost)


async def update(webhook: Webhook) -> bool:
    """On the fence that it carries. False: it has changed, or is gone."""
    write = commits.Write(ref=_ref(webhook.id), data=_encode(webhook), fence=webhook.fence)
    return not isinstance(await commits.commit(client.client(), [write]), Lost)


async def find(id_: str) -> Webhook | None:
    return _decode(await _ref(id_).get())


async def delete(id_: str) -> None:
    await _ref(id_).delete()


async def list_of(
    user_id: str, graph_id: str | None, after: tuple[datetime, str] | None, limit: int
) -> list[Webhook]:
    """A user's, newest first; with ``graph_id`` those of a graph."""
    query = _collection().where(filter=FieldFilter("user_id", "==", user_id))
    if graph_id is not None:
        query = query.where(filter=FieldFilter("graph_id", "==", graph_id))
    query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    query = query.start_after({"created_at": after[0], "__name__": _ref(after[1])}) if after else query
    return [found async for s in query.limit(limit).stream() if (found := _decode(s)) is not None]


async def erase_of_graph(user_id: str, graph_id: str) -> None:
    """All webhooks of a graph."""
    while found := await list_of(user_id, graph_id, None, 100):
        for one in found:
            await delete(one.id)


def _collection() -> firestore.AsyncCollectionReference:
    return client.client().collection("webhooks")


def _ref(id_: str) -> firestore.AsyncDocumentReference:
    return _collection().document(id_)


def _encode(webhook: Webhook) -> dict[str, Any]:
    return {
        "schema_version": _SCHEMA_VERSION,
        **{name: getattr(webhook, name) for name in _ALL},
        "input_data": values.dump(dict(webhook.input_data)),
    }


def _decode(snapshot: firestore.DocumentSnapshot[Any]) -> Webhook | None:
    if not snapshot.exists:
        return None
    row: Mapping[str, Any] = snapshot.to_dict() or {}
    return Webhook(
        id=snapshot.id,
        **{name: row[name] for name in _ALL},
        input_data=values.load(row["input_data"]),
        fence=commits.fence_of(snapshot.update_time),
    )
