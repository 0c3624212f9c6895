"""What is in the tokens that Firebase Auth gives out, and which does it take?

ID tokens are those of Firebase's emulator: unsigned (``alg`` none), which firebase-admin accepts where
FIREBASE_AUTH_EMULATOR_HOST is set, and nowhere else. Claims:
https://firebase.google.com/docs/auth/admin/verify-id-tokens
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from local.auth.errors import AuthError

LIFETIME_SECONDS = 3600
# Names that custom claims may not take: https://firebase.google.com/docs/auth/admin/create-custom-tokens
RESERVED_CLAIMS = frozenset(
    [
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "cnf",
        "c_hash",
        "exp",
        "firebase",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "sub",
    ]
)
MAX_CUSTOM_CLAIMS_CHARACTERS = 1000


def id_token(
    project: str, user: Mapping[str, Any], provider: str, extra: Mapping[str, Any], auth_time: int, now: int
) -> str:
    """An ID token for ``user``, signed in through ``provider`` at ``auth_time`` (seconds since 1970)."""
    claims = _profile(user)
    claims.update(json.loads(user.get("customAttributes") or "{}"))
    claims.update(extra)
    if provider == "anonymous":
        claims["provider_id"] = "anonymous"
    identities = {"email": [user["email"]]} if user.get("email") else {}
    claims.update(
        iss=f"https://securetoken.google.com/{project}",
        aud=project,
        auth_time=auth_time,
        user_id=user["localId"],
        sub=user["localId"],
        iat=now,
        exp=now + LIFETIME_SECONDS,
        firebase={"identities": identities, "sign_in_provider": provider},
    )
    return unsigned(claims)


def session_cookie(project: str, claims: Mapping[str, Any], seconds: int, now: int) -> str:
    """The session cookie for a user who holds the ID token of ``claims``."""
    issuer = f"https://session.firebase.google.com/{project}"
    return unsigned({**claims, "iss": issuer, "iat": now, "exp": now + seconds})


def _profile(user: Mapping[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    for claim, field in (("name", "displayName"), ("picture", "photoUrl"), ("phone_number", "phoneNumber")):
        if user.get(field):
            claims[claim] = user[field]
    if user.get("email"):
        claims["email"] = user["email"]
        claims["email_verified"] = bool(user.get("emailVerified"))
    return claims


def unsigned(claims: Mapping[str, Any]) -> str:
    """A JWT of ``claims`` with an empty signature."""
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}."


def claims_of(token: str, error: str) -> dict[str, Any]:
    """What a JWT says, its signature unchecked as the emulator leaves it. AuthError(``error``): it is
    none."""
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        raise AuthError(error) from None
    if not isinstance(claims, dict):
        raise AuthError(error)
    return claims


def check_custom_claims(text: str) -> None:
    """AuthError: ``text`` is not a JSON object that may be merged into ID tokens."""
    if len(text) > MAX_CUSTOM_CLAIMS_CHARACTERS:
        raise AuthError("CLAIMS_TOO_LARGE")
    try:
        claims = json.loads(text)
    except ValueError:
        raise AuthError("INVALID_CLAIMS") from None
    if not isinstance(claims, dict):
        raise AuthError("INVALID_CLAIMS")
    for name in claims:
        if name in RESERVED_CLAIMS:
            raise AuthError(f"FORBIDDEN_CLAIM : {name}")


def _encode(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).rstrip(b"=").decode()
