"""``store``: agents that others have published, how they come there, and the library of a user."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import store as store_routes
from shared.http.api import create_app
from shared.http.resources import Resource

STORE = "/api/v1/store"
LIBRARY = "/api/v1/library"

RESOURCES = (
    Resource("functions.routers.ratings", f"{STORE}/agents/*/ratings/**", f"{STORE}/agents/*/download"),
    Resource("functions.routers.submissions", f"{STORE}/submissions/**"),
    Resource(
        "functions.routers.moderation", f"{STORE}/moderation", f"{STORE}/agents/*/*", f"{STORE}/submissions/*/*"
    ),
    Resource("functions.routers.library", f"{LIBRARY}/agents/**", f"{LIBRARY}/folders/**"),
    Resource("functions.routers.presets", f"{LIBRARY}/presets/**", f"{LIBRARY}/agents/*/presets"),
)

app = create_app("store", [store_routes.router, *RESOURCES])


@functions_framework.aio.http
async def store(request: Request) -> Any:
    return app
