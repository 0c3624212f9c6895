"""What is the app of a function that only the platform calls? One route, which takes Google's OIDC tokens.

It is none of FastAPI, whose import is a third of the start of such a function, and which has nothing to do here.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared import config
from shared.gcp import oidc
from shared.http import app as apps
from shared.http.answers import JsonAnswer


def create_app(function: str, handle: Callable[[Request], Awaitable[Mapping[str, Any]]]) -> Starlette:
    """An app that answers ``POST /`` with what ``handle`` returns, to callers whose token has this function's URL as
    its audience."""

    async def post(request: Request) -> Response:
        audience = config.settings().function_url(function)
        await oidc.verify(request.headers.get("authorization"), audience)
        return JsonAnswer(await handle(request))

    app = Starlette()
    apps.dress(app, function, [Route("/", post, methods=["POST"])])
    return app
