"""Routes of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Each event has an ``id``; who comes back sends the last one as ``Last-Event-ID``, as browsers do by themselves, and is
told the rest. A comment every few seconds shows that the stream is alive.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shared import clock, config
from shared.domain import errors, live
from shared.domain.errors import Violation
from shared.domain.live import Batch, Cursor, Rows
from shared.domain.statuses import FINAL, is_final
from shared.firestore import live_rows
from shared.http import auth, json_text, models, routing, stream_tokens
from shared.http.answers import JsonAnswer
from shared.services import finding, streams

router = routing.router(tags=["executions"])

LastEventId = Annotated[
    str, Header(alias="Last-Event-ID", max_length=64, description="The id of the last event that was received.")
]
LastEventIdInQuery = Annotated[
    str, Query(max_length=64, description="As Last-Event-ID, where headers cannot be set.")
]
_AHEAD = timedelta(minutes=1)
_TYPE = "text/event-stream"
EVENTS: dict[int | str, dict[str, Any]] = {200: {"content": {_TYPE: {}}, "description": "Events, as they happen."}}


class StreamToken(BaseModel):
    """The cookie that was set is good until then."""

    model_config = ConfigDict(extra="forbid")

    expires_at: datetime


@router.post("/executions/events/cookie", summary="Let EventSource in", response_model=StreamToken)
async def set_cookie(request: Request, caller: auth.SignedIn) -> Response:
    """Set a cookie by which the browser may open event streams: EventSource can send no Authorization header. It is
    the ID token itself, kept from scripts and sent nowhere else, and is believed by event streams only."""
    return await stream_tokens.granted(request)


@router.delete("/executions/events/cookie", summary="Let EventSource in no more", response_model=models.Empty)
async def delete_cookie(caller: auth.AnyCaller) -> Response:
    """Forget the cookie."""
    return stream_tokens.forgotten(JsonAnswer({}))


@router.get("/executions/events", summary="Follow all executions", responses=EVENTS, response_class=Response)
async def follow_all(
    request: Request, caller: auth.Reader, received: LastEventId = "", last_event_id: LastEventIdInQuery = ""
) -> Response:
    """What becomes of the caller's newest executions, first of those that have not ended."""
    cursor = _cursor(received or last_event_id)
    view = live_rows.of_user(caller.user_id)
    held = await streams.hold(caller.user_id, f"user/{caller.user_id}", view, cursor, _ended)
    return Events(_told(request, held, ends=False), held.release)


@router.get(
    "/executions/{execution_id}/events", summary="Follow an execution", responses=EVENTS, response_class=Response
)
async def follow(
    request: Request,
    execution_id: str,
    caller: auth.Reader,
    received: LastEventId = "",
    last_event_id: LastEventIdInQuery = "",
) -> Response:
    """What happens in an execution, from its beginning or from the last event on, to its end. 204: there is no
    more, which tells EventSource to come back no more. ``data`` of each event is JSON with ``type``, ``event_id``,
    ``execution_id`` and ``at``: ``execution.status`` with ``status``, and at the end ``cost`` and ``error``;
    ``node_execution.status`` with ``node_execution_id``, ``node_id``, ``block_type``, ``status``, and at its end
    ``attempts``, ``cost`` and ``error``; ``node_execution.partial`` with what a language model has said so far:
    ``text``, from the character ``offset`` of the output ``pin`` on; another ``claim`` begins anew."""
    cursor = _cursor(received or last_event_id)
    execution = await finding.get(caller.user_id, execution_id)
    view = live_rows.of_execution(execution_id)
    if not is_final(execution.status):
        held = await streams.hold(caller.user_id, f"execution/{execution_id}", view, cursor, lambda _: {})
        return Events(_told(request, held, ends=True), held.release)
    batches = await streams.ended(view, cursor)
    if cursor is not None and not any(batch.numbered() for batch in batches):
        return Response(status_code=204)
    return Events(_over(batches))


def _cursor(text: str) -> Cursor | None:
    """InvalidArgument: it is not the id of an event."""
    if not text:
        return None
    found = live.cursor(text)
    latest = (clock.now() + _AHEAD).timestamp() * 1_000_000
    if found is None or max(found.since, found.until) > latest:
        raise errors.InvalidArgument(
            "Last-Event-ID is not valid.",
            violations=[Violation("Last-Event-ID", "It is not the id of an event; leave it out to begin anew.")],
        )
    return found


def _ended(rows: Rows) -> Rows:
    """Of executions that have ended nothing is told to who begins."""
    return {key: row for key, row in rows.items() if row.fields["status"] in FINAL}


class Events(StreamingResponse):
    """A stream of events. ``release`` is called when it has ended, or its reader has gone, before it began even.
    ``X-Accel-Buffering``: proxies are to pass on each event at once."""

    def __init__(self, events: AsyncIterator[bytes], release: Callable[[], None] = lambda: None) -> None:
        headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type=_TYPE, headers=headers)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            self._release()


async def _told(request: Request, held: streams.Held, *, ends: bool) -> AsyncIterator[bytes]:
    """Until the execution ends, the reader goes, or may hear no more; or it has taken long enough: then it is
    resumed."""
    heartbeat = config.settings().stream_heartbeat_seconds
    until = clock.monotonic() + config.settings().max_stream_seconds
    try:
        yield b": this is a stream\nretry: 1000\n\n"
        while (left := until - clock.monotonic()) > 0:
            batch = await held.next(min(heartbeat, left))
            if not await auth.still_holds(request):
                return
            if batch is None:
                yield b": alive\n\n"
                continue
            text, is_over = _text(batch)
            yield text
            if ends and is_over:
                return
    except streams.EndOfStream:
        return


async def _over(batches: list[Batch]) -> AsyncIterator[bytes]:
    for batch in batches:
        yield _text(batch)[0]


def _text(batch: Batch) -> tuple[bytes, bool]:
    """The events as they are sent, and whether the last ends an execution."""
    lines = [_line(id_, event.type, event.data) for id_, event in batch.numbered()]
    return b"".join(lines), bool(batch.events) and batch.events[-1].is_end


def _line(id_: str, type_: str, data: Mapping[str, Any]) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (id_.encode(), type_.encode(), json_text.dumps(data))
