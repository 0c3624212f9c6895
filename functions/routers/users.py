"""Routes of the caller's own account."""

from starlette.responses import Response

from shared.http import answers, auth, etags, idempotency, routing
from shared.http.shapes import Shapes
from shared.services import flags, users

shapes = Shapes("functions.routers.shapes")
admin_shapes = Shapes("functions.routers.admin_shapes")
router = routing.router(tags=["users"])


@router.post("/auth/user", summary="Sign in", response_model=shapes.User)
async def get_or_create_user(caller: auth.AnyCaller, once: idempotency.Once) -> Response:
    """The user of the token, created if this is their first call."""
    return await once.resource(caller.user_id, lambda _: users.get(caller))


@router.get("/me", summary="Read the caller's profile", response_model=shapes.User)
async def get_me(caller: auth.AnyCaller) -> Response:
    """The caller's profile."""
    return answers.resource(await users.get(caller))


@router.get("/me/flags", summary="List the features that are on for the caller", response_model=admin_shapes.OwnFlags)
async def get_flags(caller: auth.AnyCaller) -> Response:
    """Which features are on, by the feature flags."""
    return answers.JsonAnswer({"flags": await flags.names_on(caller.user_id)})


@router.patch(
    "/me",
    summary="Change the caller's profile",
    response_model=shapes.User,
    openapi_extra=routing.body(shapes.UserChange),
)
async def update_me(caller: auth.SignedIn, body: routing.AnyBody, if_match: etags.IfMatch = None) -> Response:
    """Change the caller's profile."""
    return answers.resource(await users.update(caller, body, etags.expected(if_match)))
