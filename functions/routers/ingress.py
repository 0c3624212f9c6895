"""Where others report events. Public: what a delivery is worth its signature says."""

from fastapi import Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from shared.domain import errors
from shared.http import payloads, rate_limit, routing
from shared.http.answers import JsonAnswer
from shared.services import ingress, world

MAX_DELIVERY = 1_000_000
"""Bytes; GitHub's limit, 25 MB, is for deliveries that nobody reads."""

router = routing.router(tags=["webhooks"])


class Accepted(BaseModel):
    execution_id: str | None = Field(description="Null: the sender tries whether somebody listens.")


@router.post(
    "/webhooks/{webhook_id}",
    summary="Report an event",
    status_code=202,
    response_model=Accepted,
    dependencies=[Depends(rate_limit.check_address)],
)
async def report_event(webhook_id: str, request: Request) -> Response:
    """Starts one execution for each event, however often it is reported. JSON, or a form that says so in its
    Content-Type. Signed as the webhook's provider does it, without an account. Of provider ``standard``, which is
    Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks): ``webhook-id``, of each event its own;
    ``webhook-timestamp``, in seconds; ``webhook-signature``, ``v1,`` and the base64 of the HMAC-SHA256 of
    ``{id}.{timestamp}.{body}``, whose key is what follows ``whsec_`` in the secret, in base64."""
    body = await request.body()
    if len(body) > MAX_DELIVERY:
        raise errors.BodyTooLarge(f"A delivery has {MAX_DELIVERY:,} bytes at most, not {len(body):,}.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    kind = headers.get("content-type", "")
    taken = await ingress.take(world.real(), webhook_id, headers, body, lambda: payloads.read(body, kind))
    if taken.challenge:
        return JsonAnswer({"challenge": taken.challenge})
    return JsonAnswer({"execution_id": taken.execution_id}, status_code=202)
