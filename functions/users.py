"""``users``: the caller's own account."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import users as user_routes
from shared.http.api import create_app
from shared.http.resources import Resource

RESOURCES = (
    Resource("functions.routers.account", "/api/v1/me", "/api/v1/me/export"),
    Resource("functions.routers.api_keys", "/api/v1/me/api-keys/**"),
    Resource("functions.routers.admin", "/api/v1/admin/**"),
    Resource("functions.routers.credentials", "/api/v1/credentials/**"),
    Resource("functions.routers.files", "/api/v1/files/**"),
    Resource("functions.routers.schedules", "/api/v1/schedules/**", "/api/v1/graphs/*/schedules"),
    Resource("functions.routers.triggers", "/api/v1/triggers/**", "/api/v1/graphs/*/triggers"),
    Resource("functions.routers.usage", "/api/v1/me/usage/**", "/api/v1/admin/users/*/usage"),
    Resource("functions.routers.webhooks", "/api/v1/graphs/*/webhooks/**"),
    Resource(
        "functions.routers.notification_ways",
        "/api/v1/me/notifications/devices/**",
        "/api/v1/me/notifications/preferences",
        "/api/v1/me/notifications/webhooks/**",
    ),
    Resource("functions.routers.notifications", "/api/v1/me/notifications/**"),
)
"""``notification_ways`` before ``notifications``, in whose paths anything may stand for an id."""

app = create_app("users", [user_routes.router, *RESOURCES])


@functions_framework.aio.http
async def users(request: Request) -> Any:
    return app
