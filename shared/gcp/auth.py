"""Whose Firebase ID token is this, and what becomes of their account? Asked of Firebase with firebase-admin.

A token's signature and claims are verified once. Its account is looked up, and the answer used for
``TRUST_SECONDS``: so soon does every instance know that a user was disabled or deleted, that their tokens were
revoked (https://firebase.google.com/docs/auth/admin/manage-sessions), or that their role has changed, which a token
itself would only say after an hour. An emulator's tokens are unsigned
(https://firebase.google.com/docs/emulator-suite/connect_auth#id_tokens); there, firebase-admin looks at their claims
and leaves the expiry to us.
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
MAX_KEPT = 10_000
"""Tokens, and accounts, that an instance remembers."""
HTTP_SECONDS = 10
MAX_TIME = 253_402_300_799  # the last second of the year 9999
SKEW_SECONDS = 10
"""By which the clock that signed a token may be ahead of this one. Without it, a token is refused as issued too early
by an instance whose clock is a second late (https://github.com/firebase/firebase-admin-python/issues/624)."""

_NAMEABLE = re.compile(r"(?!\.{1,2}$|__.*__$)[^/\x00-\x1f\x7f]{1,128}")
"""https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a token says of its user. ``issued_at``, ``expires_at``: seconds of Unix time."""

    user_id: UserId
    email: str
    name: str
    picture: str
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What Firebase says of a user now. ``role``: the custom claim, as it is. ``valid_after``: tokens issued before,
    in seconds of Unix time, are revoked."""

    user_id: UserId
    email: str
    role: object
    disabled: bool
    valid_after: float
    email_verified: bool = False


Verify = Callable[[str], Mapping[str, Any]]
"""Token -> claims; raises as ``firebase_admin.auth.verify_id_token`` does."""
LookUp = Callable[[str], Account]
"""User id -> account; raises as ``firebase_admin.auth.get_user`` does."""


class Verifier:
    """Tokens and accounts seen lately, and how to ask for more. Times are seconds of Unix time."""

    def __init__(self, verify: Verify, look_up: LookUp) -> None:
        self._verify = verify
        self._look_up = look_up
        self._identities: OrderedDict[bytes, Identity] = OrderedDict()
        self._accounts: OrderedDict[str, tuple[Account, float]] = OrderedDict()

    async def identify(self, token: str, *, now: float) -> tuple[Identity, Account]:
        """The user of ``token``. Unauthenticated: it does not hold (any more); Unavailable: Firebase cannot be
        asked."""
        key = hashlib.sha256(token.encode()).digest()
        identity = self._identities.get(key)
        if identity is None:
            identity = _identity(await _asked(self._verify, token))
        if identity.expires_at <= now:
            raise _refused("it has expired")
        if identity.issued_at > now + SKEW_SECONDS:  # or it would outlive a revocation
            raise _refused("it is not valid yet")
        _keep(self._identities, key, identity)
        account = await self.account(identity.user_id, now=now)
        if identity.issued_at < account.valid_after:
            raise _refused("it has been revoked")
        return identity, account

    async def account(self, user_id: str, *, now: float) -> Account:
        """A user's account. Unauthenticated: it is disabled or deleted; Unavailable: Firebase cannot be asked."""
        known = self._accounts.get(user_id)
        if known is None or known[1] <= now:
            known = await _asked(self._look_up, user_id), now + TRUST_SECONDS
            _keep(self._accounts, user_id, known)
        if known[0].disabled:
            raise _refused("its user is disabled")
        return known[0]

    def forget(self, user_id: str) -> None:
        """This instance has changed the account."""
        self._accounts.pop(user_id, None)


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MAX_KEPT:
        kept.popitem(last=False)


async def identify(token: str) -> tuple[Identity, Account]:
    """The user of an ID token of this project; see ``Verifier.identify``."""
    return await verifier().identify(token, now=clock.now().timestamp())


async def account(user_id: str) -> Account:
    """A user's account; see ``Verifier.account``."""
    return await verifier().account(user_id, now=clock.now().timestamp())


@functools.cache
def app() -> firebase_admin.App:
    """The one app of this process."""
    project = config.settings().google_cloud_project
    return firebase_admin.initialize_app(options={"projectId": project, "httpTimeout": HTTP_SECONDS}, name="weftly")


@functools.cache
def verifier() -> Verifier:
    def verify(token: str) -> Mapping[str, Any]:
        jwt_shape.check(token)
        return auth.verify_id_token(token, app=app(), clock_skew_seconds=SKEW_SECONDS)

    return Verifier(verify, lambda user_id: account_of(auth.get_user(user_id, app=app())))


def account_of(record: Any) -> Account:
    """The account in firebase-admin's UserRecord."""
    return Account(
        user_id=UserId(record.uid),
        email=record.email or "",
        role=(record.custom_claims or {}).get("role"),
        disabled=record.disabled,
        valid_after=record.tokens_valid_after_timestamp / 1000,
        email_verified=bool(record.email_verified),
    )


async def _asked(ask: Callable[[str], Any], about: str) -> Any:
    """firebase-admin is synchronous."""
    return await asyncio.to_thread(_answer, ask, about)


def _answer(ask: Callable[[str], Any], about: str) -> Any:
    try:
        return ask(about)
    except auth.CertificateFetchError as error:
        raise unavailable(error) from error
    except auth.UserNotFoundError as error:
        raise _refused("its user is deleted") from error
    except auth.ExpiredIdTokenError as error:
        raise _refused("it has expired") from error
    except (*jwt_shape.UNEXPECTED, auth.InvalidIdTokenError) as error:
        raise _refused("it is not a valid ID token of this project") from error
    except exceptions.FirebaseError as error:
        raise unavailable(error) from error


def _identity(claims: Mapping[str, Any]) -> Identity:
    user_id = str(claims.get("uid", ""))
    if not _NAMEABLE.fullmatch(user_id):
        raise _refused("its user id cannot name a document")
    return Identity(
        user_id=UserId(user_id),
        email=str(claims.get("email") or ""),
        name=str(claims.get("name") or ""),
        picture=str(claims.get("picture") or ""),
        issued_at=_seconds(claims.get("iat")),
        expires_at=_seconds(claims.get("exp")),
    )


def _seconds(claim: object) -> float:
    """A time claim; what is none has long passed."""
    return float(claim) if isinstance(claim, int | float) and 0 <= claim <= MAX_TIME else 0.0


def _refused(why: str) -> errors.Unauthenticated:
    return errors.Unauthenticated(
        f"The token does not hold: {why}. Sign in again and send the new ID token.", reason="INVALID_TOKEN"
    )


def unavailable(error: Exception) -> errors.Unavailable:
    """Firebase did not answer, or not as it should."""
    return errors.Unavailable(
        f"Firebase Authentication cannot be asked ({type(error).__name__}); try again.", retry_after=1
    )
