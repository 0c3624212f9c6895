"""Who may come in, and what they may do and see."""

import base64
import json
import time
from typing import Any

import httpx
import pytest
from served import PROJECT, Accounts, MakeApi, User, error_of, fields_of

from functions.routers import shapes
from shared.firestore import client as firestore
from shared.firestore import users


def _unsigned(**claims: Any) -> str:
    now = int(time.time())
    payload = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "someone",
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    parts = ({"alg": "none", "typ": "JWT"}, payload)
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{text}."


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer a.b.c",
        "Basic dTpw",
        "Bearer " + _unsigned(aud="another-project"),
        "Bearer " + _unsigned(iss="https://evil.test"),
        "Bearer " + _unsigned(exp=int(time.time()) - 60),
        "Bearer " + _unsigned(exp="soon"),
        "Bearer " + _unsigned(sub=""),
        "Bearer " + _unsigned(sub="a/b"),
        "Bearer W10.W10.",
        "Bearer ....",
    ],
)
async def test_nobody_comes_in_without_a_token_that_holds(make_api: MakeApi, authorization: str | None):
    headers = {"Authorization": authorization} if authorization else {}
    answer = await make_api("users").get("/me", headers=headers)
    assert error_of(answer, 401)["status"] == "UNAUTHENTICATED"
    assert answer.headers["www-authenticate"] == "Bearer"


def _hostile(header: bytes, claims: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, claims)) + "."


HEADER = b'{"alg": "none", "typ": "JWT"}'
DEEP = b"[" * 20_000
HOSTILE = {
    "claims that nest without end": _hostile(HEADER, DEEP),
    "a header that nests without end": _hostile(DEEP, b"{}"),
    "objects that nest without end": _hostile(HEADER, b'{"a":' * 9_000),
    "claims that are a list": _hostile(HEADER, b"[]"),
    "claims that are no UTF-8": _hostile(HEADER, b'{"sub": "\xff"}'),
    "half a character in a name": _unsigned(name="\ud800"),
    "a user id with a control character": _unsigned(sub="a\0b"),
    "an expiry beyond all numbers": _hostile(HEADER, b'{"exp": 1' + b"0" * 400 + b"}"),
    "an expiry that is a great number": _unsigned(exp=10**400),
    "an infinite expiry": _unsigned(exp=float("inf")),
    "an expiry that is a list": _unsigned(exp=[]),
    "a subject that is a list": _unsigned(sub=[]),
    "an audience that is an object": _unsigned(aud={}),
    "an issuer that is a list": _unsigned(iss=[]),
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_a_hostile_token_is_401(make_api: MakeApi, token: str, method: str):
    headers = {"Authorization": f"Bearer {token}"}
    error = error_of(await make_api("users").request(method, "/me", headers=headers, json={}), 401)
    assert error["ErrorInfo"]["reason"] == "INVALID_TOKEN"
    assert len(error["message"]) < 200


@pytest.mark.parametrize(
    "claims", [{"iat": "x"}, {"iat": None}, {"iat": []}, {"firebase": "x"}, {"role": {}}], ids=str
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_an_odd_claim_is_never_a_failure(make_api: MakeApi, user: User, claims: dict[str, Any], method: str):
    headers = {"Authorization": f"Bearer {_unsigned(sub=user.id, **claims)}"}
    answer = await make_api("users").request(method, "/me", headers=headers, json={})
    assert answer.status_code in (200, 401), answer.text


async def test_a_caller_without_a_token_learns_nothing_of_the_body(make_api: MakeApi):
    error_of(await make_api("graphs").post("/graphs", content=b"{"), 401)


async def test_the_first_call_creates_the_user(make_api: MakeApi, user: User):
    assert await users.find(user.id) is None  # type: ignore[arg-type]
    me = (await make_api("graphs", user).get("/graphs")).status_code
    assert me == 200
    found = await users.find(user.id)  # type: ignore[arg-type]
    assert found is not None
    assert (found.email, found.role) == (user.email, "user")


async def test_auth_user_gets_the_user_it_has_created(make_api: MakeApi, user: User):
    api = make_api("users", user)
    first, second = await api.post("/auth/user"), await api.post("/auth/user")
    shapes.User.model_validate(first.json())
    assert first.json() == second.json() == (await api.get("/me")).json()
    assert first.json()["id"] == user.id
    assert "agent.create" in first.json()["permissions"]


async def test_a_user_whose_document_has_gone_gets_a_new_one(make_api: MakeApi, user: User):
    api = make_api("users", user)
    await api.post("/auth/user")
    await firestore.client().collection("users").document(user.id).delete()
    assert (await api.get("/me")).json()["email"] == user.email


async def test_a_profile_is_changed_and_its_html_stripped(make_api: MakeApi, user: User):
    api = make_api("users", user)
    before = (await api.get("/me")).json()
    changed = await api.patch("/me", json={"name": "<b>Ada</b> & <script>x</script>Co"})
    assert changed.json()["name"] == "Ada & Co"
    assert changed.json()["etag"] != before["etag"]
    missed = await api.patch("/me", json={"name": "B"}, headers={"If-Match": before["etag"]})
    error_of(missed, 412)
    assert (await api.get("/me")).json() == changed.json()


async def test_a_profile_that_cannot_be_is_400(make_api: MakeApi, user: User):
    api = make_api("users", user)
    body = {"name": "<i></i>", "picture": "javascript:alert(1)"}
    assert fields_of(await api.patch("/me", json=body)) == ["name", "picture"]
    assert fields_of(await api.patch("/me", json=[])) == ["body"]


@pytest.mark.parametrize(
    "body",
    [{"role": "admin"}, {"Name": "x"}, {"name": 5}, {"name": "a\0"}, {"name": "a\nb"}, {"name": "x" * 201}]
    + [{"picture": link} for link in ("https://", "ftp://x.test/a", "//x.test", "https://x test", "http://[", "x", 5)]
    + [{"picture": "https://x.test/\0"}, {"picture": "https://x.test:99999/"}, {"picture": "https://x.test/" * 200}],
    ids=str,
)
async def test_what_a_profile_cannot_be_changed_to_is_named(make_api: MakeApi, user: User, body: dict[str, Any]):
    assert fields_of(await make_api("users", user).patch("/me", json=body)) == list(body)


async def test_what_is_null_or_left_out_of_a_profile_stays(make_api: MakeApi, user: User):
    api = make_api("users", user)
    for link in ("http://x.test/a.png", "https://x.test:8443/a?b=c#d", ""):
        assert (await api.patch("/me", json={"name": "Ada", "picture": link})).json()["picture"] == link
    kept = (await api.patch("/me", json={"name": None})).json()
    assert (kept["name"], kept["picture"]) == ("Ada", "")


async def test_a_viewer_may_read_and_not_create(make_api: MakeApi, accounts: Accounts):
    api = make_api("graphs", await accounts.user("viewer"))
    assert (await api.get("/graphs")).status_code == 200
    error = error_of(await api.post("/graphs", json={"name": "x"}), 403)
    assert error["ErrorInfo"]["metadata"] == {"permission": "agent.create", "role": "viewer"}
    assert "agent.create" in error["message"]


async def test_a_role_that_is_not_known_may_only_read(make_api: MakeApi, accounts: Accounts):
    api = make_api("users", await accounts.user("emperor"))
    assert (await api.get("/me")).json()["permissions"] == ["agent.read", "store.read"]


async def test_a_disabled_user_may_not_write(make_api: MakeApi, accounts: Accounts):
    user = await accounts.user()
    await accounts.change(user.id, disableUser=True)
    error = error_of(await make_api("graphs", user).post("/graphs", json={"name": "x"}), 401)
    assert "disabled" in error["message"]


async def test_a_user_is_held_to_the_rate_and_told(
    make_api: MakeApi, user: User, monkeypatch: pytest.MonkeyPatch, accounts: Accounts
):
    from shared import config
    from shared.domain import rate_limits

    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "3")
    config.settings.cache_clear()
    api = make_api("graphs", user)
    taken = [await api.get("/graphs") for _ in range(3)]
    assert [answer.headers["ratelimit-remaining"] for answer in taken] == ["2", "1", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in taken} == {"3"}
    refused = await api.get("/graphs/nothing")
    assert error_of(refused, 429)["status"] == "RESOURCE_EXHAUSTED"
    # The rest of its slot, and by how much instances wait longer than others.
    longest = (rate_limits.WINDOW + 2 * rate_limits.SLOT).total_seconds()
    assert 1 <= int(refused.headers["retry-after"]) <= longest
    assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]
    assert refused.headers["ratelimit-remaining"] == "0"
    assert (await make_api("graphs", await accounts.user()).get("/graphs")).status_code == 200
    root = httpx.URL("http://weftly.test")
    for exempt in ("/health", "/docs", "/openapi.json", "/static/docs.js"):
        assert (await api.get(root.join(exempt))).status_code == 200
