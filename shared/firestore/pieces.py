"""What does a model say so far? A document a piece of text, while its node execution runs and somebody may watch.

Path: ``executions/{execution_id}/pieces/{id}``; id derived from the claim of the call and the number of the piece.
Fields: node_execution_id, node_id, pin, claim, number, offset, text, at, expire_at, schema_version.
Queries and their indexes: all of an execution.
Hottest document: one write. Documents of one execution: ``PARTIALS_PER_SECOND`` for each model that speaks.
Pruned by: TTL on expire_at, or deletion of its execution.
Size: that of the text of a quarter of a second.
"""

from collections.abc import Sequence
from datetime import timedelta

from google.cloud import firestore_v1 as firestore

from shared.domain.live import Piece
from shared.firestore import client, commits, executions

KEPT = timedelta(hours=1)
_SCHEMA_VERSION = 1


def collection(execution_id: str) -> firestore.AsyncCollectionReference:
    return executions.ref(execution_id).collection("pieces")


async def add(execution_id: str, pieces: Sequence[Piece]) -> None:
    """Each by itself; one that is there stays."""
    await commits.each(client.client(), [_new(execution_id, piece) for piece in pieces])


async def erase(execution_id: str, limit: int) -> bool:
    """Delete some of an execution's. False: there was none."""
    return await commits.erase(client.client(), collection(execution_id).limit(limit))


def _new(execution_id: str, piece: Piece) -> commits.Write:
    data = {
        "schema_version": _SCHEMA_VERSION,
        "node_execution_id": piece.node_execution_id,
        "node_id": piece.node_id,
        "pin": piece.pin,
        "claim": piece.claim,
        "number": piece.number,
        "offset": piece.offset,
        "text": piece.text,
        "at": piece.at,
        "expire_at": piece.at + KEPT,
    }
    return commits.Write(ref=collection(execution_id).document(piece.id), data=data)
