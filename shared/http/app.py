"""What do the apps of all HTTP functions have in common? Everything but their routers.

app = app.create_app("graphs", [graphs.router, blocks.router])

@functions_framework.aio.http
async def graphs(request): return app
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.convertors import PathConvertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared import config
from shared.domain.errors import WeftlyError
from shared.http import errors as wire
from shared.http import logs, middleware
from shared.http.answers import JsonAnswer
from shared.http.cors import Cors
from shared.http.heads import Heads


def create_app(title: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The app of one function. Its errors are AIP-193, whatever they come from; it serves no docs of its own:
    one OpenAPI document covers all functions."""
    logs.configure()
    # functions-framework serves a function by one route of this convertor: without it, a path with a line break is
    # the framework's own 404, which is not JSON.
    PathConvertor.regex = "(?s:.*)"
    settings = config.settings()
    app = FastAPI(
        title=title,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        default_response_class=JsonAnswer,
        redirect_slashes=False,
    )
    for router in routers:
        app.router.routes.extend(router.routes)  # including it would build each route a second time
    app.add_exception_handler(WeftlyError, _weftly_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception(routers))
    # The last added is the outermost.
    app.add_middleware(middleware.Bodies, limit=settings.max_body_bytes)
    app.add_middleware(middleware.Crashes)
    if settings.cors_origins:
        app.add_middleware(Cors, origins=settings.cors_origins)
    app.add_middleware(Heads)
    app.add_middleware(middleware.Envelope, function=title)
    return app


async def _weftly_error(request: Request, error: Any) -> Response:
    return wire.answer(error)


async def _validation_error(request: Request, error: Any) -> Response:
    return wire.answer(wire.from_pydantic(error.errors()))


def _http_exception(routers: Sequence[APIRouter]) -> Callable[[Request, Any], Awaitable[Response]]:
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]

    async def handle(request: Request, error: Any) -> Response:
        path = request.url.path
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the router names the methods of one route, and a path may have several
            allowed = {m for r in routes if r.path_regex.match(path) for m in r.methods or ()}
            headers["Allow"] = ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))
        return wire.answer(wire.from_status(error.status_code, str(error.detail), path), headers)

    return handle
