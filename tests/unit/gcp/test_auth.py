"""How far a token is trusted, and for how long."""

from typing import Any

import pytest
from firebase_admin import auth as firebase
from firebase_admin import exceptions

from shared.domain import errors
from shared.gcp.auth import TRUST_SECONDS, Verifier


class Firebase:
    """Answers with claims, or raises; counts the calls by whether they asked for revocation."""

    def __init__(self, **claims: Any) -> None:
        self.claims: dict[str, Any] = {"uid": "u", "exp": 10_000, **claims}
        self.error: Exception | None = None
        self.calls = {True: 0, False: 0}

    def __call__(self, token: str, unrevoked: bool) -> dict[str, Any]:
        self.calls[unrevoked] += 1
        if self.error:
            raise self.error
        return self.claims


async def test_a_token_is_verified_once_a_minute():
    firebase_ = Firebase(email="u@x.test", role="admin")
    verifier = Verifier(firebase_)
    for now in (0, 1, TRUST_SECONDS - 1):
        identity = await verifier.identify("t", now=now, unrevoked=False)
    assert (identity.user_id, identity.email, identity.role) == ("u", "u@x.test", "admin")
    assert firebase_.calls == {True: 0, False: 1}
    await verifier.identify("t", now=TRUST_SECONDS, unrevoked=False)
    assert firebase_.calls == {True: 0, False: 2}


async def test_revocation_is_asked_for_when_it_matters_and_once_a_minute():
    firebase_ = Firebase()
    verifier = Verifier(firebase_)
    await verifier.identify("t", now=0, unrevoked=False)
    for now in (1, 2, 60):
        await verifier.identify("t", now=now, unrevoked=True)
    await verifier.identify("t", now=3, unrevoked=False)
    assert firebase_.calls == {True: 1, False: 1}


async def test_a_token_is_not_trusted_beyond_its_expiry():
    verifier = Verifier(Firebase(exp=30))
    await verifier.identify("t", now=29, unrevoked=False)
    with pytest.raises(errors.Unauthenticated):
        await verifier.identify("t", now=30, unrevoked=False)


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
    ],
)
async def test_claims_that_cannot_be_used_are_refused(claims: dict[str, Any]):
    with pytest.raises(errors.Unauthenticated):
        await Verifier(Firebase(**claims)).identify("t", now=0, unrevoked=False)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (firebase.InvalidIdTokenError("m"), errors.Unauthenticated),
        (firebase.ExpiredIdTokenError("m", None), errors.Unauthenticated),
        (firebase.RevokedIdTokenError("m"), errors.Unauthenticated),
        (firebase.UserDisabledError("m"), errors.Unauthenticated),
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
    verifier = Verifier(firebase_)
    with pytest.raises(kind):
        await verifier.identify("t", now=0, unrevoked=True)
    firebase_.error = None
    assert (await verifier.identify("t", now=0, unrevoked=True)).user_id == "u"
