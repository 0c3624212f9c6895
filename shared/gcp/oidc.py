"""Does this call come from the platform itself? Cloud Tasks, Scheduler and Pub/Sub carry Google's OIDC tokens.

Audience, e-mail, issuer and expiry are always checked. The signature is checked against Google's keys, except on
Cloud Run, which has checked it before and replaced it by ``SIGNATURE_REMOVED_BY_GOOGLE``
(https://cloud.google.com/run/docs/troubleshooting#signature-removed).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import jwt

from shared import clock, config
from shared.domain import errors
from shared.gcp import jwt_shape

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
LEEWAY_SECONDS = 10
KEYS_SECONDS = 3600.0
"""How long fetched keys are used. Google rotates them over days, and publishes a new one before it signs."""
REFETCH_SECONDS = 10.0
"""An unknown key id makes the keys be fetched again, at most this often."""

_REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"


class _UnknownKey(jwt.InvalidTokenError):
    """No published key has the id in the token's header."""


_REASONS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is not valid yet",
    jwt.InvalidAudienceError: "it is for another audience than this function",
    jwt.InvalidSignatureError: "its signature is wrong",
    jwt.MissingRequiredClaimError: "it lacks exp, iat, iss or aud",
    _UnknownKey: "it is signed with a key that Google does not publish",
}


class Keys:
    """The public keys at a URL (a JWK set), fetched when they are first needed."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self._transport = transport
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str, now: float) -> jwt.PyJWK | None:
        """The key with this id. ``now``: seconds, monotonic. Unavailable: the keys cannot be fetched."""
        if self._fresh(key_id, now):
            return self._keys.get(key_id)
        async with self._lock:
            if not self._fresh(key_id, now):
                self._keys = await self._fetch()
                self._fetched_at = now
        return self._keys.get(key_id)

    def _fresh(self, key_id: str, now: float) -> bool:
        return now - self._fetched_at < (KEYS_SECONDS if key_id in self._keys else REFETCH_SECONDS)

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            async with httpx.AsyncClient(timeout=10, transport=self._transport) as client:
                answer = (await client.get(self.url)).raise_for_status()
            return {key.key_id: key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if key.key_id}
        except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            raise errors.Unavailable(
                f"The keys of OIDC tokens cannot be read from {self.url}: {error!r}. Try again."
            ) from error


_keys: Keys | None = None


async def verify(authorization: str | None, audience: str) -> Mapping[str, Any]:
    """The claims of a call's ``Authorization`` header. Unauthenticated: there is no token that holds for
    ``audience``; PermissionDenied: it is another's than the platform's own caller."""
    settings = config.settings()
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.Unauthenticated("This function takes calls of the platform only: no OIDC token.")
    try:
        jwt_shape.check(token.strip())
        claims = await _claims(token.strip(), audience)
    except (jwt.PyJWTError, *jwt_shape.UNEXPECTED) as error:
        raise errors.Unauthenticated(f"The OIDC token does not hold: {_why(error)}.") from error
    if claims["iss"] not in ISSUERS:
        raise errors.Unauthenticated("The OIDC token is of another issuer than Google.")
    if claims.get("email") != settings.invoker or claims.get("email_verified") is not True:
        raise errors.PermissionDenied(
            f"Only {settings.invoker} may call this function; the setting INVOKER_EMAIL names it.",
            metadata={"email": str(claims.get("email", ""))},
        )
    return claims


def _why(error: Exception) -> str:
    """What a stranger may be told: what is wrong with the token, not what the library met inside of it."""
    for kind, text in _REASONS.items():
        if isinstance(error, kind):
            return text
    return "it is not a valid OIDC token"


async def _claims(token: str, audience: str) -> Mapping[str, Any]:
    checks: dict[str, Any] = {
        "audience": audience,
        "leeway": LEEWAY_SECONDS,
        "options": {"require": ["exp", "iat", "iss", "aud"]},
    }
    if config.deployed() and token.rpartition(".")[2] == _REMOVED:
        body = token.rpartition(".")[0]
        checks["options"] |= {
            "verify_signature": False,
            "verify_exp": True,
            "verify_aud": True,
            "verify_iat": True,
        }
        return jwt.decode(f"{body}.", **checks)
    key = await _key(jwt.get_unverified_header(token))
    return jwt.decode(token, key, algorithms=["RS256"], **checks)


async def _key(header: Mapping[str, Any]) -> jwt.PyJWK:
    global _keys
    url = config.settings().oidc_certs_url
    if _keys is None or _keys.url != url:
        _keys = Keys(url)
    key = await _keys.find(str(header.get("kid", "")), clock.monotonic())
    if key is None:
        raise _UnknownKey
    return key
