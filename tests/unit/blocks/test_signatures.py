"""Are signatures made and checked as others make and check them?"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest

from shared.blocks import catalog, runner
from shared.blocks.credentials import ApiKey, Need
from tests.unit.blocks.conftest import NOON

KEY = "a secret of more than thirty-two bytes"


class Wallet:
    async def open(self, need: Need, credentials_id: str) -> ApiKey:
        assert (need.provider, credentials_id) == ("signing_key", "c")
        return ApiKey(api_key=KEY)


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block_type: str, values: dict[str, Any]) -> dict[str, Any]:
        block = catalog.get(block_type)
        given = catalog.read_input(block, {"credentials": {"id": "c"}, **values})
        found = await runner.collect(block, given, context(wallet=Wallet()))
        assert found.failure is None
        return dict(found.tokens)

    return go


async def test_a_text_is_signed_and_the_signature_checked(run: Any) -> None:
    made = await run("SIGN_TEXT", {"value": "abc"})
    assert made == {"signature": "115c5b7cef369c605c2f790d1e56b3ebf5f573fac639063b235ad95de9ea816f"}
    for written in (made["signature"], f"sha256={made['signature']}"):
        assert await run("SIGN_TEXT", {"value": "abc", "expected": written}) == {"valid": "abc"}
    assert await run("SIGN_TEXT", {"value": "abd", "expected": made["signature"]}) == {"invalid": "abd"}


async def test_a_token_is_what_others_read(run: Any) -> None:
    made = await run("SIGN_JWT", {"claims": {"sub": "ada"}, "expires_in_seconds": 60, "headers": {"kid": "1"}})
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(made["token"], KEY, algorithms=["HS256"], options=options)
    now = int(NOON.timestamp())
    assert claims == {"sub": "ada", "iat": now, "exp": now + 60}
    assert jwt.get_unverified_header(made["token"])["kid"] == "1"


@pytest.mark.parametrize(
    ("claims", "values", "why"),
    [
        ({}, {}, ""),
        ({"exp": 1}, {}, "expired"),
        ({"nbf": 9_999_999_999}, {}, "does not hold yet"),
        ({"exp": "soon"}, {}, "exp is no time"),
        ({"aud": "me"}, {"audience": "me"}, ""),
        ({"aud": "you"}, {"audience": "me"}, "Audience"),
        ({}, {"audience": "me"}, "aud"),
        ({"iss": "x"}, {"issuer": "y"}, "issuer"),
        ({}, {"algorithm": "HS512"}, "alg"),
    ],
)
async def test_a_token_is_judged_by_its_claims(
    run: Any, claims: dict[str, Any], values: dict[str, Any], why: str
) -> None:
    token = jwt.encode({"sub": "ada", **claims}, KEY, "HS256")
    found = await run("VERIFY_JWT", {"token": f"Bearer {token}", **values})
    if why:
        assert why in found["invalid"]
    else:
        assert found["claims"]["sub"] == "ada"


async def test_a_token_holds_until_its_end(run: Any) -> None:
    for seconds, pin in ((1, "claims"), (0, "invalid")):
        token = jwt.encode({"exp": NOON + timedelta(seconds=seconds)}, KEY, "HS256")
        assert list(await run("VERIFY_JWT", {"token": token})) == [pin]
