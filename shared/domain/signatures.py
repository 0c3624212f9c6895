"""Did this delivery come from whom it says? The signatures of senders of webhooks.

standard  https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
github    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
stripe    https://docs.stripe.com/webhooks#verify-manually
slack     https://docs.slack.dev/authentication/verifying-requests-from-slack

What tells one event from another is only what is signed: GitHub signs neither an id nor a time, so there the body
itself does, and a delivery that is made again, by GitHub or by somebody who listened, is the same event.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

WINDOW_SECONDS = 300
"""How old, or how far ahead, a signed time may be."""

PREFIX = "whsec_"


class SignatureError(Exception):
    """The delivery is not to be believed; the message says why, without the secret."""


Headers = Mapping[str, str]
"""Names in lower case."""


def event(provider: str, secret: str, headers: Headers, body: bytes, now: datetime) -> str:
    """What tells this event from others of its sender. SignatureError."""
    return _PROVIDERS[provider](secret, headers, body, now)


def sign(secret: str, id_: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a delivery of our own, by Standard Webhooks."""
    at = str(int(now.timestamp()))
    mac = base64.b64encode(_mac(_standard_key(secret), f"{id_}.{at}.".encode() + body)).decode()
    return {"webhook-id": id_, "webhook-timestamp": at, "webhook-signature": f"v1,{mac}"}


def _standard(secret: str, headers: Headers, body: bytes, now: datetime) -> str:
    id_, at = _header(headers, "webhook-id"), _header(headers, "webhook-timestamp")
    _check_time(at, now)
    expected = _mac(_standard_key(secret), f"{id_}.{at}.".encode() + body)
    given = _header(headers, "webhook-signature").split()
    _check(expected, [_base64(one[3:]) for one in given if one.startswith("v1,")], "webhook-signature")
    return id_


def _standard_key(secret: str) -> bytes:
    """The spec's secrets are ``whsec_`` and base64; any other text stands for itself."""
    return _base64(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()


def _github(secret: str, headers: Headers, body: bytes, now: datetime) -> str:
    given = _header(headers, "x-hub-signature-256")
    _check(_mac(secret.encode(), body), [_hex(given.removeprefix("sha256="))], "x-hub-signature-256")
    return hashlib.sha256(body).hexdigest()


def _stripe(secret: str, headers: Headers, body: bytes, now: datetime) -> str:
    parts = [part.partition("=") for part in _header(headers, "stripe-signature").split(",")]
    at = next((value for name, _, value in parts if name.strip() == "t"), "")
    _check_time(at, now)
    expected = _mac(secret.encode(), f"{at}.".encode() + body)
    _check(expected, [_hex(value) for name, _, value in parts if name.strip() == "v1"], "stripe-signature")
    return _named(body, "id")


def _slack(secret: str, headers: Headers, body: bytes, now: datetime) -> str:
    at = _header(headers, "x-slack-request-timestamp")
    _check_time(at, now)
    given = _header(headers, "x-slack-signature")
    _check(_mac(secret.encode(), f"v0:{at}:".encode() + body), [_hex(given.removeprefix("v0="))], "x-slack-signature")
    return _named(body, "event_id")


_PROVIDERS: Mapping[str, Callable[[str, Headers, bytes, datetime], str]] = {
    "standard": _standard,
    "github": _github,
    "stripe": _stripe,
    "slack": _slack,
}
PROVIDERS = tuple(_PROVIDERS)


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _check(expected: bytes, given: list[bytes], header: str) -> None:
    """One of several is enough: a secret may be in the middle of its rotation."""
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise SignatureError(f"The header {header} does not hold for this body and the secret of the webhook.")


def _check_time(text: str, now: datetime) -> None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise SignatureError("The delivery does not say when it was signed, in seconds of Unix time.")
    if abs(now.timestamp() - int(text)) > WINDOW_SECONDS:
        raise SignatureError(f"It was signed more than {WINDOW_SECONDS} s ago, or ahead: it may be a replay.")


def _header(headers: Headers, name: str) -> str:
    if not (found := headers.get(name, "").strip()):
        raise SignatureError(f"The header {name} is missing.")
    return found


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        return b""


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _named(body: bytes, name: str) -> str:
    """The sender's own id of the event, in the signed body; without one the body stands for itself."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    id_: Any = cast(Mapping[str, Any], value).get(name) if isinstance(value, dict) else None
    return id_ if isinstance(id_, str) and id_ else hashlib.sha256(body).hexdigest()
