"""How far a token is trusted, and for how long."""

from dataclasses import replace
from typing import Any

import pytest
from firebase_admin import auth as firebase
from firebase_admin import exceptions

from shared.domain import errors
from shared.domain.graph import UserId
from shared.gcp.auth import SKEW_SECONDS, TRUST_SECONDS, Account, Verifier


class Firebase:
    """Answers with claims and an account, or raises; counts what it is asked."""

    def __init__(self, **claims: Any) -> None:
        self.claims: dict[str, Any] = {"uid": "u", "iat": 0, "exp": 10_000, **claims}
        self.account = Account(user_id=UserId("u"), email="u@x.test", role="admin", disabled=False, valid_after=0)
        self.error: Exception | None = None
        self.verified = 0
        self.looked_up = 0

    def verifier(self) -> Verifier:
        return Verifier(self._verify, self._look_up)

    def _verify(self, token: str) -> dict[str, Any]:
        self.verified += 1
        if self.error:
            raise self.error
        return self.claims

    def _look_up(self, user_id: str) -> Account:
        self.looked_up += 1
        if self.error:
            raise self.error
        return self.account


async def test_a_token_is_verified_once_and_its_account_looked_up_once_a_minute():
    firebase_ = Firebase(email="u@x.test")
    verifier = firebase_.verifier()
    for now in (0, 1, TRUST_SECONDS - 1):
        identity, account = await verifier.identify("t", now=now)
    assert (identity.user_id, identity.email, account.role) == ("u", "u@x.test", "admin")
    assert (firebase_.verified, firebase_.looked_up) == (1, 1)
    await verifier.identify("t", now=TRUST_SECONDS)
    await verifier.account("u", now=TRUST_SECONDS)
    assert (firebase_.verified, firebase_.looked_up) == (1, 2)


@pytest.mark.parametrize("change", [{"disabled": True}, {"valid_after": 1}], ids=str)
async def test_what_becomes_of_an_account_is_known_within_a_minute(change: dict[str, Any]):
    firebase_ = Firebase()
    verifier = firebase_.verifier()
    await verifier.identify("t", now=0)
    firebase_.account = replace(firebase_.account, **change)
    await verifier.identify("t", now=TRUST_SECONDS - 1)
    with pytest.raises(errors.Unauthenticated):
        await verifier.identify("t", now=TRUST_SECONDS)


async def test_the_clock_that_signed_a_token_may_be_a_little_ahead():
    assert (await Firebase(iat=SKEW_SECONDS).verifier().identify("t", now=0))[0].issued_at == SKEW_SECONDS


async def test_a_role_is_that_of_the_account_within_a_minute():
    firebase_ = Firebase(role="viewer")
    verifier = firebase_.verifier()
    firebase_.account = replace(firebase_.account, role="user")
    assert (await verifier.identify("t", now=0))[1].role == "user"


async def test_what_an_instance_changes_itself_it_knows_at_once():
    firebase_ = Firebase()
    verifier = firebase_.verifier()
    await verifier.identify("t", now=0)
    firebase_.account = replace(firebase_.account, disabled=True)
    verifier.forget("u")
    with pytest.raises(errors.Unauthenticated):
        await verifier.identify("t", now=0)


async def test_a_token_is_not_trusted_beyond_its_expiry():
    verifier = Firebase(exp=30).verifier()
    await verifier.identify("t", now=29)
    with pytest.raises(errors.Unauthenticated):
        await verifier.identify("t", now=30)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"uid": "a/b"},
        {"uid": "__x__"},
        {"uid": ".."},
        {"uid": "a\0"},
        {"exp": 10**400},
        {"iat": SKEW_SECONDS + 1},
    ],
)
async def test_claims_that_cannot_be_used_are_refused(claims: dict[str, Any]):
    with pytest.raises(errors.Unauthenticated):
        await Firebase(**claims).verifier().identify("t", now=0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (firebase.InvalidIdTokenError("m"), errors.Unauthenticated),
        (firebase.ExpiredIdTokenError("m", None), errors.Unauthenticated),
        (firebase.UserNotFoundError("m"), errors.Unauthenticated),
        (ValueError("m"), errors.Unauthenticated),
        (TypeError("m"), errors.Unauthenticated),
        (AttributeError("m"), errors.Unauthenticated),
        (RecursionError("m"), errors.Unauthenticated),
        (firebase.CertificateFetchError("m", None), errors.Unavailable),
        (exceptions.UnavailableError("m"), errors.Unavailable),
        (exceptions.DeadlineExceededError("m"), errors.Unavailable),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_firebase_refuses_is_401_and_what_it_cannot_say_503(
    error: Exception, kind: type[errors.WeftlyError]
):
    firebase_ = Firebase()
    firebase_.error = error
    verifier = firebase_.verifier()
    with pytest.raises(kind):
        await verifier.identify("t", now=0)
    firebase_.error = None
    assert (await verifier.identify("t", now=0))[0].user_id == "u"
