"""Routes of the caller's own account."""

from starlette.responses import Response

from functions.routers import shapes
from shared.http import answers, auth, etags, idempotency, routing
from shared.services import users

router = routing.router(tags=["users"])


@router.post("/auth/user", summary="Sign in", response_model=shapes.User)
async def get_or_create_user(caller: auth.AnyCaller, once: idempotency.Once) -> Response:
    """The user of the token, created if this is their first call."""

    async def make(_: str) -> Response:
        return answers.resource(await users.get(caller))

    return await once(caller.user_id, make)


@router.get("/me", summary="Read the caller's profile", response_model=shapes.User)
async def get_me(caller: auth.AnyCaller) -> Response:
    """The caller's profile."""
    return answers.resource(await users.get(caller))


@router.patch(
    "/me",
    summary="Change the caller's profile",
    response_model=shapes.User,
    openapi_extra=routing.body(shapes.UserChange),
)
async def update_me(caller: auth.AnyCaller, body: routing.AnyBody, if_match: etags.IfMatch = None) -> Response:
    """Change the caller's profile."""
    return answers.resource(await users.update(caller, body, etags.expected(if_match)))
