"""How have the executions of a graph gone? Noted one by one when they end, and added up by ``tick``.

Paths: ``ended/{execution_id}``: one that has ended; ``statistics/{graph_id}-{YYYYMM}``: a graph's, by day;
    ``statistics/platform.{shard}-{YYYYMM}``: everybody's.
Fields: of one that has ended: user_id, graph_id, status, seconds, cost, node_executions, at, pending (the shard,
    until it is added up), expire_at. Of statistics: user_id, graph_id, days (map: day of the month ->
    figures), expire_at.
Queries and their indexes: what is to be added up, of a shard in the order of graphs, or of a graph (pending,
    graph_id).
Hottest document: a graph's month, and the platform's of a shard: one write for ``MAX_BATCH`` ended executions at
    most, and as a rule one a minute, since only ``tick`` adds up. So no document is hot, however many end.
Pruned by: TTL on expire_at: what has ended outlives every redelivery of its event (7 days), a month what is asked of
    it.
Size: a month under 10 KB.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.statuses import Status
from shared.firestore import client, commits
from shared.firestore.client import operation

SHARDS = 16
MAX_BATCH = 200
KEPT = timedelta(days=14)
KEPT_MONTH = timedelta(days=31 + 31 + 14)
"""From its first day: 30 days that end in the next month, and some more."""

_SCHEMA_VERSION = 1
_PLATFORM = "platform"
_SUMS = ("seconds", "cost", "node_executions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    execution_id: str
    user_id: str
    graph_id: str
    status: Status
    seconds: float
    cost: float
    node_executions: int
    at: datetime
    fence: str = ""


Days = dict[str, dict[str, float]]
"""Date (YYYY-MM-DD, in UTC) -> figure -> value: a count for each final status, ``_SUMS``, and ``longest`` in s."""


@operation
async def note(ended: Ended) -> None:
    """An execution has ended. Noted again it is the same."""
    data = {
        "schema_version": _SCHEMA_VERSION,
        "user_id": ended.user_id,
        "graph_id": ended.graph_id,
        "status": ended.status,
        "seconds": ended.seconds,
        "cost": ended.cost,
        "node_executions": ended.node_executions,
        "at": ended.at,
        "pending": identity.shard(ended.execution_id, SHARDS),
        "expire_at": ended.at + KEPT,
    }
    await commits.commit(client.client(), [commits.Write(ref=_ended().document(ended.execution_id), data=data)])


@operation
async def pending(shard: int, limit: int) -> list[Ended]:
    """What is to be added up, a graph's together."""
    query = _ended().where(filter=FieldFilter("pending", "==", shard)).order_by("graph_id").limit(limit)
    return [_decode(snapshot) async for snapshot in query.stream()]


@operation
async def add_up(shard: int, ended: Sequence[Ended]) -> bool:
    """Add them to their graphs' months and to the platform's, and mark them, in one write. False: somebody else has
    added up one of them; nothing was written."""
    batch = client.client().batch()
    for one in ended:
        option = client.client().write_option(last_update_time=commits.timestamp(one.fence).timestamp_pb())
        batch.update(_ended().document(one.execution_id), {"pending": firestore.DELETE_FIELD}, option=option)
    months: dict[tuple[str, str, str], list[Ended]] = defaultdict(list)
    for one in ended:
        months[one.graph_id, one.user_id, _month(one.at)].append(one)
        months[f"{_PLATFORM}.{shard}", "", _month(one.at)].append(one)
    for (graph_id, user_id, month), of_it in months.items():
        batch.set(_statistics().document(f"{graph_id}-{month}"), _sums(graph_id, user_id, month, of_it), merge=True)
    try:
        await batch.commit()
    except (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.Aborted):
        return False
    return True


@operation
async def of_graphs(graph_ids: Sequence[str], since: datetime, until: datetime) -> dict[str, Days]:
    """The days of each graph, and what has ended but is not added up: both as of one time."""
    months = sorted({_month(since), _month(until), _month(since + (until - since) / 2)})
    found: dict[str, Days] = {graph_id: {} for graph_id in graph_ids}
    read_time: datetime | None = None
    refs = [_statistics().document(f"{graph_id}-{month}") for graph_id in graph_ids for month in months]
    async for snapshot in client.client().get_all(refs):
        read_time = snapshot.read_time
        graph_id, _, month = snapshot.id.rpartition("-")
        _read(found[graph_id], month, snapshot.to_dict() or {})
    for graph_id in graph_ids:
        query = _ended().where(filter=FieldFilter("pending", "in", list(range(SHARDS))))
        query = query.where(filter=FieldFilter("graph_id", "==", graph_id))
        async for snapshot in query.stream(read_time=read_time):
            _add(found[graph_id], _decode(snapshot))
    return found


@operation
async def of_platform(since: datetime, until: datetime) -> Days:
    """Everybody's days, as far as they are added up: a minute ago."""
    months = sorted({_month(since), _month(until), _month(since + (until - since) / 2)})
    refs = [_statistics().document(f"{_PLATFORM}.{shard}-{month}") for shard in range(SHARDS) for month in months]
    total: Days = {}
    async for snapshot in client.client().get_all(refs):
        days: Days = {}
        _read(days, snapshot.id.rpartition("-")[2], snapshot.to_dict() or {})
        for day, figures in days.items():
            _merge(total.setdefault(day, {}), figures)
    return total


def _sums(graph_id: str, user_id: str, month: str, ended: Sequence[Ended]) -> dict[str, Any]:
    days: Days = {}
    for one in ended:
        _add(days, one)
    first = datetime.strptime(month, "%Y%m").replace(tzinfo=UTC)
    return {
        "schema_version": _SCHEMA_VERSION,
        "user_id": user_id,
        "graph_id": graph_id,
        "expire_at": first + KEPT_MONTH,
        "days": {
            day[-2:]: {
                name: firestore.Maximum(value) if name == "longest" else firestore.Increment(value)
                for name, value in figures.items()
            }
            for day, figures in days.items()
        },
    }


def _add(days: Days, one: Ended) -> None:
    figures = {one.status.lower(): 1.0, **{name: float(getattr(one, name)) for name in _SUMS}, "longest": one.seconds}
    _merge(days.setdefault(one.at.astimezone(UTC).date().isoformat(), {}), figures)


def _merge(into: dict[str, float], figures: Mapping[str, float]) -> None:
    for name, value in figures.items():
        old = into.get(name, 0.0)
        into[name] = max(old, value) if name == "longest" else old + value


def _read(days: Days, month: str, row: Mapping[str, Any]) -> None:
    for day, figures in row.get("days", {}).items():
        days[f"{month[:4]}-{month[4:]}-{day}"] = dict(figures)


def _month(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m")


def _ended() -> firestore.AsyncCollectionReference:
    return client.client().collection("ended")


def _statistics() -> firestore.AsyncCollectionReference:
    return client.client().collection("statistics")


def _decode(snapshot: Any) -> Ended:
    row: dict[str, Any] = snapshot.to_dict() or {}
    names = ("user_id", "graph_id", "seconds", "cost", "node_executions", "at")
    return Ended(
        execution_id=snapshot.id,
        status=Status(row["status"]),
        fence=commits.fence_of(snapshot.update_time),
        **{name: row[name] for name in names},
    )
