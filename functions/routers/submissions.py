"""Routes of submissions to the store, as their creators see them."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from shared.domain.store import SubmissionStatus
from shared.http import answers, auth, idempotency, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import submissions as service
from shared.services import submitted, withdrawing, world

shapes = Shapes("functions.routers.store_shapes")
router = routing.router(tags=["store"])

Page = Annotated[pagination.Page, Depends(pagination.page)]


@router.post(
    "/store/submissions",
    summary="Submit an agent",
    response_model=shapes.Received,
    openapi_extra=routing.body(shapes.SubmissionBody),
)
async def submit_agent(caller: auth.Submitter, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """Freeze the active version of a graph, without secrets and the values of its inputs, for a review. Once it is
    approved the copy is published; the next submission of the same graph becomes the next version."""

    async def make(new_id: str) -> Response:
        return JsonAnswer(await service.submit(world.real(), caller, body, new_id))

    return await once(caller.user_id, make)


@router.get("/store/submissions", summary="List own submissions", response_model=shapes.SubmissionList)
async def list_submissions(
    caller: auth.Submitter,
    page: Page,
    status: Annotated[SubmissionStatus | None, Query(description="Only those of this status.")] = None,
) -> Response:
    """The caller's submissions, newest first."""
    listing = pagination.Listing(pagination.BY_TIME, "submissions", caller.user_id, status or "")
    items, cursor = await service.list_of(caller, status, page.size, page.cursor(listing))
    return JsonAnswer(page.answer(items, cursor, listing))


@router.get("/store/submissions/{submission_id}", summary="Read a submission", response_model=shapes.Submission)
async def get_submission(submission_id: str, caller: auth.Submitter) -> Response:
    """One of the caller's; who reviews reads anybody's."""
    return answers.resource(await submitted.get(caller, submission_id))


@router.get(
    "/store/submissions/{submission_id}/file", summary="Read what was submitted", response_model=shapes.FrozenFile
)
async def get_submitted_file(submission_id: str, caller: auth.Submitter) -> Response:
    """The frozen copy, which is what is reviewed and published."""
    return JsonAnswer(await submitted.file(caller, submission_id))


@router.post(
    "/store/submissions/{submission_id}/withdraw", summary="Withdraw a submission", response_model=shapes.Submission
)
async def withdraw_submission(submission_id: str, caller: auth.Submitter, once: idempotency.Once) -> Response:
    """Take it back, before the review or after: what is published leaves the store."""

    async def make(_: str) -> Response:
        return answers.resource(await withdrawing.withdraw(world.real(), caller, submission_id))

    return await once(caller.user_id, make)
