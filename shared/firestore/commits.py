"""How does a conditional write answer? Applied with its fences, or lost; never an exception for a lost race.

Preconditions and their errors: https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#precondition
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.api_core import exceptions
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore_v1 import AsyncClient, AsyncDocumentReference, AsyncQuery, AsyncWriteBatch
from google.protobuf.timestamp_pb2 import Timestamp

from shared import tracing
from shared.domain.errors import Unavailable
from shared.domain.records import Lost

_ABORTED_PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Committed:
    """Fences of the documents, in the order of the writes."""

    update_times: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One document of an atomic commit. ``fence``: its update_time must be this; None: it must not exist. ``merged``:
    whatever it is, or is not, what ``data`` names is written over it."""

    ref: AsyncDocumentReference
    data: Document
    fence: str | None = None
    merged: bool = False


async def commit(client: AsyncClient, writes: Sequence[Write]) -> Committed | Lost:
    """All writes or none. Lost: a precondition did not hold, some document has changed, come or gone.

    ABORTED says that another commit held a lock; nothing was applied, so it is tried again."""
    with tracing.span("commit", "CLIENT", writes=len(writes)) as span:
        committed = await _commit(client, writes)
        span.set(lost=isinstance(committed, Lost))
        return committed


async def _commit(client: AsyncClient, writes: Sequence[Write]) -> Committed | Lost:
    for pause in (*_ABORTED_PAUSES, None):
        try:
            return Committed([fence_of(result.update_time) for result in await _batch(client, writes).commit()])
        except (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.AlreadyExists):
            return Lost()
        except exceptions.Aborted as error:
            if pause is None:
                raise Unavailable("Firestore aborted a commit again and again; try again later.") from error
            await asyncio.sleep(pause)
    raise AssertionError("unreachable")


async def erase(client: AsyncClient, query: AsyncQuery) -> bool:
    """Delete what a query finds, at most 500 documents. False: it found nothing."""
    refs = [snapshot.reference async for snapshot in query.select(["__name__"]).stream()]
    batch = client.batch()
    for ref in refs:
        batch.delete(ref)
    if refs:
        await batch.commit()
    return bool(refs)


async def each(client: AsyncClient, writes: Sequence[Write]) -> None:
    """Every write by itself, each to another document, in one request. Those that lose are left out."""
    request = {"database": client._database_string, "writes": _batch(client, writes)._write_pbs}  # pyright: ignore[reportPrivateUsage]
    await client._firestore_api.batch_write(request=request, metadata=client._rpc_metadata)  # pyright: ignore[reportPrivateUsage]


def _batch(client: AsyncClient, writes: Sequence[Write]) -> AsyncWriteBatch:
    batch = client.batch()
    for write in writes:
        if write.merged:
            batch.set(write.ref, write.data, merge=True)
        elif write.fence is None:
            batch.create(write.ref, write.data)
        else:
            option = client.write_option(last_update_time=timestamp(write.fence).timestamp_pb())
            batch.update(write.ref, write.data, option=option)
    return batch


def timestamp(fence: str) -> DatetimeWithNanoseconds:
    """As ``from_rfc3339`` reads it, whose ``strptime`` is ten times as slow; every write over a document needs it."""
    whole, _, fraction = fence.removesuffix("Z").partition(".")
    at = datetime.fromisoformat(whole)
    return DatetimeWithNanoseconds(
        at.year, at.month, at.day, at.hour, at.minute, at.second,
        nanosecond=int(fraction.ljust(9, "0")), tzinfo=UTC,
    )  # fmt: skip


def fence_of(stamp: Any) -> str:
    """An update_time as text with all its digits. The client gives a Timestamp for a query's snapshot, and for
    all else a DatetimeWithNanoseconds."""
    if isinstance(stamp, Timestamp):
        return DatetimeWithNanoseconds.from_timestamp_pb(stamp).rfc3339()
    return stamp.rfc3339()


def nanoseconds(stamp: Any) -> int:
    """A time of Firestore's as a number that says which of two came first: as texts, .34Z is behind .345Z."""
    exact = stamp if isinstance(stamp, Timestamp) else stamp.timestamp_pb()
    return exact.seconds * 1_000_000_000 + exact.nanos
