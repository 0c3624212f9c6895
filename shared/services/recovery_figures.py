"""How well does recovery do? What is past due now, and what it had to repair lately."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.firestore import executions, node_executions, recoveries
from shared.firestore.recoveries import Recovery

WINDOW = timedelta(hours=24)
SHOWN = 60
"""The runs that are listed."""
MAX_A_SHARD = 20
"""Past due documents that are looked at in each shard: many are many."""


async def record(now: datetime, figures: Mapping[str, int]) -> None:
    """Keep what a run has repaired; nothing, where it was nothing."""
    if any(figures.values()):
        await recoveries.record(Recovery(at=now, figures=figures))


async def view(now: datetime) -> dict[str, Any]:
    """``{past_due, repaired, runs}``: of the last 24 hours."""
    late, runs = await asyncio.gather(_past_due(now), recoveries.since(now - WINDOW, 24 * 60))
    repaired: Counter[str] = Counter()
    for run in runs:
        repaired.update(run.figures)
    shown = [{"at": run.at, "figures": run.figures} for run in runs[:SHOWN]]
    return {"past_due": late, "repaired": dict(repaired), "runs": shown}


async def _past_due(now: datetime) -> dict[str, int]:
    """How many are past due; at most ``MAX_A_SHARD`` of a shard are counted."""
    shards = range(executions.SHARDS)
    runs = asyncio.gather(*(executions.due(shard, now, MAX_A_SHARD) for shard in shards))
    nodes = asyncio.gather(*(node_executions.due(shard, now, MAX_A_SHARD) for shard in shards))
    return {"executions": sum(map(len, await runs)), "node_executions": sum(map(len, await nodes))}
