"""Routes of links under which anybody may look at an execution, and the page that they lead to."""

import base64
import functools
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.http import auth, idempotency, models, pagination, rate_limit, routing
from shared.http.answers import JsonAnswer
from shared.services import shared_pages, world
from shared.services import shares as service

router = routing.router(tags=["shares"])
pages = APIRouter(include_in_schema=False)
SHOWN_ONCE = ("path",)
STATIC = Path(__file__).parent.parent / "static"


class ShareBody(BaseModel):
    """What is shown of an execution, and for how long."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(
        None, max_length=service.MAX_TITLE, description="The agent's name, where it is left out."
    )
    with_inputs: bool | None = Field(None, description="Whether inputs are shown that are not secret; as a rule not.")
    days: int | None = Field(
        None, ge=1, le=service.MAX_DAYS, description=f"Until it expires; {service.DAYS} as a rule."
    )


class ShareView(BaseModel):
    """A link to an execution."""

    id: str
    execution_id: str
    title: str
    with_inputs: bool
    expires_at: datetime
    created_at: datetime
    etag: str


class NewShare(ShareView):
    path: str | None = Field(
        description="Of the page, below the address of the deployment. Shown this once; null when the request is "
        "repeated."
    )


class ShareList(BaseModel):
    items: list[ShareView]
    next_page_token: str | None


@router.post(
    "/executions/{execution_id}/shares",
    summary="Share an execution",
    response_model=NewShare,
    openapi_extra=routing.body(ShareBody),
)
async def create_share(
    execution_id: str, caller: auth.Updater, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """A link under which anybody may look at the execution: its course and its outputs, nothing secret."""
    return await once.resource(
        caller.user_id,
        lambda new_id: service.create(world.real(), caller, execution_id, body, new_id),
        shown_once=SHOWN_ONCE,
    )


@router.get("/executions/{execution_id}/shares", summary="List the links to an execution", response_model=ShareList)
async def list_shares(execution_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Newest first, without what opens them; those that have expired, too, until they are pruned."""
    listing = pagination.Listing(pagination.BY_TIME, "shares", caller.user_id, execution_id)
    return await page.listed(listing, lambda size, cursor: service.list_of(caller, execution_id, size, cursor))


@router.delete("/executions/{execution_id}/shares/{share_id}", summary="Revoke a link", response_model=models.Empty)
async def revoke_share(execution_id: str, share_id: str, caller: auth.Updater) -> Response:
    """It leads nowhere from now on."""
    await service.revoke(caller, execution_id, share_id)
    return JsonAnswer({})


@pages.get("/share/{token}", dependencies=[Depends(rate_limit.check_address)])
async def look(token: str) -> Response:
    """The page. What is unknown, revoked or expired looks the same."""
    here = world.real()
    share = await service.find(token, here.now())
    page = await shared_pages.page(here, share) if share else None
    return Response(
        _template().render(page=page, style=_style(), words=_words, duration=_duration),
        status_code=200 if page else 404,
        media_type="text/html",
        headers={"Content-Security-Policy": _policy(), "X-Robots-Tag": "noindex, nofollow"},
    )


@functools.cache
def _template() -> Any:
    import jinja2  # only where a page is shown

    made = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    return made.from_string((STATIC / "share.html").read_text(encoding="utf-8"))


@functools.cache
def _style() -> Any:
    import markupsafe

    return markupsafe.Markup((STATIC / "share.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@functools.cache
def _policy() -> str:
    """Nothing is loaded, and nothing runs; one style, by its hash
    (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    digest = base64.b64encode(hashlib.sha256(str(_style()).encode()).digest()).decode()
    nothing = "; ".join(f"{name} 'none'" for name in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    return f"{nothing}; style-src 'sha256-{digest}'"


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
