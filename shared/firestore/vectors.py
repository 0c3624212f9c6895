"""Which texts does an agent find by their meaning? One document for a user, agent, collection and text.

path      vectors/{hash of space and text}; a space is a user's, an agent's (or of all of them), and has a name
fields    user_id, graph_id ("": all agents), space (hash), text, metadata (JSON text), vector, created_at,
          schema_version
queries   the nearest of a space: an index of ``vector`` with ``DIMENSIONS`` after ``space``; of a space by ``space``,
          of a graph by user_id and graph_id, merged from single fields
hottest   a text that many runs add at once: one document, the last to write stays
pruned    when its graph is deleted, or a block empties the space
size      a text is at most ``MAX_BYTES``; a vector takes 8 bytes a dimension
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1 import AsyncDocumentReference, FieldFilter
from google.cloud.firestore_v1.base_vector_query import DistanceMeasure
from google.cloud.firestore_v1.vector import Vector

from shared.firestore import values
from shared.firestore.client import client, operation

DIMENSIONS = 768
"""Of every vector: the index has one length."""
MAX_BYTES = 100_000
MAX_FOUND = 100
_BATCH = 200
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    user_id: str
    graph_id: str
    name: str

    def id(self) -> str:
        return _hash(self.user_id, self.graph_id, self.name)


@operation
async def keep(
    space: Space, texts: Sequence[str], vectors: Sequence[Sequence[float]], metadata: Mapping[str, Any], now: datetime
) -> None:
    """Each text once, whoever adds it how often: again only writes it over."""
    pairs = list(zip(texts, vectors, strict=True))
    for start in range(0, len(pairs), _BATCH):
        batch = client().batch()
        for text, vector in pairs[start : start + _BATCH]:
            document = {
                "user_id": space.user_id,
                "graph_id": space.graph_id,
                "space": space.id(),
                "text": text,
                "metadata": values.dump(metadata),
                "vector": Vector(vector),
                "created_at": now,
                "schema_version": SCHEMA_VERSION,
            }
            batch.set(_reference(space, text), document)
        await batch.commit()


@operation
async def nearest(space: Space, vector: Sequence[float], limit: int) -> list[tuple[str, Any, float]]:
    """Text, metadata and cosine distance (0 to 2) of the nearest, nearest first."""
    query = (
        client()
        .collection("vectors")
        .where(filter=FieldFilter("space", "==", space.id()))
        .find_nearest(
            vector_field="vector",
            query_vector=Vector(vector),
            distance_measure=DistanceMeasure.COSINE,
            limit=limit,
            distance_result_field="distance",
        )
    )
    found: list[tuple[str, Any, float]] = []
    async for snapshot in query.stream():
        fields: dict[str, Any] = snapshot.to_dict() or {}
        found.append((fields["text"], values.load(fields["metadata"]), float(fields["distance"])))
    return found


@operation
async def erase_space(space: Space, most: int) -> int:
    """Remove what a space holds, ``most`` at once; how many that were."""
    return await _erase(client().collection("vectors").where(filter=FieldFilter("space", "==", space.id())), most)


@operation
async def erase(user_id: str, graph_id: str, most: int) -> int:
    """Remove what all spaces of a graph hold, ``most`` at once; how many that were."""
    of_user = client().collection("vectors").where(filter=FieldFilter("user_id", "==", user_id))
    return await _erase(of_user.where(filter=FieldFilter("graph_id", "==", graph_id)), most)


async def _erase(query: Any, most: int) -> int:
    found = [snapshot.reference async for snapshot in query.select([]).limit(most).stream()]
    batch = client().batch()
    for reference in found:
        batch.delete(reference)
    await batch.commit()
    return len(found)


def _reference(space: Space, text: str) -> AsyncDocumentReference:
    return client().collection("vectors").document(_hash(space.id(), text))


def _hash(*causes: str) -> str:
    told = "".join(f"{len(cause)}:{cause}" for cause in causes)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
