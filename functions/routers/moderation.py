"""Routes of moderators: what waits for a review, what becomes of it, and of what is published."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from shared.domain.store import SubmissionStatus
from shared.http import answers, auth, idempotency, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import moderation as service
from shared.services import world

shapes = Shapes("functions.routers.store_shapes")
router = routing.router(tags=["store"])

Page = Annotated[pagination.Page, Depends(pagination.page)]


@router.get("/store/moderation", summary="List what waits for a review", response_model=shapes.SubmissionList)
async def list_moderation(
    caller: auth.Approver,
    page: Page,
    status: Annotated[SubmissionStatus, Query(description="Of which status.")] = SubmissionStatus.PENDING_REVIEW,
) -> Response:
    """Everybody's submissions, those first that have waited longest."""
    listing = pagination.Listing(pagination.BY_TIME, "moderation", status)
    items, cursor = await service.queue(status, page.size, page.cursor(listing))
    return JsonAnswer(page.answer(items, cursor, listing))


@router.post(
    "/store/submissions/{submission_id}/approve", summary="Approve a submission", response_model=shapes.Submission
)
async def approve_submission(submission_id: str, caller: auth.Approver, once: idempotency.Once) -> Response:
    """Publish it."""

    async def make(_: str) -> Response:
        return answers.resource(await service.approve(world.real(), caller, submission_id))

    return await once(caller.user_id, make)


@router.post(
    "/store/submissions/{submission_id}/reject",
    summary="Reject a submission",
    response_model=shapes.Submission,
    openapi_extra=routing.body(shapes.Reason),
)
async def reject_submission(
    submission_id: str, caller: auth.Rejecter, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """With a reason; its creator may submit again."""

    async def make(_: str) -> Response:
        return answers.resource(await service.reject(world.real(), caller, submission_id, body))

    return await once(caller.user_id, make)


@router.post("/store/agents/{listing_id}/feature", summary="Feature an agent", response_model=shapes.Listing)
async def feature_agent(listing_id: str, caller: auth.StoreManager, once: idempotency.Once) -> Response:
    """Show it among the featured ones."""

    async def make(_: str) -> Response:
        return JsonAnswer(await service.feature(world.real(), caller, listing_id, True))

    return await once(caller.user_id, make)


@router.post(
    "/store/agents/{listing_id}/unfeature", summary="Feature an agent no longer", response_model=shapes.Listing
)
async def unfeature_agent(listing_id: str, caller: auth.StoreManager, once: idempotency.Once) -> Response:
    """Take it from the featured ones."""

    async def make(_: str) -> Response:
        return JsonAnswer(await service.feature(world.real(), caller, listing_id, False))

    return await once(caller.user_id, make)


@router.post(
    "/store/agents/{listing_id}/take-down",
    summary="Take an agent down",
    response_model=shapes.Listing,
    openapi_extra=routing.body(shapes.Reason),
)
async def take_down_agent(
    listing_id: str, caller: auth.StoreManager, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Out of the store, with a reason that its creator is told. The moderation lists what is down as TAKEN_DOWN."""

    async def make(_: str) -> Response:
        return JsonAnswer(await service.take_down(world.real(), caller, listing_id, body))

    return await once(caller.user_id, make)


@router.post("/store/agents/{listing_id}/restore", summary="Bring an agent back", response_model=shapes.Listing)
async def restore_agent(listing_id: str, caller: auth.StoreManager, once: idempotency.Once) -> Response:
    """Into the store again, as it was when it was taken down."""

    async def make(_: str) -> Response:
        return JsonAnswer(await service.restore(world.real(), caller, listing_id))

    return await once(caller.user_id, make)
