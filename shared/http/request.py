"""Which request is this? Its id, and the headers that its answer carries whatever happens."""

import re
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import Scope

from shared import clock

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """One request. ``headers`` go with its answer, errors included. ``user_id``, and the
    ``key_id`` of an API key, are set once they are known; ``resource_id``: what the answer is about; ``body_fields``:
    the names in the body."""

    request_id: str
    user_id: str = ""
    key_id: str = ""
    resource_id: str = ""
    body_fields: Sequence[str] = ()
    headers: dict[str, str] = field(default_factory=dict[str, str])


current: ContextVar[RequestContext | None] = ContextVar("weftly_request", default=None)


def context() -> RequestContext:
    """The request being served; outside of one, a context that nobody sees."""
    return current.get() or RequestContext(request_id="")


def begin(scope: Scope) -> RequestContext:
    """The context of a new request: the client's ``X-Request-Id`` where it is sane."""
    headers = Headers(scope=scope)
    given = headers.get("x-request-id", "")
    request_id = given if _SANE_ID.fullmatch(given) else clock.random_id()
    return RequestContext(request_id=request_id)
