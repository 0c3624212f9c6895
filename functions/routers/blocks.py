"""Routes of blocks."""

from starlette.responses import Response

from functions.routers import shapes
from shared.http import auth, idempotency, routing
from shared.http.answers import JsonAnswer
from shared.services import blocks

router = routing.router(tags=["blocks"])


@router.get("/blocks", summary="List all blocks", response_model=shapes.BlockList)
async def list_blocks(caller: auth.Reader) -> Response:
    """Every block, by type, on one page."""
    return JsonAnswer({"items": blocks.list_all(), "next_page_token": None})


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
