"""``tick``: what is due is started, and what was lost is found. Called by Cloud Scheduler, each minute."""

import logging
from dataclasses import asdict
from typing import Any

import functions_framework.aio
from fastapi import APIRouter, Depends
from starlette.requests import Request

from shared.http import app as http_app
from shared.http import internal
from shared.services import erasing, occurring, outbox, recovery, recovery_figures, world

router = APIRouter(dependencies=[Depends(internal.internal_caller("tick"))])
_log = logging.getLogger(__name__)


@router.post("/")
async def post() -> dict[str, Any]:
    """How many schedules were due, how many events were left to tell, and what was repaired, which is logged where
    there is any. Accounts that are being deleted come last: they may take as long as there is."""
    here = world.real()
    started = await occurring.start_due(here)
    told = await outbox.post_left(here.now())
    repaired = asdict(await recovery.recover(here))
    await recovery_figures.record(here.now(), repaired)
    if any(repaired.values()):
        _log.warning("recovered %s", repaired, extra={"recovered": repaired})
    erased = await erasing.erase_due(here)
    return {"schedules_due": started, "events_told": told, "recovered": repaired, "accounts_erased": erased}


app = http_app.create_app("tick", [router])


@functions_framework.aio.http
async def tick(request: Request) -> Any:
    return app
