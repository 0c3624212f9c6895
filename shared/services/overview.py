"""What does an administrator see first? How much there is of everything, how executions have gone, what is late."""

import asyncio
from typing import Any

from shared.firestore import overview, statistics
from shared.services import recovery_figures
from shared.services import statistics as figures
from shared.services.world import World


async def view(world: World) -> dict[str, Any]:
    """Executions of the last 30 days, as far as ``tick`` has added them up."""
    since, until = figures.window(world.now())
    counts, days, recovery = await asyncio.gather(
        asyncio.gather(*(overview.count(name) for name in overview.NAMES)),
        statistics.of_platform(since, until),
        recovery_figures.view(world.now()),
    )
    return {
        "counts": dict(zip(overview.NAMES, counts, strict=True)),
        "executions": figures.view(days, since.date(), until.date()),
        "past_due": recovery["past_due"],
        "repaired": recovery["repaired"],
    }
