"""Routes of the store, as everybody sees it."""

from typing import Annotated, Literal

from fastapi import Depends, Query
from starlette.responses import Response

from shared.http import auth, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import browsing, cards
from shared.services.catalogue import Filter

shapes = Shapes("functions.routers.store_shapes")
router = routing.router(tags=["store"])

MAX_PAGE = 1_000_000

Tokens = Annotated[pagination.Page, Depends(pagination.page)]


@router.get("/store/agents", summary="Find agents", response_model=shapes.ListingPage)
async def list_agents(
    caller: auth.StoreReader,
    featured: Annotated[bool | None, Query(description="Only those that are featured, or only others.")] = None,
    creator: Annotated[str, Query(max_length=200, description="Id or name of a creator.")] = "",
    sorted_by: Annotated[
        Literal["popular", "recent", "rating"] | None,
        Query(
            description="popular: downloads, then rating; rating: mean, then count; recent: last updated first. "
            "Without one newest first, and what a query finds best first."
        ),
    ] = None,
    search_query: Annotated[
        str,
        Query(max_length=browsing.MAX_QUERY, description="Words, as written, begun or misspelt, or their meaning."),
    ] = "",
    category: Annotated[str, Query(max_length=cards.MAX_CATEGORY)] = "",
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
    page_size: Annotated[int, Query(ge=1, le=pagination.MAX_PAGE_SIZE)] = pagination.DEFAULT_PAGE_SIZE,
) -> Response:
    """Agents that were approved."""
    wanted = Filter(featured=featured, creator=creator, category=category)
    return JsonAnswer(await browsing.page(wanted, sorted_by, search_query, page, page_size))


@router.get("/store/agents/{listing_id}", summary="Read an agent of the store", response_model=shapes.ListingDetail)
async def get_agent(listing_id: str, caller: auth.StoreReader) -> Response:
    """One agent, with its figures as of now."""
    return JsonAnswer(await browsing.get(listing_id))


@router.get(
    "/store/agents/{listing_id}/versions",
    summary="List the published versions of an agent",
    response_model=shapes.ReleaseList,
)
async def list_releases(listing_id: str, caller: auth.StoreReader, page: Tokens) -> Response:
    """What was published of it, newest first."""
    listing = pagination.Listing(pagination.BY_NUMBER, "releases", listing_id)
    items, cursor = await browsing.versions(listing_id, page.size, page.cursor(listing))
    return JsonAnswer(page.answer(items, cursor, listing))


@router.get(
    "/store/agents/{listing_id}/versions/{version}",
    summary="Read a published version of an agent",
    response_model=shapes.ReleaseDetail,
)
async def get_release(listing_id: str, version: int, caller: auth.StoreReader) -> Response:
    """One published version."""
    return JsonAnswer(await browsing.version(listing_id, version))


@router.get("/store/creators/{creator_id}", summary="Read a creator's page", response_model=shapes.CreatorPage)
async def get_creator(creator_id: str, caller: auth.StoreReader) -> Response:
    """Who they are, and what their agents come to; ``GET /store/agents?creator=`` lists these."""
    return JsonAnswer(await browsing.creator(creator_id))


@router.get("/store/categories", summary="List categories and tags", response_model=shapes.Categories)
async def list_categories(caller: auth.StoreReader) -> Response:
    """Every category and the most frequent tags, with how many agents have it."""
    return JsonAnswer(await browsing.categories())
