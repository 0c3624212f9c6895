"""Is a signed URL good? (V4, as https://cloud.google.com/storage/docs/authentication/signatures has it)

The local cloud signs for every service account (``signBlob`` of ``local/auth``), so every signature is checked with
its one key; what another key signed is refused, as in production what no known account signed is.
"""

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from starlette.requests import Request

from local.storage.errors import XmlError

ALGORITHM = "GOOG4-RSA-SHA256"
MAX_SKEW_SECONDS = 15 * 60
MAX_EXPIRES_SECONDS = 7 * 86400
Verify = Callable[[bytes, bytes], bool]


def check(request: Request, verify: Verify, now: float) -> None:
    """XmlError: the URL is not signed, for another request than this, or no longer. ``verify`` (text, signature)."""
    query = request.query_params
    if "X-Goog-Signature" not in query:
        raise XmlError(403, "AccessDenied", "Access denied: the URL is not signed.")
    if query.get("X-Goog-Algorithm") != ALGORITHM:
        raise XmlError(400, "InvalidArgument", f"X-Goog-Algorithm must be {ALGORITHM}.")
    _, _, scope = query.get("X-Goog-Credential", "").partition("/")
    signed = query.get("X-Goog-SignedHeaders", "").split(";")
    if not re.fullmatch(r"\d{8}/[^/]+/storage/goog4_request", scope) or "host" not in signed:
        raise XmlError(400, "InvalidArgument", "X-Goog-Credential or X-Goog-SignedHeaders is not valid.")
    _check_time(query, now)
    _check_headers(request, signed)
    try:
        signature = bytes.fromhex(query["X-Goog-Signature"])
    except ValueError:
        signature = b""
    # A URL to read may be asked for its head alone.
    methods = ("HEAD", "GET") if request.method == "HEAD" else (request.method,)
    if not any(verify(_text(request, method, signed, scope), signature) for method in methods):
        message = "The request is not the one that was signed: its method, path, query and signed headers must be."
        raise XmlError(403, "SignatureDoesNotMatch", message)


def _text(request: Request, method: str, signed: list[str], scope: str) -> bytes:
    """What is signed."""
    date = request.query_params["X-Goog-Date"]
    return f"{ALGORITHM}\n{date}\n{scope}\n{_canonical(request, method, signed)}".encode()


def _check_headers(request: Request, signed: list[str]) -> None:
    """Every header that tells Cloud Storage what to do must be signed."""
    for name in request.headers:
        if name.startswith("x-goog-") and name not in signed:
            message = f"Your request has a malformed header: {name} is not among the signed headers."
            raise XmlError(400, "MalformedSecurityHeader", message)


def _check_time(query: Mapping[str, str], now: float) -> None:
    try:
        signed_at = datetime.datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
        lifetime = int(query["X-Goog-Expires"])
    except (KeyError, ValueError):
        raise XmlError(400, "InvalidArgument", "X-Goog-Date or X-Goog-Expires is not valid.") from None
    if not 0 < lifetime <= MAX_EXPIRES_SECONDS:
        raise XmlError(400, "InvalidArgument", f"X-Goog-Expires must be 1 to {MAX_EXPIRES_SECONDS} seconds.")
    if now < signed_at.timestamp() - MAX_SKEW_SECONDS:
        raise XmlError(403, "RequestTimeTooSkewed", "The signed URL does not hold yet.")
    if now > signed_at.timestamp() + lifetime:
        raise XmlError(400, "ExpiredToken", "The signed URL has expired.")


def _canonical(request: Request, method: str, signed: list[str]) -> str:
    """The hash of the request as it was to be signed."""
    path = (request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    given = sorted((name, value) for name, value in request.query_params.multi_items() if name != "X-Goog-Signature")
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in given)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    payload = request.headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD")
    lines = [method, path, query, headers, ";".join(signed), payload]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
