"""``graphs``: graphs and their versions, blocks; health and docs."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import blocks, docs, health, interop
from functions.routers import graphs as graph_routes
from shared.http.api import create_app

app = create_app("graphs", [graph_routes.router, interop.router, blocks.router, health.router, docs.router])


@functions_framework.aio.http
async def graphs(request: Request) -> Any:
    return app
