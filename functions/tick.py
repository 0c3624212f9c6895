"""``tick``: what is due is started, and what was lost is found. Called by Cloud Scheduler, each minute."""

import logging
from dataclasses import asdict
from typing import Any

import functions_framework.aio
from starlette.requests import Request

from shared import metrics
from shared.http import internal
from shared.services import (
    delivering,
    digests,
    erasing,
    figures,
    file_keeping,
    occurring,
    outbox,
    polling,
    recovery,
    recovery_figures,
    statistics,
    world,
)

_log = logging.getLogger(__name__)


async def _work(request: Request) -> dict[str, Any]:
    """How many schedules were due and how many events were left to tell; what was repaired, which is logged where
    there is any, and done for files; how many triggers looked, after all that, since strangers' servers may be slow.
    Accounts that are being deleted come last: they may take as long as there is."""
    here = world.real()
    started = await occurring.start_due(here)
    told = await outbox.post_left(here.now())
    repaired = asdict(await recovery.recover(here))
    kept = asdict(await file_keeping.keep(here))
    await recovery_figures.record(here.now(), repaired)
    for what, count in repaired.items():
        if count:
            metrics.record("recovery_repairs_total", count, what=what)
    if any(repaired.values()):
        _log.warning("recovered %s", repaired, extra={"recovered": repaired})
    looked = await polling.look_all(here)
    for step in (figures.count_left, statistics.add_up, digests.send_due, delivering.recover):
        try:
            await step(here)
        except Exception:  # noqa: BLE001 - one that fails stands in nobody's way; the next run tries it again
            _log.exception("%s failed", step.__module__)
    erased = await erasing.erase_due(here)
    counts = {"schedules_due": started, "events_told": told, "triggers_looked": looked, "accounts_erased": erased}
    return {**counts, "recovered": repaired, "files": kept}


app = internal.create_app("tick", _work)


@functions_framework.aio.http
async def tick(request: Request) -> Any:
    return app
