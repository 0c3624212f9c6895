"""Which documents hold something sealed? For whoever changes the key that wraps it (``services/rewrapping.py``).

A collection whose documents have the field ``sealed`` and that is not in ``COLLECTIONS`` fails
``tests/style/test_sealed.py``: what it seals would be lost with the old key.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.firestore.client import client, operation

COLLECTIONS = ("credentials", "webhooks", "outgoing_webhooks", "oauth_states")
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A document with something sealed. ``place``: its path, which the secret is sealed for. ``read_at``: its
    update_time. ``sealed`` is empty where nothing is."""

    place: str
    user_id: str
    sealed: Mapping[str, Any]
    read_at: Any


async def all_of_them() -> AsyncIterator[Holder]:
    """Each of every user's, collection by collection, by their names."""
    for name in COLLECTIONS:
        after: str | None = None
        while page := await _page(name, after):
            for holder in page:
                if holder.sealed:
                    yield holder
            after = page[-1].place.partition("/")[2]


@operation
async def _page(name: str, after: str | None) -> list[Holder]:
    collection = client().collection(name)
    query = collection.order_by("__name__").select(["user_id", "sealed"]).limit(_PAGE)
    query = query.start_after({"__name__": collection.document(after)}) if after is not None else query
    return [
        Holder(
            place=f"{name}/{snapshot.id}",
            user_id=row.get("user_id", ""),
            sealed=row.get("sealed") or {},
            read_at=snapshot.update_time,
        )
        async for snapshot in query.stream()
        for row in [snapshot.to_dict() or {}]
    ]


@operation
async def replace(holder: Holder, sealed: Mapping[str, Any]) -> bool:
    """False: it has changed since it was read, or is gone."""
    try:
        await client().document(holder.place).update({"sealed": sealed}, option=LastUpdateOption(holder.read_at))
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True
