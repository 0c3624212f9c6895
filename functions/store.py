"""``store``: agents that others have published, how they come there, and the library of a user."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import library, moderation, presets, ratings, submissions
from functions.routers import store as store_routes
from shared.http.api import create_app

MODULES = (store_routes, ratings, submissions, moderation, library, presets)

app = create_app("store", [module.router for module in MODULES])


@functions_framework.aio.http
async def store(request: Request) -> Any:
    return app
