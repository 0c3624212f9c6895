"""What has recovery repaired?

path      recoveries/{id}; id is the minute, so that a run that is repeated writes nothing twice
fields    at, figures (name -> count), expires_at, schema_version
queries   the last, newest first (at, single field)
hottest   no document is written twice; one a minute at most, and none where nothing was repaired
pruned    by TTL on expires_at, after 30 days
size      under 1 KB
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import AsyncCollectionReference
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    at: datetime
    figures: Mapping[str, int]


@operation
async def record(recovery: Recovery) -> None:
    document = {
        "at": recovery.at,
        "figures": dict(recovery.figures),
        "expires_at": recovery.at + KEPT,
        "schema_version": SCHEMA_VERSION,
    }
    await _collection().document(recovery.at.strftime("%Y-%m-%dT%H:%M")).set(document)


@operation
async def since(at: datetime, limit: int) -> list[Recovery]:
    """The runs since then that repaired something, newest first."""
    query = (
        _collection().where(filter=FieldFilter("at", ">=", at)).order_by("at", direction="DESCENDING").limit(limit)
    )
    documents: list[dict[str, Any]] = [snapshot.to_dict() or {} async for snapshot in query.stream()]
    return [Recovery(at=data["at"], figures=data["figures"]) for data in documents]


def _collection() -> AsyncCollectionReference:
    return client().collection("recoveries")
