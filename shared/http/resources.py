"""Which routes may a path be for? Those of a resource are imported when a path of its own is first asked for.

A function has up to a dozen resources, and an instance that has just started is asked for one. Imported are their
modules, with the services, documents and models that only they need; what all need is there before.

    Resource("functions.routers.schedules", "/api/v1/schedules/**", "/api/v1/graphs/*/schedules")

In a path ``*`` is one segment and ``**`` at the end whatever follows, or nothing. A test holds the paths against the
routes.
"""

import functools
import importlib
from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

_MATCHED = "route_of_resource"


class Resource(BaseRoute):
    """In the place of the routes of one module: of all routers in it."""

    def __init__(self, module: str, *paths: str) -> None:
        self.module = module
        self._paths = [path.split("/") for path in paths]

    @functools.cached_property
    def routes(self) -> Sequence[BaseRoute]:
        """Imports the module. Whatever goes wrong there is the failure of this request, and of the next."""
        values = vars(importlib.import_module(self.module)).values()
        return [route for router in values if isinstance(router, Router) for route in router.routes]

    def may_have(self, path: str) -> bool:
        segments = path.split("/")
        return any(_fits(pattern, segments) for pattern in self._paths)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a list of the routes would: the first that takes path and method, else the first that takes the path."""
        found: tuple[Match, Scope] = (Match.NONE, {})
        if scope["type"] != "http" or not self.may_have(scope["path"]):
            return found
        for route in self.routes:
            match, child = route.matches(scope)
            if match.value > found[0].value:
                found = match, {**child, _MATCHED: route}
            if match is Match.FULL:
                break
        return found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_MATCHED].handle(scope, receive, send)


def _fits(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    if pattern[-1] == "**":
        pattern = pattern[:-1]
        segments = segments[: len(pattern)]
    return len(pattern) == len(segments) and all(
        part in ("*", segment) for part, segment in zip(pattern, segments, strict=True)
    )


def of(routes: Sequence[BaseRoute], path: str) -> list[Route]:
    """Of these routes, and of what resources have for a path, those that are one path."""
    found: list[Route] = []
    for route in routes:
        if isinstance(route, Resource):
            found += of(route.routes, path) if route.may_have(path) else []
        elif isinstance(route, Route):
            found.append(route)
    return found
