"""Routes of what users do with an agent of the store: rate it, download it."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from shared.http import auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import ratings as service
from shared.services import world

shapes = Shapes("functions.routers.store_shapes")
router = routing.router(tags=["store"])

Page = Annotated[pagination.Page, Depends(pagination.page)]


@router.post(
    "/store/agents/{listing_id}/ratings",
    summary="Rate an agent",
    response_model=shapes.Rating,
    openapi_extra=routing.body(shapes.RatingBody),
)
async def rate_agent(
    listing_id: str, caller: auth.StoreReader, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """One to five stars, with a comment: in place of what the caller said before."""

    async def make(_: str) -> Response:
        return JsonAnswer(await service.rate(world.real(), caller, listing_id, body))

    return await once(caller.user_id, make)


@router.get("/store/agents/{listing_id}/ratings", summary="List ratings", response_model=shapes.RatingList)
async def list_ratings(listing_id: str, caller: auth.StoreReader, page: Page) -> Response:
    """What users say of an agent, newest first."""
    listing = pagination.Listing(pagination.BY_TIME, "ratings", listing_id)
    items, cursor = await service.list_of(listing_id, page.size, page.cursor(listing))
    return JsonAnswer(page.answer(items, cursor, listing))


@router.delete(
    "/store/agents/{listing_id}/ratings/{rating_id}", summary="Delete a rating", response_model=models.Empty
)
async def delete_rating(listing_id: str, rating_id: str, caller: auth.StoreReader) -> Response:
    """The caller's own; who manages the store deletes anybody's."""
    await service.remove(world.real(), caller, listing_id, rating_id)
    return JsonAnswer({})


@router.post("/store/agents/{listing_id}/download", summary="Download an agent", response_model=shapes.Download)
async def download_agent(listing_id: str, caller: auth.StoreReader, once: idempotency.Once) -> Response:
    """The published version as a file that imports; counted once a user."""

    async def make(_: str) -> Response:
        return JsonAnswer(await service.download(world.real(), caller, listing_id))

    return await once(caller.user_id, make)
