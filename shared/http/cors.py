"""Which web pages may call the API? Those of the setting ``cors_origins``; none by default.

No cookies are involved: a page must hold a token to do anything (https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from shared.domain import errors
from shared.http import errors as wire

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REQUEST_HEADERS = (
    "Authorization",
    "X-API-Key",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "Last-Event-ID",
    "X-Request-Id",
    "Traceparent",
)
ANSWER_HEADERS = (
    "ETag",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Idempotent-Replayed",
    "X-Request-Id",
)


class Cors(CORSMiddleware):
    """Starlette's, with refusals in the form of every other error."""

    def __init__(self, app: ASGIApp, origins: str) -> None:
        super().__init__(
            app,
            allow_origins=[origin.strip().rstrip("/") for origin in origins.split(",") if origin.strip()],
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        refused = errors.InvalidArgument(
            f"{bytes(response.body).decode()}: the setting CORS_ORIGINS does not allow it.",
            reason="CORS_REFUSED",
        )
        keep = {name: value for name, value in response.headers.items() if name.startswith("access-control")}
        return wire.answer(refused, keep)
