"""``notify``: fans out what happened. Called by Pub/Sub, which pushes events to it, at least once and in any order;
and by Cloud Tasks, for each attempt to send what came of them to a person.

Anything but 2xx is delivered again (https://cloud.google.com/pubsub/docs/push#receive_push), so what can never be
taken is answered like what was.
"""

import base64
import binascii
import logging
from typing import Any

import functions_framework.aio
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from shared import tracing
from shared.firestore import values
from shared.http import errors, internal
from shared.services import delivering, fan_out, senders, world

_log = logging.getLogger(__name__)


class Pushed(BaseModel):
    """``data``: base64 of the event's JSON; ``attributes``: among them the trace that it belongs to."""

    data: str = ""
    attributes: dict[str, str] = {}
    messageId: str = ""


class Push(BaseModel):
    """What Pub/Sub sends (https://cloud.google.com/pubsub/docs/push#payload-unwrapping)."""

    message: Pushed


class Due(BaseModel):
    """What Cloud Tasks sends: an attempt at this delivery is due."""

    delivery_id: str


_BODY: TypeAdapter[Push | Due] = TypeAdapter(Push | Due)


async def _post(request: Request) -> dict[str, Any]:
    """One event, or one attempt at a delivery."""
    try:
        body = _BODY.validate_json(await request.body())
    except ValidationError as error:
        raise errors.from_pydantic([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
    if isinstance(body, Due):
        await delivering.attempt(world.real(), body.delivery_id, senders.send)
    else:
        await _take(body)
    return {}


async def _take(push: Push) -> None:
    try:
        event = fan_out.read(values.load(base64.b64decode(push.message.data, validate=True).decode()))
    except (KeyError, ValueError, TypeError, binascii.Error):
        _log.exception("message %s is no event of ours", push.message.messageId)
        return
    if event is not None:
        with tracing.at(tracing.arrived(push.message.attributes)), tracing.span("notify", "CONSUMER"):
            await fan_out.take(world.real(), event)


app = internal.create_app("notify", _post)


@functions_framework.aio.http
async def notify(request: Request) -> Any:
    return app
