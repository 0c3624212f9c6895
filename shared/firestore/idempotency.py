"""Which POST has been made before, and what was its answer?

path      idempotency/{hash of user, route and key}
fields    user_id, fingerprint (of the body), holder, lease_until, born_at, answered, code, answer (zlib of the
          body), etag, expires_at, schema_version
queries   by id only
hottest   one document for one key, written twice for each request that carries it
pruned    by TTL on expires_at, 24 h after it was made, and with the account
size      an answer over 900 KB compressed is not recorded: the repetition makes the same resource again
"""

import contextlib
import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference, DocumentSnapshot
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=90)
"""Longer than a function may run, so that a living holder is never taken over."""
MAX_ANSWER_BYTES = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The caller is to do the work. ``born_at``: when the key was first seen, the same for every takeover."""

    record_id: str
    born_at: datetime
    fence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The work was done before; this was the answer."""

    code: int
    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Another request with this key is at work, until ``lease_until`` at the latest."""

    lease_until: datetime


class OtherBody:
    """The key was used with another body."""


def record_id(user_id: str, route: str, key: str) -> str:
    return hashlib.sha256("\0".join((user_id, route, key)).encode()).hexdigest()[:40]


@operation
async def begin(
    user_id: str, route: str, key: str, fingerprint: str, holder: str, now: datetime
) -> Held | Answered | Busy | OtherBody:
    """Claim the key, or say what became of it. Of two that race for it, one finds the other Busy.

    ``holder``: a random id of this request; by it a claim is known that was applied although its answer was lost.
    A holder that died is taken over when its lease is over; a record past ``expires_at`` counts as none, since
    TTL deletes within a day (https://cloud.google.com/firestore/docs/ttl)."""
    record = record_id(user_id, route, key)
    fresh = _fresh(user_id, fingerprint, holder, now)
    try:
        written = await _reference(record).create(fresh)
        return Held(record_id=record, born_at=now, fence=commits.fence_of(written.update_time))
    except exceptions.AlreadyExists:
        snapshot = await _reference(record).get()
    if (known := _judge(snapshot, fingerprint, holder, now)) is not None:
        return known
    data: dict[str, Any] = snapshot.to_dict() or {}
    renewed = fresh if data["expires_at"] <= now else {"holder": holder, "lease_until": now + LEASE}
    await _write(record, commits.fence_of(snapshot.update_time), renewed)
    taken = _judge(await _reference(record).get(), fingerprint, holder, now)
    return taken or Busy(lease_until=now + timedelta(seconds=1))


def _judge(
    snapshot: DocumentSnapshot[Any], fingerprint: str, holder: str, now: datetime
) -> Held | Answered | Busy | OtherBody | None:
    """What a record says to this request; None: it may be taken over."""
    if not snapshot.exists:
        return Busy(lease_until=now + timedelta(seconds=1))
    data: dict[str, Any] = snapshot.to_dict() or {}
    if data["expires_at"] <= now:
        return None
    if data["fingerprint"] != fingerprint:
        return OtherBody()
    if data["answered"]:
        return Answered(code=data["code"], body=zlib.decompress(data["answer"]), etag=data["etag"])
    if data["holder"] == holder:
        fence = commits.fence_of(snapshot.update_time)
        return Held(record_id=snapshot.id, born_at=data["born_at"], fence=fence)
    return Busy(lease_until=data["lease_until"]) if data["lease_until"] > now else None


@operation
async def complete(held: Held, code: int, body: bytes, etag: str) -> bool:
    """Record the answer. False: it is too large, or the lease was lost to another, whose answer counts."""
    packed = zlib.compress(body)
    if len(packed) > MAX_ANSWER_BYTES:
        return False
    changes = {"answered": True, "code": code, "answer": packed, "etag": etag}
    return await _write(held.record_id, held.fence, changes) is not None


@operation
async def release(held: Held, now: datetime) -> None:
    """Let the next request with this key do the work at once. The record stays, with what it was born with."""
    await _write(held.record_id, held.fence, {"lease_until": now})


@operation
async def forget(held: Held) -> None:
    """Nothing was done: let the key be as new, for any body. Nothing happens if the lease was lost to another."""
    option = LastUpdateOption(commits.timestamp(held.fence).timestamp_pb())
    with contextlib.suppress(exceptions.FailedPrecondition, exceptions.NotFound):
        await _reference(held.record_id).delete(option=option)


def _fresh(user_id: str, fingerprint: str, holder: str, now: datetime) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "fingerprint": fingerprint,
        "holder": holder,
        "lease_until": now + LEASE,
        "born_at": now,
        "answered": False,
        "expires_at": now + KEPT,
        "schema_version": SCHEMA_VERSION,
    }


async def _write(record: str, fence: str, changes: dict[str, Any]) -> str | None:
    """The new fence; None: somebody else has written since."""
    option = LastUpdateOption(commits.timestamp(fence).timestamp_pb())
    try:
        written = await _reference(record).update(changes, option=option)
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return None
    return commits.fence_of(written.update_time)


def _reference(record: str) -> AsyncDocumentReference:
    return client().collection("idempotency").document(record)
