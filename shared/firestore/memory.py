"""What do agents remember? One document for a user, an agent (or all of them) and a key.

path      memory/{hash of user, agent and key}
fields    user_id, graph_id ("": all agents of the user), key, value (JSON text), updated_at, schema_version
queries   by id; those of a graph by user_id and graph_id, merged from single fields
hottest   a key that every run of a user writes; Firestore takes about one a second for a document, and the rest wait
pruned    when its graph is deleted, or a block forgets it. No TTL: it is meant to last until it is written over
size      the value is at most ``MAX_BYTES``, below the 1 MiB of a document
"""

import hashlib
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1 import AsyncDocumentReference, FieldFilter

from shared.firestore import values
from shared.firestore.client import client, operation

MAX_BYTES = 900_000
SCHEMA_VERSION = 1


@operation
async def find(user_id: str, graph_id: str, key: str) -> list[Any]:
    """The value in a list; an empty one: nothing is kept."""
    snapshot = await _reference(user_id, graph_id, key).get()
    return [values.load((snapshot.to_dict() or {})["value"])] if snapshot.exists else []


@operation
async def keep(user_id: str, graph_id: str, key: str, value: Any, now: datetime) -> bool:
    """Whether it was kept; not, where it is too large. The last to write stays."""
    text = values.dump(value)
    if len(text.encode()) > MAX_BYTES:
        return False
    document = {
        "user_id": user_id,
        "graph_id": graph_id,
        "key": key,
        "value": text,
        "updated_at": now,
        "schema_version": SCHEMA_VERSION,
    }
    await _reference(user_id, graph_id, key).set(document)
    return True


@operation
async def remove(user_id: str, graph_id: str, key: str) -> bool:
    """Whether there was any; of two that remove it at once both may say so."""
    reference = _reference(user_id, graph_id, key)
    found = (await reference.get(field_paths=["user_id"])).exists
    await reference.delete()
    return found


@operation
async def erase(user_id: str, graph_id: str, most: int) -> int:
    """Remove what a graph remembers, ``most`` at once; how many that were."""
    query = (
        client()
        .collection("memory")
        .where(filter=FieldFilter("user_id", "==", user_id))
        .where(filter=FieldFilter("graph_id", "==", graph_id))
        .select([])
        .limit(most)
    )
    found = [snapshot.reference async for snapshot in query.stream()]
    batch = client().batch()
    for reference in found:
        batch.delete(reference)
    await batch.commit()
    return len(found)


def _reference(user_id: str, graph_id: str, key: str) -> AsyncDocumentReference:
    causes = "".join(f"{len(cause)}:{cause}" for cause in (user_id, graph_id, key))
    return client().collection("memory").document(hashlib.sha256(causes.encode("utf-8", "surrogatepass")).hexdigest())
