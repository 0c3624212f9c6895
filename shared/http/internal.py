"""Is this request one of the platform's own? The dependency of run_node, notify and tick."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request

from shared import config
from shared.gcp import oidc


def internal_caller(function_name: str) -> Callable[[Request], Awaitable[Mapping[str, Any]]]:
    """A dependency that gives the claims of the caller's OIDC token, whose audience is this function's URL."""

    async def verified(request: Request) -> Mapping[str, Any]:
        audience = config.settings().function_url(function_name)
        return await oidc.verify(request.headers.get("authorization"), audience)

    return verified
