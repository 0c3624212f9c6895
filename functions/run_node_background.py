"""``run_node_background``: node executions of the background queues. Called by Cloud Tasks only."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions import deliveries

app = deliveries.create_app("run_node_background")


@functions_framework.aio.http
async def run_node_background(request: Request) -> Any:
    return app
