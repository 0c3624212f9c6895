"""Files that users keep, and those on their way in. Their bytes are objects (``gcp/file_objects.py``).

Path: ``files/{id}``.
Fields: those of ``domain.files.File``; due_shard (while due_at is set), schema_version.
Queries and their indexes: of a user (user_id, created_at), also of one status (user_id, status, created_at), newest
    first; how many a user has, and how many bytes they hold (user_id, held: a sum wants its field in an index); due
    ones of a shard, the longest waiting first (due_shard, due_at).
Hottest document: one file's own, a handful of writes in its life.
Pruned by: ``tick`` (``services/file_keeping.py``), since objects go with it, which no TTL would take along.
Size: under 3 KB.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.files import File, FileStatus
from shared.firestore import owned
from shared.firestore.client import client, operation

SHARDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a user keeps: files of any status, and the bytes that count."""

    files: int
    bytes: int


def _due(file: File) -> dict[str, Any]:
    return {"due_shard": identity.shard(file.id, SHARDS) if file.due_at is not None else None}


documents = owned.Collection("files", File, read={"status": FileStatus}, derived=_due)


@operation
async def held(user_id: str) -> Held:
    """What a user keeps now; of two who create and then ask, the later sees both."""
    query: Any = client().collection("files").where(filter=FieldFilter("user_id", "==", user_id))
    counted = (await query.count(alias="files").sum("held", alias="bytes").get())[0]
    found = {one.alias: int(one.value or 0) for one in counted}
    return Held(files=found["files"], bytes=found["bytes"])


@operation
async def due(shard: int, now: datetime, limit: int) -> list[File]:
    """Those to be looked at."""
    query = (
        client()
        .collection("files")
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("due_at", "<=", now))
        .order_by("due_at")
        .limit(limit)
    )
    return [found async for s in query.stream() if (found := documents.decode(s)) is not None]
