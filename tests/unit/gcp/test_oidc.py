"""Which callers of the platform's own functions are let in."""

import base64
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from shared import config
from shared.domain import errors
from shared.gcp import oidc

AUDIENCE = "https://functions.test/run_node"
INVOKER = "invoker@weftly-local.iam.gserviceaccount.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _jwks() -> dict[str, Any]:
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return {"keys": [{**jwk, "kid": "k1", "alg": "RS256", "use": "sig"}]}


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": INVOKER,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _signed(claims: Mapping[str, Any], key: Any = KEY, key_id: str = "k1") -> str:
    return "Bearer " + jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": key_id})


class Certs(httpx.AsyncBaseTransport):
    """Serves the keys, and counts how often."""

    def __init__(self) -> None:
        self.served = 0
        self.down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.served += 1
        return httpx.Response(500) if self.down else httpx.Response(200, json=_jwks())


@pytest.fixture
def certs(monkeypatch: pytest.MonkeyPatch) -> Certs:
    made = Certs()
    settings = config.Settings(oidc_certs_url="https://certs.test")  # pyright: ignore[reportCallIssue]
    monkeypatch.setattr(config, "settings", lambda: settings)
    monkeypatch.setattr(oidc, "_keys", oidc.Keys("https://certs.test", made))
    monkeypatch.delenv("K_SERVICE", raising=False)
    return made


async def test_a_token_of_the_invoker_comes_in_and_the_keys_are_fetched_once(certs: Certs):
    for _ in range(3):
        assert (await oidc.verify(_signed(_claims()), AUDIENCE))["email"] == INVOKER
    assert certs.served == 1


REFUSED = {
    "no header": None,
    "an empty header": "",
    "no token": "Bearer ",
    "another scheme": "Basic abc",
    "no JWT": "Bearer x",
    "three parts of nothing": "Bearer a.b.c",
    "another function's": _signed(_claims(aud="https://functions.test/tick")),
    "no audience": _signed(_claims(aud=None)),
    "another issuer": _signed(_claims(iss="https://evil.test")),
    "an expired one": _signed(_claims(exp=int(time.time()) - 60)),
    "one that never expires": _signed(_claims(exp=None)),
    "another key under the same id": _signed(_claims(), OTHER),
    "a key that is not published": _signed(_claims(), OTHER, "k2"),
    "an unsigned one": "Bearer " + jwt.encode(_claims(), None, algorithm="none"),
    "one signed with a shared secret": "Bearer "
    + jwt.encode(_claims(), "secret" * 8, algorithm="HS256", headers={"kid": "k1"}),
    "a signature removed where nobody removes it": _signed(_claims()).rpartition(".")[0]
    + ".SIGNATURE_REMOVED_BY_GOOGLE",
}


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED.keys())
async def test_a_token_that_does_not_hold_is_refused(certs: Certs, authorization: str | None):
    with pytest.raises(errors.Unauthenticated):
        await oidc.verify(authorization, AUDIENCE)


def _raw(header: bytes, claims: bytes) -> str:
    return "Bearer " + ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, claims, b"x")
    )


@pytest.mark.parametrize("removed", [False, True], ids=["signed", "signature removed"])
@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (b"[" * 20_000, b"{}"),
        (b'{"alg": "RS256", "kid": "k1"}', b"[" * 20_000),
        (b'{"alg": "RS256", "kid": []}', b"{}"),
        (b'{"alg": [], "kid": "k1"}', b"{}"),
        (b'{"alg": "RS256", "kid": "k1", "b64": false}', b"{}"),
        (b'{"alg": "RS256", "kid": "k1", "crit": 5}', b"{}"),
        (b'{"alg": "RS256", "kid": "k1"}', b'{"exp": 1e999}'),
        (b'{"alg": "RS256", "kid": "k1"}', b'{"exp": [], "iat": {}, "iss": [], "aud": 5}'),
        (b'{"alg": "RS256", "kid": "k1"}', b'{"exp": "\xff"}'),
    ],
)
async def test_a_hostile_token_is_refused_in_plain_words(
    certs: Certs, monkeypatch: pytest.MonkeyPatch, header: bytes, claims: bytes, removed: bool
):
    token = _raw(header, claims)
    if removed:
        monkeypatch.setenv("K_SERVICE", "run_node")
        token = token.rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE"
    with pytest.raises(errors.Unauthenticated) as refused:
        await oidc.verify(token, AUDIENCE)
    assert re.fullmatch(r"The OIDC token does not hold: its? [a-z0-9, ]+\.", refused.value.message, re.IGNORECASE)


@pytest.mark.parametrize("changes", [{"email": "other@x.test"}, {"email": None}, {"email_verified": False}])
async def test_a_good_token_of_somebody_else_is_refused(certs: Certs, changes: dict[str, Any]):
    with pytest.raises(errors.PermissionDenied):
        await oidc.verify(_signed(_claims(**changes)), AUDIENCE)


def _stripped(**changes: Any) -> str:
    return _signed(_claims(**changes)).rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE"


async def test_where_the_platform_has_checked_the_signature_the_claims_are_checked(
    certs: Certs, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("K_SERVICE", "run_node")
    assert (await oidc.verify(_stripped(), AUDIENCE))["email"] == INVOKER
    for changes in ({"aud": "other"}, {"iss": "https://evil.test"}, {"exp": int(time.time()) - 60}, {"exp": None}):
        with pytest.raises(errors.Unauthenticated):
            await oidc.verify(_stripped(**changes), AUDIENCE)
    with pytest.raises(errors.PermissionDenied):
        await oidc.verify(_stripped(email="other@x.test"), AUDIENCE)
    assert certs.served == 0


async def test_a_signature_that_is_there_is_checked_on_the_platform_too(
    certs: Certs, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("K_SERVICE", "run_node")
    with pytest.raises(errors.Unauthenticated):
        await oidc.verify(_signed(_claims(), OTHER), AUDIENCE)


async def test_keys_that_cannot_be_fetched_are_the_platform_s_fault(certs: Certs):
    certs.down = True
    with pytest.raises(errors.Unavailable):
        await oidc.verify(_signed(_claims()), AUDIENCE)
    certs.down = False
    await oidc.verify(_signed(_claims()), AUDIENCE)


async def test_an_unknown_key_id_fetches_the_keys_again_but_not_each_time():
    certs = Certs()
    keys = oidc.Keys("https://certs.test", certs)
    assert await keys.find("k1", 0) is not None
    for second in (1, 2, 9):
        assert await keys.find("k2", second) is None
    assert certs.served == 1
    assert await keys.find("k2", 11) is None
    assert certs.served == 2
    assert await keys.find("k1", 12) is not None
    assert await keys.find("k1", 12 + oidc.KEYS_SECONDS) is not None
    assert certs.served == 3
