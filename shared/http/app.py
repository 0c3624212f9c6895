"""What do the apps of all functions have in common? Everything but their routes: see ``api`` and ``internal``."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.convertors import PathConvertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from shared import config
from shared.domain.errors import WeftlyError
from shared.http import errors as wire
from shared.http import logs, middleware, resources
from shared.http.cors import Cors
from shared.http.heads import Heads


def dress(app: Starlette, title: str, routes: Sequence[BaseRoute]) -> None:
    """Give an app its routes, and what every request meets on its way to them. Its errors are AIP-193, whatever they
    come from."""
    logs.configure()
    # functions-framework serves a function by one route of this convertor: without it, a path with a line break is
    # the framework's own 404, which is not JSON.
    PathConvertor.regex = "(?s:.*)"
    settings = config.settings()
    app.router.redirect_slashes = False
    app.router.routes.extend(routes)
    app.add_exception_handler(WeftlyError, _weftly_error)
    app.add_exception_handler(HTTPException, _http_exception(routes))
    # The last added is the outermost.
    app.add_middleware(middleware.Bodies, limit=settings.max_body_bytes)
    app.add_middleware(middleware.Crashes)
    if settings.cors_origins:
        app.add_middleware(Cors, origins=settings.cors_origins)
    app.add_middleware(Heads)
    app.add_middleware(middleware.Envelope, function=title)


async def _weftly_error(request: Request, error: Any) -> Response:
    return wire.answer(error)


def _http_exception(routes: Sequence[BaseRoute]) -> Callable[[Request, Any], Awaitable[Response]]:
    async def handle(request: Request, error: Any) -> Response:
        path = request.url.path
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the router names the methods of one route, and a path may have several
            allowed = {m for r in resources.of(routes, path) if r.path_regex.match(path) for m in r.methods or ()}
            headers["Allow"] = ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))
        return wire.answer(wire.from_status(error.status_code, str(error.detail), path), headers)

    return handle
