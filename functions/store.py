"""``store``: the library of a user."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import library, presets
from shared.http.app import create_app

MODULES = (library, presets)

app = create_app("store", [module.router for module in MODULES])


@functions_framework.aio.http
async def store(request: Request) -> Any:
    return app
