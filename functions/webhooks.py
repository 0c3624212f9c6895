"""``webhooks``: ingress of events that others report."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import ingress
from shared.http.api import create_app

app = create_app("webhooks", [ingress.router])


@functions_framework.aio.http
async def webhooks(request: Request) -> Any:
    return app
