"""Who makes this request, and may they? The dependencies of every route that needs a caller.

async def create(caller: Annotated[Caller, Depends(auth.require("agent.create"))]): ...
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import Request

from shared.domain import errors, permissions
from shared.domain.permissions import Caller
from shared.http import rate_limit, request
from shared.services import users

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_scheme = HTTPBearer(auto_error=False, bearerFormat="Firebase ID token", scheme_name="FirebaseIdToken")


async def caller(http_request: Request, _: Annotated[object, Depends(_scheme)]) -> Caller:
    """The caller, by their Firebase ID token; one more request of theirs. Unauthenticated; TooManyRequests. On
    writes the token must not be revoked."""
    found = await users.caller(_token(http_request), unrevoked=http_request.method in _WRITES)
    request.context().user_id = found.user_id
    rate_limit.check(found.user_id)
    return found


def _token(http_request: Request) -> str:
    scheme, _, token = http_request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.Unauthenticated(
            "This needs a caller: send Authorization: Bearer <Firebase ID token>.", reason="NO_TOKEN"
        )
    return token.strip()


def require(permission: str) -> Callable[[Caller], Awaitable[Caller]]:
    """The caller, who must have a permission; PermissionDenied names it."""

    async def permitted(found: Annotated[Caller, Depends(caller)]) -> Caller:
        permissions.require(found, permission)
        return found

    return permitted


AnyCaller = Annotated[Caller, Depends(caller)]
Reader = Annotated[Caller, Depends(require("agent.read"))]
Creator = Annotated[Caller, Depends(require("agent.create"))]
Updater = Annotated[Caller, Depends(require("agent.update"))]
Deleter = Annotated[Caller, Depends(require("agent.delete"))]
