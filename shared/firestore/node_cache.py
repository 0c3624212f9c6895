"""Outputs to be used again: one document for a user, a block and its inputs.

Path: ``node_cache/{hash of user, block type, block version and inputs}``; the inputs are nowhere but in the hash.
Fields: user_id, outputs, created_at, expires_at, schema_version.
Queries and their indexes: none; read by id.
Hottest document: one write for each node execution that ran with the same inputs because it found no entry.
Pruned by: TTL on expires_at, ``KEPT`` after it was written.
Size: outputs are JSON text of at most ``MAX_BYTES`` bytes; larger ones are not kept.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore_v1 as firestore

from shared.domain.records import Output
from shared.firestore import client, values

KEPT = timedelta(days=7)
MAX_BYTES = 500_000
_SCHEMA_VERSION = 1


def entry_id(user_id: str, block_type: str, version: int, inputs: str) -> str:
    """``inputs``: as JSON text, in which the parts of a dictionary stand in their order: blocks see it."""
    causes = "".join(f"{len(cause)}:{cause}" for cause in (user_id, block_type, str(version), inputs))
    return hashlib.sha256(causes.encode("utf-8", "surrogatepass")).hexdigest()


async def find(id_: str, now: datetime) -> list[Output] | None:
    """What is kept; None: nothing, or it is too old (TTL deletes within a day, https://cloud.google.com/firestore/docs/ttl)."""
    snapshot = await _ref(id_).get()
    fields: dict[str, Any] = snapshot.to_dict() or {}
    return values.load_outputs(fields["outputs"]) if fields and fields["expires_at"] > now else None


async def keep(id_: str, user_id: str, outputs: Sequence[Output], now: datetime) -> None:
    """Keep the values themselves: those that are stored belong to their execution. The last to write stays."""
    text = values.dump_outputs([Output(pin=o.pin, value=o.value) for o in outputs])
    if len(text.encode()) <= MAX_BYTES:
        await _ref(id_).set(
            {
                "user_id": user_id,
                "outputs": text,
                "created_at": now,
                "expires_at": now + KEPT,
                "schema_version": _SCHEMA_VERSION,
            }
        )


def _ref(id_: str) -> firestore.AsyncDocumentReference:
    return client.client().collection("node_cache").document(id_)
