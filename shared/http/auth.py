"""Who makes this request, and may they? The dependencies of every route that needs a caller.

async def create(caller: Annotated[Caller, Depends(auth.require("agent.create"))]): ...

A caller is known by a Firebase ID token, or by an API key, under its scopes.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request

from shared.domain import errors, permissions
from shared.domain.permissions import Caller
from shared.http import rate_limit, request, stream_tokens
from shared.services import api_keys, users

_token_scheme = HTTPBearer(auto_error=False, bearerFormat="Firebase ID token", scheme_name="FirebaseIdToken")
_key_scheme = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey")


async def caller(
    http_request: Request,
    _token: Annotated[object, Depends(_token_scheme)],
    _key: Annotated[object, Depends(_key_scheme)],
) -> Caller:
    """The caller; one more request of theirs. Unauthenticated; TooManyRequests."""
    await rate_limit.check_address(http_request)
    try:
        found = await _found(http_request)
    except errors.Unauthenticated as error:
        if error.reason != "NO_TOKEN":
            await rate_limit.count_failed(http_request)
        raise
    context = request.context()
    context.user_id, context.key_id = found.user_id, found.key_id
    await rate_limit.check_caller(http_request, found)
    return found


async def _found(http_request: Request) -> Caller:
    """By the token where there is one, else by the key; for event streams by the cookie where there is neither."""
    authorization = http_request.headers.get("authorization", "")
    key = http_request.headers.get("x-api-key", "").strip()
    if key and not authorization:
        return await api_keys.caller(key)
    if not authorization and stream_tokens.is_asked(http_request):
        return await users.caller(stream_tokens.of(http_request))
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.Unauthenticated(
            "This needs a caller: send Authorization: Bearer <Firebase ID token>, or X-API-Key.", reason="NO_TOKEN"
        )
    return await users.caller(token.strip())


async def still_holds(http_request: Request) -> bool:
    """Whether the caller of a request that lasts would be let in now, by what this instance knows of them, which is a
    minute old at most. Where nobody can be asked, they stay."""
    try:
        await _found(http_request)
    except errors.Unauthenticated:
        return False
    except errors.Unavailable:
        return True
    return True


def require(permission: str) -> Callable[[Caller], Awaitable[Caller]]:
    """The caller, who must have a permission; PermissionDenied names it."""

    async def permitted(found: Annotated[Caller, Depends(caller)]) -> Caller:
        permissions.require(found, permission)
        return found

    permitted.permission = permission  # pyright: ignore[reportFunctionMemberAccess] - for the authorisation matrix
    return permitted


async def signed_in(found: Annotated[Caller, Depends(caller)]) -> Caller:
    """The caller in person: PermissionDenied for an API key."""
    permissions.require_sign_in(found)
    return found


AnyCaller = Annotated[Caller, Depends(caller)]
SignedIn = Annotated[Caller, Depends(signed_in)]
Reader = Annotated[Caller, Depends(require("agent.read"))]
Creator = Annotated[Caller, Depends(require("agent.create"))]
Updater = Annotated[Caller, Depends(require("agent.update"))]
Deleter = Annotated[Caller, Depends(require("agent.delete"))]
StoreReader = Annotated[Caller, Depends(require("store.read"))]
Submitter = Annotated[Caller, Depends(require("store.submit"))]
Approver = Annotated[Caller, Depends(require("store.approve"))]
Rejecter = Annotated[Caller, Depends(require("store.reject"))]
StoreManager = Annotated[Caller, Depends(require("store.manage"))]
UserReader = Annotated[Caller, Depends(require("user.read"))]
UserUpdater = Annotated[Caller, Depends(require("user.update"))]
UserDeleter = Annotated[Caller, Depends(require("user.delete"))]
