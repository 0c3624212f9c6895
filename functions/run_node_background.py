"""``run_node_background``: node executions of the background queues. Called by Cloud Tasks only."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import deliveries
from shared.http import app as http_app

app = http_app.create_app("run_node_background", [deliveries.router("run_node_background")])


@functions_framework.aio.http
async def run_node_background(request: Request) -> Any:
    return app
