"""``executions``: start, list, read; reviews, and what is shared."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import executions as execution_routes
from shared.http.api import create_app
from shared.http.resources import Resource

RESOURCES = (
    Resource("functions.routers.reviews", "/api/v1/reviews/**"),
    Resource("functions.routers.shares", "/api/v1/executions/*/shares/**", "/share/*"),
    Resource("functions.routers.comparisons", "/api/v1/executions/*/comparison"),
)

app = create_app("executions", [execution_routes.router, *RESOURCES])


@functions_framework.aio.http
async def executions(request: Request) -> Any:
    return app
