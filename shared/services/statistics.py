"""How have executions gone in the last 30 days? Counted when ``notify`` hears of their end, once each.

Who ends is noted under its own id, so that an event that comes twice counts once; ``tick`` adds up what is noted, and
who asks meanwhile is told that too.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.domain.permissions import Caller
from shared.firestore import statistics
from shared.firestore.statistics import Days
from shared.services import graphs
from shared.services.world import World

DAYS = 30
MAX_ROUNDS = 50
"""Of ``statistics.MAX_BATCH`` ended executions of a shard, in one run of ``tick``."""

_STATUSES = ("completed", "failed", "terminated")


async def add_up(world: World) -> int:
    """Add up what has ended; how many executions that were."""
    return sum(await asyncio.gather(*(_shard(shard) for shard in range(statistics.SHARDS))))


async def _shard(shard: int) -> int:
    total = 0
    for _ in range(MAX_ROUNDS):
        ended = await statistics.pending(shard, statistics.MAX_BATCH)
        if not ended or not await statistics.add_up(shard, ended):
            break  # somebody else adds up: the next run finds what they leave
        total += len(ended)
    return total


async def of_graph(world: World, caller: Caller, graph_id: str) -> dict[str, Any]:
    """NotFound: there is no such graph of the caller's."""
    await graphs.owned(caller, graph_id)
    since, until = window(world.now())
    days = (await statistics.of_graphs([graph_id], since, until))[graph_id]
    return {"graph_id": graph_id, **view(days, since.date(), until.date())}


async def summaries(world: World, graph_ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """For a list of graphs: how many executions, the part of them that completed, their mean duration in s."""
    if not graph_ids:
        return {}
    since, until = window(world.now())
    found = await statistics.of_graphs(graph_ids, since, until)
    names = ("executions", "success_rate", "mean_seconds")
    seen = {graph_id: view(days, since.date(), until.date()) for graph_id, days in found.items()}
    return {graph_id: {name: one[name] for name in names} for graph_id, one in seen.items()}


def window(now: datetime) -> tuple[datetime, datetime]:
    """The first of the days, and now."""
    now = now.astimezone(UTC)
    return now - timedelta(days=DAYS - 1), now


def view(days: Days, since: date, until: date) -> dict[str, Any]:
    """All of them together, and each."""
    dates = [(since + timedelta(days=number)).isoformat() for number in range((until - since).days + 1)]
    each = [days.get(day, {}) for day in dates]
    total: dict[str, float] = {}
    for figures in each:
        for name, value in figures.items():
            total[name] = max(total.get(name, 0.0), value) if name == "longest" else total.get(name, 0.0) + value
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        **_figures(total),
        "days": [{"date": day, **_figures(figures)} for day, figures in zip(dates, each, strict=True)],
    }


def _figures(figures: Mapping[str, float]) -> dict[str, Any]:
    """``success_rate``: completed of all, from 0 to 1; null, as the mean, where there were none."""
    executions = round(sum(figures.get(status, 0.0) for status in _STATUSES))
    return {
        "executions": executions,
        **{status: round(figures.get(status, 0.0)) for status in _STATUSES},
        "success_rate": figures.get("completed", 0.0) / executions if executions else None,
        "mean_seconds": figures.get("seconds", 0.0) / executions if executions else None,
        "longest_seconds": figures.get("longest") if executions else None,
        "cost": figures.get("cost", 0.0),
        "node_executions": round(figures.get("node_executions", 0.0)),
    }
