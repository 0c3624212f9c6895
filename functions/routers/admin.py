"""Routes of administrators: users and roles, feature flags, the audit log, what recovery does."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime
from starlette.responses import Response

from shared import clock
from shared.http import auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import administration, audit, flags, leaving, overview, recovery_figures, world

shapes = Shapes("functions.routers.admin_shapes")
router = routing.router(tags=["admin"])


@router.get("/admin/users", summary="List all users", response_model=shapes.AccountList)
async def list_users(caller: auth.UserReader, page: pagination.Asked) -> Response:
    """All users, newest first, with the state of their accounts."""
    everyone = pagination.Listing(pagination.BY_TIME, "admin_users")
    return await page.listed(everyone, lambda size, cursor: administration.page(cursor, size))


@router.get("/admin/users/{user_id}", summary="Read a user", response_model=shapes.Account)
async def get_user(user_id: str, caller: auth.UserReader) -> Response:
    """One user, with the state of their account."""
    return JsonAnswer(await administration.get(user_id))


@router.patch(
    "/admin/users/{user_id}",
    summary="Change the role of a user",
    response_model=shapes.Account,
    openapi_extra=routing.body(shapes.RoleChange),
)
async def change_role(user_id: str, caller: auth.UserUpdater, _: auth.SignedIn, body: routing.AnyBody) -> Response:
    """Give a user another role; it holds within a minute. Not with an API key: one that may do only this could make
    somebody an administrator, who may do everything."""
    return JsonAnswer(await administration.change_role(caller, user_id, body))


@router.delete("/admin/users/{user_id}", summary="Delete a user's account", response_model=models.Empty)
async def delete_user(user_id: str, caller: auth.UserDeleter) -> Response:
    """Delete an account and everything that is its own, as its user can with DELETE /me."""
    await leaving.remove(caller, user_id)
    return JsonAnswer({})


@router.post("/admin/users/{user_id}/disable", summary="Disable a user", response_model=shapes.Account)
async def disable_user(user_id: str, caller: auth.UserUpdater, once: idempotency.Once) -> Response:
    """Let a user in no more, within a minute: tokens, sessions and API keys."""
    return await once.resource(caller.user_id, lambda _: administration.set_disabled(caller, user_id, True))


@router.post("/admin/users/{user_id}/enable", summary="Enable a user", response_model=shapes.Account)
async def enable_user(user_id: str, caller: auth.UserUpdater, once: idempotency.Once) -> Response:
    """Let a user in again, once they have signed in anew."""
    return await once.resource(caller.user_id, lambda _: administration.set_disabled(caller, user_id, False))


@router.get("/admin/flags", summary="List feature flags", response_model=shapes.FlagList)
async def list_flags(caller: auth.UserReader) -> Response:
    """Every flag, by name, on one page."""
    return JsonAnswer({"items": await flags.list_all(), "next_page_token": None})


@router.put(
    "/admin/flags/{name}",
    summary="Set a feature flag",
    response_model=shapes.Flag,
    openapi_extra=routing.body(shapes.FlagBody),
)
async def put_flag(name: str, caller: auth.UserUpdater, body: routing.AnyBody) -> Response:
    """Make a flag, or replace it; it holds within a minute."""
    return JsonAnswer(await flags.put(name, body))


@router.delete("/admin/flags/{name}", summary="Delete a feature flag", response_model=models.Empty)
async def delete_flag(name: str, caller: auth.UserUpdater) -> Response:
    """Off for everybody, within a minute."""
    await flags.delete(name)
    return JsonAnswer({})


def _wanted(
    user_id: Annotated[str | None, Query(min_length=1, max_length=128, description="Who did it.")] = None,
    action: Annotated[str | None, Query(min_length=1, max_length=100, examples=["graph.delete"])] = None,
    resource_type: Annotated[str | None, Query(min_length=1, max_length=100, examples=["graph"])] = None,
    resource_id: Annotated[str | None, Query(min_length=1, max_length=300)] = None,
    result: Annotated[str | None, Query(pattern="^(ok|refused|failed)$")] = None,
) -> Mapping[str, str]:
    given = {
        "user_id": user_id,
        "action": action,
        "resource_type": resource_type,
        "resource_id": resource_id,
        "result": result,
    }
    return {name: value for name, value in given.items() if value is not None}


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("UTC has no such year") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


@router.get("/admin/audit", summary="Read the audit log", response_model=shapes.AuditPage)
async def read_audit(
    caller: auth.UserReader,
    page: pagination.Asked,
    wanted: Annotated[Mapping[str, str], Depends(_wanted)],
    since: Annotated[Moment | None, Query(description="Not before then.")] = None,
    until: Annotated[Moment | None, Query(description="Before then.")] = None,
) -> Response:
    """Every change and every sign of abuse, newest first."""
    scope = [f"{name}={value}" for name, value in sorted(wanted.items())]
    entries = pagination.Listing(pagination.BY_TIME, "audit", *scope, _text(since), _text(until))
    return await page.listed(entries, lambda size, cursor: audit.page(wanted, since, until, cursor, size))


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


@router.get("/admin/recovery", summary="Read the figures of recovery", response_model=shapes.RecoveryFigures)
async def recovery(caller: auth.UserReader) -> Response:
    """What is past due now, and what had to be repaired in the last 24 hours."""
    return JsonAnswer(await recovery_figures.view(clock.now()))


@router.get("/admin/overview", summary="Read an overview", response_model=shapes.Overview)
async def read_overview(caller: auth.UserReader) -> Response:
    """How much there is of everything, how executions went, and what is late."""
    return JsonAnswer(await overview.view(world.real()))
