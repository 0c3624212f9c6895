"""Routes of schedules."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.domain import cron
from shared.domain.schedule import CatchUp, Overlap
from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import choosing, world
from shared.services import schedules as service

router = routing.router(tags=["schedules"])


class ScheduleChange(BaseModel):
    """What to change of a schedule; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=service.MAX_NAME)
    cron: str | None = Field(
        None,
        min_length=1,
        max_length=cron.MAX_EXPRESSION,
        examples=["0 9 * * MON-FRI"],
        description="Minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly.",
    )
    timezone: str | None = Field(None, examples=["Europe/Berlin"], description="IANA name; UTC where it is left out.")
    input_data: dict[str, Any] | None = Field(None, description="The inputs of each execution, by name.")
    credentials: dict[str, str] | None = Field(
        None,
        max_length=choosing.MAX_CHOICES,
        description="As of an execution: node id, or a name in the credentials_schema -> the id of credentials.",
    )
    starts_at: datetime | None = Field(None, description="Nothing occurs before.")
    ends_at: datetime | None = Field(None, description="Nothing occurs after.")
    catch_up: CatchUp | None = Field(
        None,
        description="Of occurrences that were missed none, the latest once (as a rule), or all are started.",
    )
    overlap: Overlap | None = Field(
        None,
        description="While an execution has not ended, the next is started beside it (allow, as a rule), left out "
        "(skip), or started when that one has ended (queue).",
    )


class ScheduleBody(ScheduleChange):
    """When a graph is to be executed."""

    cron: str = Field(  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
        min_length=1, max_length=cron.MAX_EXPRESSION, examples=["0 9 * * MON-FRI"]
    )


class ScheduleView(BaseModel):
    """A schedule. ``next_at``: the next occurrence, null while it is paused and when it has ended."""

    id: str
    graph_id: str
    name: str
    cron: str
    timezone: str
    input_data: dict[str, Any]
    credentials: dict[str, str]
    starts_at: datetime | None
    ends_at: datetime | None
    catch_up: CatchUp
    overlap: Overlap
    status: str = Field(examples=["ACTIVE", "PAUSED", "ENDED"])
    next_at: datetime | None
    last_at: datetime | None
    last_execution_id: str | None
    created_at: datetime
    updated_at: datetime
    etag: str


class ScheduleList(BaseModel):
    items: list[ScheduleView]
    next_page_token: str | None


class Upcoming(BaseModel):
    items: list[datetime]


class OccurrenceView(BaseModel):
    """``result``: STARTED, SKIPPED (one before it had not ended), MISSED (``missed`` of them, from ``at`` on) or
    FAILED (``message`` says why)."""

    at: datetime
    result: str
    message: str
    execution_id: str | None
    missed: int


class OccurrenceList(BaseModel):
    items: list[OccurrenceView]
    next_page_token: str | None


@router.post(
    "/graphs/{graph_id}/schedules",
    summary="Schedule a graph",
    response_model=ScheduleView,
    openapi_extra=routing.body(ScheduleBody),
)
async def create_schedule(
    graph_id: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Execute the graph's active version whenever the cron expression says, in its time zone."""
    return await once.resource(
        caller.user_id, lambda new_id: service.create(world.real(), caller, graph_id, body, new_id)
    )


@router.get("/graphs/{graph_id}/schedules", summary="List the schedules of a graph", response_model=ScheduleList)
async def list_schedules_of_graph(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Schedules of one graph, newest first."""
    return await _page(caller, graph_id, page)


@router.get("/schedules", summary="List all schedules", response_model=ScheduleList)
async def list_schedules(caller: auth.Reader, page: pagination.Asked) -> Response:
    """All schedules of the caller, newest first."""
    return await _page(caller, None, page)


@router.get("/schedules/{schedule_id}", summary="Read a schedule", response_model=ScheduleView)
async def get_schedule(schedule_id: str, caller: auth.Reader) -> Response:
    """One schedule."""
    return answers.resource(await service.get(caller, schedule_id))


@router.patch(
    "/schedules/{schedule_id}",
    summary="Change a schedule",
    response_model=ScheduleView,
    openapi_extra=routing.body(ScheduleChange),
)
async def update_schedule(
    schedule_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change what the body names; the next occurrence is found anew."""
    return answers.resource(await service.update(world.real(), caller, schedule_id, body, etags.expected(if_match)))


@router.post("/schedules/{schedule_id}/pause", summary="Pause a schedule", response_model=ScheduleView)
async def pause_schedule(schedule_id: str, caller: auth.Updater, once: idempotency.Once) -> Response:
    """Nothing occurs until it is resumed."""
    return await once.resource(caller.user_id, lambda _: service.pause(world.real(), caller, schedule_id))


@router.post("/schedules/{schedule_id}/resume", summary="Resume a schedule", response_model=ScheduleView)
async def resume_schedule(schedule_id: str, caller: auth.Updater, once: idempotency.Once) -> Response:
    """It occurs again, from now on; what would have occurred in the pause is not caught up."""
    return await once.resource(caller.user_id, lambda _: service.resume(world.real(), caller, schedule_id))


@router.delete("/schedules/{schedule_id}", summary="Delete a schedule", response_model=models.Empty)
async def delete_schedule(schedule_id: str, caller: auth.Deleter, if_match: etags.IfMatch = None) -> Response:
    """Executions that it has started go on."""
    await service.delete(caller, schedule_id, etags.expected(if_match))
    return JsonAnswer({})


@router.get("/schedules/{schedule_id}/upcoming", summary="List the next occurrences", response_model=Upcoming)
async def list_upcoming(
    schedule_id: str,
    caller: auth.Reader,
    count: Annotated[int, Query(ge=1, le=service.MAX_UPCOMING, description="How many.")] = 10,
) -> Response:
    """The next times in UTC; none while it is paused."""
    return JsonAnswer(await service.upcoming(world.real(), caller, schedule_id, count))


@router.get("/schedules/{schedule_id}/occurrences", summary="List what occurred", response_model=OccurrenceList)
async def list_occurrences(schedule_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """What came of each occurrence of the last 90 days, latest first."""
    listing = pagination.Listing(pagination.BY_MOMENT, "occurrences", caller.user_id, schedule_id)
    return await page.listed(listing, lambda size, cursor: service.history(caller, schedule_id, size, cursor))


async def _page(caller: auth.Caller, graph_id: str | None, page: pagination.Page) -> Response:
    listing = pagination.Listing(pagination.BY_TIME, "schedules", caller.user_id, graph_id or "")
    return await page.listed(listing, lambda size, cursor: service.list_of(caller, graph_id, size, cursor))
