"""``run_node``: node executions of the interactive queues. Called by Cloud Tasks only."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import deliveries
from shared.http import app as http_app

app = http_app.create_app("run_node", [deliveries.router("run_node")])


@functions_framework.aio.http
async def run_node(request: Request) -> Any:
    return app
