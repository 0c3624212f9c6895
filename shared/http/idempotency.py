"""Has this POST been made before? ``Idempotency-Key`` (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).

    @router.post("/graphs")
    async def create(caller: ..., once: idempotency.Once) -> Response:
        return await once.resource(caller.user_id, lambda new_id: service.create(caller, body, new_id))

A key belongs to a user and a route. The same body gets the same answer for 24 hours, and another body is 409. While
the first request is at work, others wait ``PATIENCE_SECONDS`` for its answer, and then are 409 (come again after
Retry-After). A key is bound by what was done, and by a conflict; not by a refusal of the request itself (400, 401,
403, 404, 413), nor by what another attempt may change (429, 5xx): a corrected body may come with the same key. What
is created takes its id from the key: should the process die between creating and answering, the repetition finds
what was made. What an answer shows only once, as a new key, is not recorded with it: a repetition shows null there.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from starlette.responses import Response

from shared import clock
from shared.domain import errors
from shared.domain.errors import Violation, WeftlyError
from shared.firestore import idempotency as records
from shared.firestore.idempotency import Answered, Busy, Held, OtherBody
from shared.http import answers, json_text
from shared.http import errors as wire

T = TypeVar("T")
Make = Callable[[str], Awaitable[Response]]
"""Makes the answer; the argument is the id for what it creates."""

PATIENCE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.05
"""It doubles."""
RECORD_ATTEMPTS = 5
"""How often a step of the record is tried: what is left half done keeps the key busy until its lease is over."""

_BINDING = frozenset({409, 412})
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class OnceOnly:
    """Wraps the work of one POST."""

    def __init__(self, key: str | None, route: str, fingerprint: str) -> None:
        self._key = key
        self._route = route
        self._fingerprint = fingerprint

    async def __call__(
        self, user_id: str, make: Make, *, shown_once: Collection[str] = (), kept: bool = True
    ) -> Response:
        """``shown_once``: fields of the answer that must not be kept; ``kept`` false: nothing of it is, and a
        repetition does the work again, with the same id."""
        if self._key is None:
            return await make(clock.random_id())
        match await self._begin(user_id, self._key):
            case Answered() as before:
                return _replay(before)
            case Busy(lease_until=until):
                raise _busy(max(1.0, min(5.0, (until - clock.now()).total_seconds())))
            case OtherBody():
                raise errors.Conflict(
                    "This Idempotency-Key was used with another body; use a new key for another request.",
                    reason="IDEMPOTENCY_KEY_REUSED",
                )
            case Held() as held:
                return await _work(held, make, shown_once, kept)

    async def resource(
        self, user_id: str, make: Callable[[str], Awaitable[dict[str, Any]]], *, shown_once: Collection[str] = ()
    ) -> Response:
        """The same for work that gives a resource."""

        async def answer(new_id: str) -> Response:
            made = await make(new_id)
            return answers.resource(made) if "etag" in made else answers.JsonAnswer(made)

        return await self(user_id, answer, shown_once=shown_once)

    async def _begin(self, user_id: str, key: str) -> Held | Answered | Busy | OtherBody:
        """What becomes of this request; while another is at work, only after waiting for it a while."""
        end, pause, holder = clock.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS, clock.random_id()
        while True:
            found = await _steadily(
                lambda: records.begin(user_id, self._route, key, self._fingerprint, holder, clock.now())
            )
            if not isinstance(found, Busy) or clock.monotonic() + pause > end:
                return found
            await asyncio.sleep(pause)
            pause *= 2


async def _work(held: Held, make: Make, shown_once: Collection[str], kept: bool) -> Response:
    """Make and record the answer. A refusal is not recorded, except a conflict with what is there."""
    try:
        answer = await make(resource_id(held))
    except WeftlyError as error:
        if error.retryable or error.code >= 500:
            await _release(held)
        elif error.code not in _BINDING:
            await _steadily(lambda: records.forget(held))
        else:
            await _complete(held, error.code, bytes(wire.answer(error).body), "")
        raise
    except Exception:
        await _release(held)
        raise
    if not kept:
        await _release(held)
        return answer
    body = _without(bytes(answer.body), shown_once)
    await _complete(held, answer.status_code, body, answer.headers.get("etag", ""))
    return answer


async def _complete(held: Held, code: int, body: bytes, etag: str) -> None:
    await _steadily(lambda: records.complete(held, code, body, etag))


async def _release(held: Held) -> None:
    await _steadily(lambda: records.release(held, clock.now()))


async def _steadily(step: Callable[[], Awaitable[T]]) -> T:
    """A step of the record, tried again while the database does not take it: holder and fence tell each step that
    was applied although its answer was lost."""
    for attempt in range(RECORD_ATTEMPTS - 1):
        try:
            return await step()
        except errors.Unavailable:
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
    return await step()


def _without(body: bytes, fields: Collection[str]) -> bytes:
    """An answer with null in these fields."""
    return json_text.dumps({**json_text.loads(body), **dict.fromkeys(fields)}) if fields else body


def resource_id(held: Held) -> str:
    """The id for what a request with this key creates: 26 characters, as ``clock.random_id`` makes them."""
    digest = hashlib.sha256(f"{held.record_id}\0{held.born_at.isoformat()}".encode()).digest()
    number = int.from_bytes(digest[:17], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body get the same answer, for 24 hours.")
    ] = None,
) -> OnceOnly:
    """The dependency."""
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        violation = Violation("Idempotency-Key", "It must be 1 to 255 visible ASCII characters.")
        raise wire.invalid([violation])
    # Keyed, since a body may hold a password, and what is kept of it must not let anybody try them.
    fingerprint = hmac.new((idempotency_key or "").encode(), await request.body(), "sha256").hexdigest()
    return OnceOnly(idempotency_key, f"{request.method} {request.url.path}", fingerprint)


Once = Annotated[OnceOnly, Depends(once)]


def _replay(before: Answered) -> Response:
    headers = {"Idempotent-Replayed": "true", **({"ETag": before.etag} if before.etag else {})}
    return Response(before.body, status_code=before.code, headers=headers, media_type="application/json")


def _busy(seconds: float) -> errors.Conflict:
    return errors.Conflict(
        "A request with this Idempotency-Key is still at work; repeat yours to get its answer.",
        reason="IDEMPOTENCY_KEY_IN_USE",
        retry_after=seconds,
    )
