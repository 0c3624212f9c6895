"""What does the gateway itself answer? Errors as Google's API guide has them (https://google.aip.dev/193)."""

import json
from collections.abc import Mapping

from starlette.types import Send

_DOMAIN = "gateway.local"

_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cache-control", b"no-store"),
]


async def send_error(
    send: Send, code: int, status: str, reason: str, message: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with an error: HTTP ``code``, canonical ``status`` such as NOT_FOUND, stable ``reason``."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": _DOMAIN,
        "metadata": {},
    }
    error = {"code": code, "status": status, "message": message, "details": [info]}
    body = json.dumps({"error": error}).encode()
    more = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    framing = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": framing + _SECURITY_HEADERS + more})
    await send({"type": "http.response.body", "body": body})
