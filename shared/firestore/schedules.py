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

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.records import Lost
from shared.domain.schedule import CatchUp, Overlap, Schedule, State
from shared.firestore import client, commits, values

SHARDS = 16
MAX_INPUT = 500_000
KEPT = timedelta(days=90)
"""How long an occurrence is remembered."""

_SCHEMA_VERSION = 1
_PLAIN = {"user_id", "graph_id", "name", "cron", "timezone", "credentials", "starts_at", "ends_at", "next_at"} | {
    "last_at", "last_execution_id", "created_at", "updated_at",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """``result``: STARTED, SKIPPED, MISSED or FAILED; ``missed``: how many, beginning at ``at``."""

    at: datetime
    result: str
    message: str = ""
    execution_id: str | None = None
    missed: int = 0


async def create(schedule: Schedule) -> bool:
    """False: there is one of this id."""
    write = commits.Write(ref=_ref(schedule.id), data=_encode(schedule))
    return not isinstance(await commits.commit(client.client(), [write]), Lost)


async def update(schedule: Schedule) -> bool:
    """On the fence that it carries. False: it has changed, or is gone."""
    return not isinstance(await commits.commit(client.client(), [_write(schedule)]), Lost)


async def occurred(schedule: Schedule, occurrences: list[Occurrence]) -> bool:
    """The schedule as it goes on, on its fence, and what came of occurrences, together. False: somebody else has
    dealt with them."""
    rows = [
        commits.Write(
            ref=_occurrences(schedule.id).document(identity.derive(schedule.id, one.at.isoformat(), one.result)),
            data={**{f.name: getattr(one, f.name) for f in fields(one)}, "expire_at": one.at + KEPT},
        )
        for one in occurrences
    ]
    return not isinstance(await commits.commit(client.client(), [_write(schedule), *rows]), Lost)


async def find(id_: str) -> Schedule | None:
    return _decode(await _ref(id_).get())


async def delete(schedule: Schedule) -> bool:
    """It and its occurrences, these first. False: it has changed, or is gone."""
    while await commits.erase(client.client(), _occurrences(schedule.id).limit(300)):
        pass
    batch = client.client().batch()
    option = client.client().write_option(last_update_time=commits.timestamp(schedule.fence).timestamp_pb())
    batch.delete(_ref(schedule.id), option=option)
    try:
        await batch.commit()
    except (exceptions.FailedPrecondition, exceptions.NotFound):
        return False
    return True


async def erase_of_graph(user_id: str, graph_id: str) -> None:
    """All schedules of a graph; one that changes meanwhile is met again."""
    while found := await list_of(user_id, graph_id, None, 100):
        for one in found:
            await delete(one)


async def due(shard: int, now: datetime, limit: int) -> list[Schedule]:
    """Those that have something to do, the latest first waited for."""
    query = (
        _collection()
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("next_at", "<=", now))
        .order_by("next_at")
        .limit(limit)
    )
    return [found async for s in query.stream() if (found := _decode(s)) is not None]


async def list_of(
    user_id: str, graph_id: str | None, after: tuple[datetime, str] | None, limit: int
) -> list[Schedule]:
    """A user's, newest first; with ``graph_id`` those of a graph."""
    query = _collection().where(filter=FieldFilter("user_id", "==", user_id))
    if graph_id is not None:
        query = query.where(filter=FieldFilter("graph_id", "==", graph_id))
    query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    query = query.start_after({"created_at": after[0], "__name__": _ref(after[1])}) if after else query
    return [found async for s in query.limit(limit).stream() if (found := _decode(s)) is not None]


async def count(user_id: str) -> int:
    counted = await _collection().where(filter=FieldFilter("user_id", "==", user_id)).count().get()
    return int(counted[0][0].value)


async def occurrences(schedule_id: str, before: datetime | None, limit: int) -> list[Occurrence]:
    """What came of the latest, latest first."""
    query = _occurrences(schedule_id).order_by("at", direction="DESCENDING")
    query = query.start_after({"at": before}) if before else query
    names = [f.name for f in fields(Occurrence)]
    rows = [s.to_dict() or {} async for s in query.limit(limit).stream()]
    return [Occurrence(**{name: row[name] for name in names}) for row in rows]


def _collection() -> firestore.AsyncCollectionReference:
    return client.client().collection("schedules")


def _ref(id_: str) -> firestore.AsyncDocumentReference:
    return _collection().document(id_)


def _occurrences(id_: str) -> firestore.AsyncCollectionReference:
    return _ref(id_).collection("occurrences")


def _write(schedule: Schedule) -> commits.Write:
    data = _encode(schedule)
    if "due_shard" not in data:
        data["due_shard"] = firestore.DELETE_FIELD
    return commits.Write(ref=_ref(schedule.id), data=data, fence=schedule.fence)


def _encode(schedule: Schedule) -> dict[str, Any]:
    waits = schedule.state is State.ACTIVE and schedule.next_at is not None
    return {
        "schema_version": _SCHEMA_VERSION,
        **{name: getattr(schedule, name) for name in _PLAIN},
        "input_data": values.dump(dict(schedule.input_data)),
        "catch_up": schedule.catch_up,
        "overlap": schedule.overlap,
        "state": schedule.state,
        **({"due_shard": identity.shard(schedule.id, SHARDS)} if waits else {}),
    }


def _decode(snapshot: firestore.DocumentSnapshot[Any]) -> Schedule | None:
    if not snapshot.exists:
        return None
    row: Mapping[str, Any] = snapshot.to_dict() or {}
    return Schedule(
        id=snapshot.id,
        **{name: row[name] for name in _PLAIN},
        input_data=values.load(row["input_data"]),
        catch_up=CatchUp(row["catch_up"]),
        overlap=Overlap(row["overlap"]),
        state=State(row["state"]),
        fence=commits.fence_of(snapshot.update_time),
    )
