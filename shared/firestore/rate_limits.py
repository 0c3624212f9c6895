"""How many requests have been given to instances? One document for each user, key or address that asks.

path      rate_limits/{id}; id is a hash of the class and the subject
fields    started, used, expires_at, schema_version
queries   by id only
hottest   one subject's own document: PARTS writes a minute at most for its limit, and one more for each instance that
          finds the window over; a subject that is refused costs reads only, one for each instance and minute
pruned    by TTL on expires_at, an hour after the window began
size      under 200 bytes
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference
from google.cloud.firestore_v1._helpers import LastUpdateOption
from google.cloud.firestore_v1.transforms import Increment

from shared.domain.rate_limits import Window
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
KEPT = timedelta(hours=1)


def record_id(kind: str, subject: str) -> str:
    return hashlib.sha256(f"{kind}\0{subject}".encode()).hexdigest()[:40]


@operation
async def take(record: str, count: int, limit: int, now: datetime) -> Window:
    """Count ``count`` more in the window that holds now; in one that is spent, nothing. Several may count at once,
    and none is lost: what a window counts with them says what each got (``rate_limits.granted``)."""
    while True:
        snapshot = await _reference(record).get()
        data: dict[str, Any] = snapshot.to_dict() or {}
        if not snapshot.exists or data["started"] + timedelta(minutes=1) <= now:
            if await _begin(record, snapshot, count, now):
                return Window(started=now, used=count)
            continue  # another has begun it
        window = Window(started=data["started"], used=data["used"])
        if window.used >= limit:
            return Window(started=window.started, used=window.used + count)
        written: Any = await _reference(record).update({"used": Increment(count)})
        return Window(started=window.started, used=written.transform_results[0].integer_value)


async def _begin(record: str, before: Any, count: int, now: datetime) -> bool:
    document = {"started": now, "used": count, "expires_at": now + KEPT, "schema_version": SCHEMA_VERSION}
    try:
        if before.exists:
            await _reference(record).update(document, option=LastUpdateOption(before.update_time))
        else:
            await _reference(record).create(document)
    except (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True


def _reference(record: str) -> AsyncDocumentReference:
    return client().collection("rate_limits").document(record)
