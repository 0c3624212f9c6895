"""``run_node``: node executions of the interactive queues. Called by Cloud Tasks only."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions import deliveries

app = deliveries.create_app("run_node")


@functions_framework.aio.http
async def run_node(request: Request) -> Any:
    return app
