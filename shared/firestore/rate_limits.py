"""How many requests have been given to instances? One document for each user, key or address that asks.

path      rate_limits/{id}; id is a hash of the class and the subject
fields    counts (slot -> how many count in it), expires_at, schema_version
queries   by id only
hottest   one subject's own document: PARTS writes a minute at most for its limit, and one more for each instance that
          asks for the last at the same moment; a subject that is refused costs reads only
pruned    by TTL on expires_at, an hour after the last write; slots that are over, with the next write
size      under 2 KB
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import DELETE_FIELD, AsyncDocumentReference
from google.cloud.firestore_v1.transforms import Increment

from shared.domain import rate_limits as rules
from shared.domain.rate_limits import Batch, Taken
from shared.firestore.client import client, operation

SCHEMA_VERSION = 2
KEPT = timedelta(hours=1)


def record_id(kind: str, subject: str) -> str:
    return hashlib.sha256(f"{kind}\0{subject}".encode()).hexdigest()[:40]


@operation
async def take(record: str, count: int, limit: int, now: datetime, before: Batch | None = None) -> Taken:
    """Take up to ``count`` of what is left, and correct what counts of the batch ``before``; where nothing is left,
    nothing is written but that, if it matters. Several may take at once, without a condition, and none is lost: what
    the slot counts with them says what each got (``rules.got``)."""
    snapshot = await _reference(record).get(["counts"])
    kept: Mapping[str, int] = (snapshot.to_dict() or {}).get("counts", {})
    counts, slot = Counter({int(one): some for one, some in kept.items()}), rules.slot_of(now)
    changes = Counter(before.moved(slot) if before else {})
    counts.update(changes)
    asked = min(count, rules.free(counts, limit, slot))
    if asked <= 0 and not (before and before.is_late(slot)):
        return Taken(free=0, more_at=rules.more_at(counts, limit, slot))
    asked = max(0, asked)
    changes[slot] += asked
    counts[slot] = await _write(record, changes, [one for one in counts if rules.is_over(one, slot)], slot, now)
    return rules.taken(counts, limit, slot, asked)


async def _write(record: str, changes: Mapping[int, int], over: Sequence[int], slot: int, now: datetime) -> int:
    """What the slot counts then."""
    increments = {str(one): Increment(change) for one, change in changes.items()}
    counts = {**dict.fromkeys(map(str, over), DELETE_FIELD), **increments}
    document = {"counts": counts, "expires_at": now + KEPT, "schema_version": SCHEMA_VERSION}
    written: Any = await _reference(record).set(document, merge=True)
    return written.transform_results[sorted(increments).index(str(slot))].integer_value


def _reference(record: str) -> AsyncDocumentReference:
    return client().collection("rate_limits").document(record)
