"""Whose Firebase ID token is this? Verified with firebase-admin.

An answer is used again for ``TRUST_SECONDS``. Whether the token is revoked or the user disabled costs a look-up,
so it is asked for writes only, as rarely (https://firebase.google.com/docs/auth/admin/manage-sessions). An
emulator's tokens are unsigned (https://firebase.google.com/docs/emulator-suite/connect_auth#id_tokens); there,
firebase-admin looks at their claims and leaves the expiry to us.
"""

import asyncio
import functools
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import firebase_admin
from firebase_admin import auth, exceptions

from shared import clock, config
from shared.domain import errors
from shared.domain.graph import UserId
from shared.gcp import jwt_shape

TRUST_SECONDS = 60.0
MAX_TOKENS = 10_000
HTTP_SECONDS = 10
MAX_TIME = 253_402_300_799  # the last second of the year 9999

_NAMEABLE = re.compile(r"(?!\.{1,2}$|__.*__$)[^/\x00-\x1f\x7f]{1,128}")
"""https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields"""

Verify = Callable[[str, bool], Mapping[str, Any]]
"""(token, whether to ask for revocation) -> claims; raises as ``firebase_admin.auth.verify_id_token`` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a token says of its user. ``role``: the custom claim, as it is. ``expires_at``: seconds of Unix time."""

    user_id: UserId
    email: str
    name: str
    picture: str
    role: object
    expires_at: float


@dataclass(slots=True)
class _Trusted:
    identity: Identity
    until: float
    unrevoked_until: float


class Verifier:
    """Tokens seen lately, and how to verify one. Times are seconds of Unix time."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._trusted: OrderedDict[bytes, _Trusted] = OrderedDict()

    async def identify(self, token: str, *, now: float, unrevoked: bool) -> Identity:
        """The user of ``token``. Unauthenticated: it does not hold (any more); Unavailable: Firebase cannot be
        asked."""
        key = hashlib.sha256(token.encode()).digest()
        known = self._trusted.get(key)
        if known and now < (known.unrevoked_until if unrevoked else known.until):
            return known.identity
        claims = await asyncio.to_thread(_claims, self._verify, token, unrevoked)
        identity = _identity(claims)
        if identity.expires_at <= now:
            raise _refused("it has expired")
        until = min(now + TRUST_SECONDS, identity.expires_at)
        self._remember(key, _Trusted(identity, until, until if unrevoked else 0.0))
        return identity

    def _remember(self, key: bytes, trusted: _Trusted) -> None:
        self._trusted[key] = trusted
        self._trusted.move_to_end(key)
        if len(self._trusted) > MAX_TOKENS:
            self._trusted.popitem(last=False)


async def identify(token: str, *, unrevoked: bool) -> Identity:
    """The user of an ID token of this project; see ``Verifier.identify``."""
    return await _verifier().identify(token, now=clock.now().timestamp(), unrevoked=unrevoked)


@functools.cache
def _verifier() -> Verifier:
    project = config.settings().google_cloud_project
    app = firebase_admin.initialize_app(options={"projectId": project, "httpTimeout": HTTP_SECONDS}, name="weftly")

    def verify(token: str, unrevoked: bool) -> Mapping[str, Any]:
        jwt_shape.check(token)
        return auth.verify_id_token(token, app=app, check_revoked=unrevoked)

    return Verifier(verify)


def _claims(verify: Verify, token: str, unrevoked: bool) -> Mapping[str, Any]:
    try:
        return verify(token, unrevoked)
    except auth.CertificateFetchError as error:
        raise _unavailable(error) from error
    except auth.RevokedIdTokenError as error:
        raise _refused("it has been revoked") from error
    except auth.UserDisabledError as error:
        raise _refused("its user is disabled") from error
    except auth.UserNotFoundError as error:
        raise _refused("its user is deleted") from error
    except auth.ExpiredIdTokenError as error:
        raise _refused("it has expired") from error
    except (*jwt_shape.UNEXPECTED, auth.InvalidIdTokenError) as error:
        raise _refused("it is not a valid ID token of this project") from error
    except exceptions.FirebaseError as error:
        raise _unavailable(error) from error


def _identity(claims: Mapping[str, Any]) -> Identity:
    user_id = str(claims.get("uid", ""))
    if not _NAMEABLE.fullmatch(user_id):
        raise _refused("its user id cannot name a document")
    return Identity(
        user_id=UserId(user_id),
        email=str(claims.get("email") or ""),
        name=str(claims.get("name") or ""),
        picture=str(claims.get("picture") or ""),
        role=claims.get("role"),
        expires_at=_seconds(claims.get("exp")),
    )


def _seconds(claim: object) -> float:
    """A time claim; what is none has long passed."""
    return float(claim) if isinstance(claim, int | float) and 0 <= claim <= MAX_TIME else 0.0


def _refused(why: str) -> errors.Unauthenticated:
    return errors.Unauthenticated(
        f"The token does not hold: {why}. Sign in again and send the new ID token.", reason="INVALID_TOKEN"
    )


def _unavailable(error: Exception) -> errors.Unavailable:
    return errors.Unavailable(
        f"Firebase Authentication cannot be asked ({type(error).__name__}); try again.", retry_after=1
    )
