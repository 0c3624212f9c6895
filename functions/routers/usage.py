"""Routes of what users use and may use."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from shared.http import answers, auth, etags, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import usage, world

shapes = Shapes("functions.routers.usage_shapes")
router = routing.router(tags=["usage"])

Month = Annotated[
    str | None,
    Query(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="In UTC; else this month.", examples=["2026-11"]),
]


@router.get("/me/usage", summary="Read what the caller uses", response_model=shapes.Usage)
async def get_own_usage(caller: auth.AnyCaller, month: Month = None) -> Response:
    """What the caller has used in a month, and may use: calls of language models that the deployment paid, node
    executions, and files."""
    return JsonAnswer(await usage.view(world.real(), caller.user_id, month))


@router.get("/admin/users/{user_id}/usage", summary="Read what a user uses", response_model=shapes.UsageOfUser)
async def get_usage(user_id: str, caller: auth.UserReader, month: Month = None) -> Response:
    """What a user has used in a month, and may use."""
    return answers.resource(await usage.view_of(world.real(), user_id, month))


@router.patch(
    "/admin/users/{user_id}/usage",
    summary="Change what a user may use",
    response_model=shapes.UsageOfUser,
    openapi_extra=routing.body(shapes.LimitsChange),
)
async def change_limits(
    user_id: str, caller: auth.UserUpdater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Set a user's monthly limits, or their credit; it holds within a minute."""
    return answers.resource(await usage.change(world.real(), user_id, body, etags.expected(if_match)))
