"""``graphs``: graphs and their versions, blocks; health and docs."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import graphs as graph_routes
from shared.http.api import create_app
from shared.http.resources import Resource

RESOURCES = (
    Resource("functions.routers.interop", "/api/v1/graphs/import", "/api/v1/graphs/*/export"),
    Resource("functions.routers.blocks", "/api/v1/blocks/**"),
    Resource("functions.routers.health", "/health"),
    Resource("functions.routers.docs", "/docs", "/openapi.json", "/static/*"),
)

app = create_app("graphs", [graph_routes.router, *RESOURCES])


@functions_framework.aio.http
async def graphs(request: Request) -> Any:
    return app
