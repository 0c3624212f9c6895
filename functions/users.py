"""``users``: the caller's own account."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import admin, api_keys, credentials, schedules
from functions.routers import users as user_routes
from shared.http.app import create_app

app = create_app("users", [user_routes.router, api_keys.router, admin.router, credentials.router, schedules.router])


@functions_framework.aio.http
async def users(request: Request) -> Any:
    return app
