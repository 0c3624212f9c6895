"""``users``: the caller's own account."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import (
    account,
    admin,
    api_keys,
    credentials,
    files,
    notification_ways,
    notifications,
    schedules,
    triggers,
    usage,
    webhooks,
)
from functions.routers import users as user_routes
from shared.http.api import create_app

MODULES = (
    user_routes,
    account,
    api_keys,
    admin,
    credentials,
    files,
    schedules,
    triggers,
    usage,
    webhooks,
    notification_ways,
    notifications,
)
"""``notification_ways`` before ``notifications``, in whose paths anything may stand for an id."""

app = create_app("users", [module.router for module in MODULES])


@functions_framework.aio.http
async def users(request: Request) -> Any:
    return app
