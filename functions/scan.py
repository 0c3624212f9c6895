"""``scan``: a file has come into quarantine. Called by Pub/Sub for each, and by Cloud Tasks for what was lost."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from shared.http import internal, json_text
from shared.services import scanning, world


async def _take(request: Request) -> dict[str, Any]:
    """What became of the file. A message that tells of nothing is answered too: no repetition would mend it."""
    arrived = scanning.read(json_text.loads(await request.body()))
    return {"outcome": "NOTHING_CAME" if arrived is None else await scanning.handle(world.real(), arrived)}


app = internal.create_app("scan", _take)


@functions_framework.aio.http
async def scan(request: Request) -> Any:
    return app
