"""What does the local cloud itself answer, where no function does? Errors as Google's API guide has them
(https://google.aip.dev/193), with the id of the request and the headers that every answer has."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope, Send

LONGEST_QUOTE = 200
"""Characters of a client's own words that an answer repeats."""

_DOMAIN = "gateway.local"
_TYPE = "type.googleapis.com/google.rpc."
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")

_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """HTTP ``code``, canonical ``status`` such as NOT_FOUND, stable ``reason``; more headers of the answer."""

    code: int
    status: str
    reason: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


async def send_error(scope: Scope, send: Send, problem: Problem) -> None:
    """Answer a request with an error."""
    request_id = _request_id(scope)
    body = json.dumps({"error": _error(problem, request_id)}).encode()
    framing = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
    ]
    more = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers = framing + _SECURITY_HEADERS + more
    await send({"type": "http.response.start", "status": problem.code, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def quoted(text: str) -> str:
    """A client's own words, cut where they are long."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _error(problem: Problem, request_id: str) -> dict[str, Any]:
    info = {"@type": f"{_TYPE}ErrorInfo", "reason": problem.reason, "domain": _DOMAIN, "metadata": {}}
    details = [info, {"@type": f"{_TYPE}RequestInfo", "requestId": request_id}]
    return {"code": problem.code, "status": problem.status, "message": problem.message, "details": details}


def _request_id(scope: Scope) -> str:
    """The client's, where it is sane, as the functions do it."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return value.decode()
    return secrets.token_hex(13)
