"""Routes of blocks."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from shared.http import auth, idempotency, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import blocks

shapes = Shapes("functions.routers.shapes")
router = routing.router(tags=["blocks"])
OptionalPage = Annotated[pagination.Page | None, Depends(pagination.optional_page)]
_LISTING = pagination.Listing(pagination.BY_ORDER, "blocks")


@router.get("/blocks", summary="List all blocks", response_model=shapes.BlockList)
async def list_blocks(caller: auth.Reader, page: OptionalPage) -> Response:
    """Every block, by type: on one page, unless ``page_size`` says otherwise."""
    items = blocks.list_all()
    if page is None:
        return JsonAnswer({"items": items, "next_page_token": None})
    after = (page.cursor(_LISTING) or ("", ""))[0]
    left = [one for one in items if one["block_type"] > after]
    shown = left[: page.size]
    last = shown[-1]["block_type"] if len(left) > page.size else ""
    return JsonAnswer(page.answer(shown, (last, last) if last else None, _LISTING))


@router.get("/blocks/{block_type}", summary="Read a block", response_model=shapes.Block)
async def get_block(block_type: str, caller: auth.Reader) -> Response:
    """One block."""
    return JsonAnswer(blocks.get(block_type))


@router.post(
    "/blocks/{block_type}/execute",
    summary="Execute a block once",
    response_model=shapes.BlockResult,
    openapi_extra=routing.body(shapes.BlockCall),
)
async def execute_block(
    block_type: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Call a block once, outside of any graph. A block that fails is an answer, with ``success`` false."""
    return await once.resource(caller.user_id, lambda new_id: blocks.execute(caller, block_type, body, new_id))
