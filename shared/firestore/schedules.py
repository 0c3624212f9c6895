"""Schedules: when a graph is executed by itself.

Paths: ``schedules/{id}``; what came of an occurrence: ``schedules/{id}/occurrences/{id}``.
Fields: user_id, graph_id, name, cron, timezone, input_data (JSON text), credentials, starts_at, ends_at, catch_up,
    overlap, state, next_at, due_shard (while something is due ever), last_at, last_execution_id, created_at,
    updated_at, schema_version; of an occurrence: at, result, message, execution_id, missed, expire_at.
Queries and their indexes: due ones of a shard, earliest first (due_shard, next_at); of a user (user_id, created_at)
    and of a graph (user_id, graph_id, created_at), newest first; occurrences, latest first (at; single field).
Hottest document: one schedule, one write for each of its occurrences.
Pruned by: deletion of the schedule or its graph; occurrences by TTL on expire_at.
Size: that of its inputs, at most ``MAX_INPUT`` bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.records import Lost
from shared.domain.schedule import CatchUp, Overlap, Schedule, State
from shared.firestore import client, commits, owned

SHARDS = 16
MAX_INPUT = 500_000
KEPT = timedelta(days=90)
"""How long an occurrence is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """``result``: STARTED, SKIPPED, MISSED or FAILED; ``missed``: how many, beginning at ``at``."""

    at: datetime
    result: str
    message: str = ""
    execution_id: str | None = None
    missed: int = 0


def _due(schedule: Schedule) -> dict[str, Any]:
    waits = schedule.state is State.ACTIVE and schedule.next_at is not None
    return {"due_shard": identity.shard(schedule.id, SHARDS) if waits else None}


documents = owned.Collection(
    "schedules",
    Schedule,
    json_text=frozenset({"input_data"}),
    read={"catch_up": CatchUp, "overlap": Overlap, "state": State},
    derived=_due,
    under=("occurrences",),
)


async def occurred(schedule: Schedule, occurrences: list[Occurrence], extra: Sequence[commits.Write] = ()) -> bool:
    """The schedule as it goes on, on its fence, what came of occurrences, and ``extra``, together. False: somebody
    else has dealt with them."""
    rows = [
        commits.Write(
            ref=_occurrences(schedule.id).document(identity.derive(schedule.id, one.at.isoformat(), one.result)),
            data={**{f.name: getattr(one, f.name) for f in fields(one)}, "expire_at": one.at + KEPT},
        )
        for one in occurrences
    ]
    return not isinstance(await commits.commit(client.client(), [documents.write(schedule), *rows, *extra]), Lost)


async def due(shard: int, now: datetime, limit: int) -> list[Schedule]:
    """Those that have something to do, the latest first waited for."""
    query = (
        client.client()
        .collection("schedules")
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("next_at", "<=", now))
        .order_by("next_at")
        .limit(limit)
    )
    return [found async for s in query.stream() if (found := documents.decode(s)) is not None]


async def occurrences(schedule_id: str, before: datetime | None, limit: int) -> list[Occurrence]:
    """What came of the latest, latest first."""
    query = _occurrences(schedule_id).order_by("at", direction="DESCENDING")
    query = query.start_after({"at": before}) if before else query
    names = [f.name for f in fields(Occurrence)]
    rows = [s.to_dict() or {} async for s in query.limit(limit).stream()]
    return [Occurrence(**{name: row[name] for name in names}) for row in rows]


def _occurrences(id_: str) -> firestore.AsyncCollectionReference:
    return documents.ref(id_).collection("occurrences")
