"""Routes of the caller's account as a whole: take everything along, and go."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from shared import clock
from shared.domain.permissions import Caller
from shared.http import auth, json_text, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import exporting, leaving

shapes = Shapes("functions.routers.account_shapes")
router = routing.router(tags=["account"])

EXPORT_SECONDS = 40.0
"""After so long an export ends with the token of its next part: within the function's timeout."""


@router.get("/me/export", summary="Export the caller's account", response_model=shapes.Export)
async def export(
    caller: auth.SignedIn,
    page_token: Annotated[
        str, Query(max_length=pagination.MAX_TOKEN, description="next_page_token of the part before.")
    ] = "",
) -> Response:
    """Everything that is the caller's, as one JSON file, without secrets. What takes longer than 40 seconds comes in
    parts: as long as ``next_page_token`` is not null, ask for the next."""
    listing = pagination.Listing(pagination.BY_ORDER, "export", caller.user_id)
    after = pagination.Page(size=1, token=page_token).cursor(listing)
    headers = {"Content-Disposition": 'attachment; filename="weftly-export.json"'}
    return StreamingResponse(_written(caller, after, listing), media_type="application/json", headers=headers)


async def _written(
    caller: Caller, after: exporting.Cursor | None, listing: pagination.Listing[exporting.Cursor]
) -> AsyncIterator[bytes]:
    until, rest = clock.monotonic() + EXPORT_SECONDS, None
    head = json_text.dumps({"user_id": caller.user_id, "exported_at": clock.now()})
    yield head.removesuffix(b"}") + b',"items":['
    comma = b""
    async with aclosing(exporting.items(caller.user_id, after)) as found:
        async for items, cursor in found:
            yield comma + b",".join(json_text.dumps(item) for item in items)
            comma = b","
            if clock.monotonic() > until:
                rest = listing.token(cursor)
                break
    yield b'],"next_page_token":' + json_text.dumps(rest) + b"}"


@router.delete("/me", summary="Delete the caller's account", response_model=models.Empty)
async def delete_me(caller: auth.SignedIn) -> Response:
    """Delete the account and everything that is its own. Sessions, API keys, credentials, schedules and webhooks end
    with this call; the rest goes within minutes, however much it is. It cannot be undone."""
    await leaving.leave(caller)
    return JsonAnswer({})
