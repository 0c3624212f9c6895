"""``stream``: server-sent events of executions."""

from typing import Any

import functions_framework.aio
from starlette.requests import Request

from functions.routers import streams
from shared.http.api import create_app

app = create_app("stream", [streams.router])


@functions_framework.aio.http
async def stream(request: Request) -> Any:
    return app
