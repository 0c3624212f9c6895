"""How does a browser open an event stream, where EventSource can set no header? By a cookie that only streams read.

A token in the address would be in the logs of every proxy. The cookie is kept from scripts, goes to no other site's
requests, and to the paths of executions only; it is read nowhere but here, and lets nobody do more than follow what
they may see. It is the ID token, checked like one, and ends with it.
"""

import re
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from shared import clock, config
from shared.gcp import auth
from shared.http.answers import JsonAnswer

NAME = "__session"
"""The only cookie that Firebase Hosting passes on (https://firebase.google.com/docs/hosting/manage-cache)."""
PATH = "/api/v1/executions"


_STREAMS = re.compile(r".*/executions(/[^/]+)?/events")


def is_asked(request: Request) -> bool:
    """Whether this asks for an event stream and brings the cookie. Nothing else is asked for by a cookie."""
    return request.method == "GET" and bool(of(request)) and _STREAMS.fullmatch(request.url.path) is not None


def of(request: Request) -> str:
    """The token in the cookie, or ""."""
    return request.cookies.get(NAME, "")


async def granted(request: Request) -> Response:
    """The caller's own ID token, which was checked, as the cookie."""
    token = request.headers["authorization"].partition(" ")[2].strip()
    identity, _ = await auth.identify(token)
    expires_at = datetime.fromtimestamp(identity.expires_at, UTC)
    answer = JsonAnswer({"expires_at": expires_at})
    left = max(0, int((expires_at - clock.now()).total_seconds()))
    answer.set_cookie(
        NAME, token, max_age=left, path=PATH, secure=config.deployed(), httponly=True, samesite="strict"
    )
    return answer


def forgotten(answer: Response) -> Response:
    answer.delete_cookie(NAME, path=PATH, secure=config.deployed(), httponly=True, samesite="strict")
    return answer
