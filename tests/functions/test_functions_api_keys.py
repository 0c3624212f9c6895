"""API keys: what they open, how far, for how long, and what is kept of them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of, fields_of

from functions.routers import shapes
from shared import clock, config
from shared.firestore import api_keys as stored
from shared.firestore import client as firestore
from shared.services import api_keys


async def _make(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post("/me/api-keys", json={"name": "ci", "scopes": ["agent.read"], **body})
    assert answer.status_code == 200, answer.text
    shapes.NewApiKey.model_validate(answer.json())
    return answer.json()


def _key(made: dict[str, Any]) -> dict[str, str]:
    return {"X-API-Key": made["key"]}


@pytest.fixture
def users_api(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("users", user)


async def test_a_key_is_shown_once_and_opens_what_its_scopes_name(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api)
    graphs = make_api("graphs")
    assert (await graphs.get("/graphs", headers=_key(made))).status_code == 200
    refused = error_of(await graphs.post("/graphs", json={"name": "x"}, headers=_key(made)), 403)
    assert refused["ErrorInfo"]["reason"] == "SCOPE_MISSING"
    listed = (await users_api.get("/me/api-keys")).json()["items"]
    shapes.ApiKeyList.model_validate({"items": listed, "next_page_token": None})
    assert [one["id"] for one in listed] == [made["id"]]
    assert made["key"].startswith(listed[0]["prefix"])
    assert made["key"].split("_", 2)[2] not in str(listed)


async def test_nothing_that_is_kept_tells_the_key(users_api: httpx.AsyncClient):
    made = await _make(users_api)
    document = (await firestore.client().collection("api_keys").document(made["id"]).get()).to_dict()
    assert made["key"][30:] not in str(document)
    repeated = {"headers": {"Idempotency-Key": "k1"}, "json": {"name": "ci", "scopes": ["agent.read"]}}
    first, second = [await users_api.post("/me/api-keys", **repeated) for _ in range(2)]
    assert first.json()["key"]
    assert second.json() == {**first.json(), "key": None}


async def test_a_key_says_when_it_was_used_to_the_hour(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api)
    assert made["last_used_at"] is None
    for _ in range(3):
        await make_api("graphs").get("/graphs", headers=_key(made))
    first = await stored.find(made["id"])
    assert first is not None
    assert first.last_used_at is not None
    await make_api("graphs").get("/graphs", headers=_key(made))
    again = await stored.find(made["id"])
    assert again == first, "it was written again"
    assert await stored.update(first, {"last_used_at": first.last_used_at - timedelta(hours=1)})
    api_keys._trusted.clear()
    await make_api("graphs").get("/graphs", headers=_key(made))
    later = await stored.find(made["id"])
    assert later is not None
    assert later.last_used_at is not None
    assert later.last_used_at >= first.last_used_at


@pytest.mark.parametrize("grace", [0, 3600])
async def test_a_rotated_key_has_another_secret(make_api: MakeApi, users_api: httpx.AsyncClient, grace: int):
    made = await _make(users_api)
    answer = await users_api.post(f"/me/api-keys/{made['id']}/rotate", json={"grace_seconds": grace})
    rotated = answer.json()
    shapes.NewApiKey.model_validate(rotated)
    assert rotated["prefix"] == made["prefix"]
    graphs = make_api("graphs")
    assert (await graphs.get("/graphs", headers=_key(rotated))).status_code == 200
    assert (await graphs.get("/graphs", headers=_key(made))).status_code == (200 if grace else 401)


async def test_the_secret_before_holds_no_longer_than_was_said(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api)
    await users_api.post(f"/me/api-keys/{made['id']}/rotate", json={"grace_seconds": 3600})
    found = await stored.find(made["id"])
    assert found is not None
    assert await stored.update(found, {"previous_until": clock.now() - timedelta(seconds=1)})
    api_keys._trusted.clear()
    assert (await make_api("graphs").get("/graphs", headers=_key(made))).status_code == 401


async def test_a_revoked_key_opens_nothing(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api)
    assert (await users_api.delete(f"/me/api-keys/{made['id']}")).json() == {}
    refused = error_of(await make_api("graphs").get("/graphs", headers=_key(made)), 401)
    assert refused["ErrorInfo"]["reason"] == "INVALID_API_KEY"
    error_of(await users_api.get(f"/me/api-keys/{made['id']}"), 404)


async def test_an_expired_key_opens_nothing(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api, expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    found = await stored.find(made["id"])
    assert found is not None
    assert await stored.update(found, {"expires_at": clock.now()})
    error_of(await make_api("graphs").get("/graphs", headers=_key(made)), 401)


async def test_a_key_of_a_disabled_user_opens_nothing(make_api: MakeApi, accounts: Accounts):
    user = await accounts.user()
    made = await _make(make_api("users", user))
    await accounts.change(user.id, disableUser=True)
    from shared.gcp import auth

    auth.verifier().forget(user.id)
    error_of(await make_api("graphs").get("/graphs", headers=_key(made)), 401)


async def test_a_key_may_no_more_than_its_user_does_now(make_api: MakeApi, accounts: Accounts):
    user = await accounts.user()
    made = await _make(make_api("users", user), scopes=["agent.read", "agent.create"])
    await accounts.change(user.id, customAttributes='{"role": "viewer"}')
    from shared.gcp import auth

    auth.verifier().forget(user.id)
    graphs = make_api("graphs")
    assert (await graphs.get("/graphs", headers=_key(made))).status_code == 200
    error_of(await graphs.post("/graphs", json={"name": "x"}, headers=_key(made)), 403)


async def test_a_key_cannot_make_keys(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api)
    answer = await make_api("users").post("/me/api-keys", json={}, headers=_key(made))
    assert error_of(answer, 403)["ErrorInfo"]["reason"] == "SIGN_IN_REQUIRED"


async def test_another_s_key_is_not_there(make_api: MakeApi, users_api: httpx.AsyncClient, accounts: Accounts):
    made = await _make(users_api)
    other = make_api("users", await accounts.user())
    for answer in (
        await other.get(f"/me/api-keys/{made['id']}"),
        await other.delete(f"/me/api-keys/{made['id']}"),
        await other.post(f"/me/api-keys/{made['id']}/rotate", json={}),
    ):
        assert error_of(answer, 404)["ErrorInfo"]["reason"] == "API_KEY_NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "", "scopes": ["agent.read"]}, ["name"]),
        ({"name": "x", "scopes": []}, ["scopes"]),
        ({"name": "x", "scopes": "agent.read"}, ["scopes"]),
        ({"name": "x", "scopes": ["user.read"]}, ["scopes[0]"]),
        ({"name": "x", "scopes": [["agent.read"]]}, ["scopes[0]"]),
        ({"name": "x", "scopes": ["agent.read"], "expires_at": "2020-01-01T00:00:00Z"}, ["expires_at"]),
        ({"name": "x", "scopes": ["agent.read"], "expires_at": "2030-01-01T00:00:00"}, ["expires_at"]),
        ({"name": "x", "scopes": ["agent.read"], "expires_at": 5}, ["expires_at"]),
        ({"name": "x", "scopes": ["agent.read"], "user_id": "y"}, ["user_id"]),
        ([], ["body"]),
    ],
    ids=str,
)
async def test_what_cannot_be_a_key_is_refused(users_api: httpx.AsyncClient, body: Any, fields: list[str]):
    assert fields_of(await users_api.post("/me/api-keys", json=body)) == fields


async def test_a_user_has_only_so_many_keys(users_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api_keys, "MAX_KEYS", 2)
    for _ in range(2):
        await _make(users_api)
    error_of(await users_api.post("/me/api-keys", json={"name": "x", "scopes": ["agent.read"]}), 409)


@pytest.mark.parametrize("text", ["x", "wk_", "wk__", "wk_a_b", "wk_" + "a" * 26 + "_" + "b" * 43, "é", "a/b"])
async def test_what_is_no_key_is_401(make_api: MakeApi, text: str):
    answer = await make_api("graphs").get("/graphs", headers={"X-API-Key": text.encode()})
    assert error_of(answer, 401)["ErrorInfo"]["reason"] == "INVALID_API_KEY"


async def test_a_wrong_secret_is_401(make_api: MakeApi, users_api: httpx.AsyncClient):
    made = await _make(users_api)
    wrong = made["key"][:-1] + ("A" if made["key"][-1] != "A" else "B")
    error_of(await make_api("graphs").get("/graphs", headers={"X-API-Key": wrong}), 401)


async def test_a_key_has_a_limit_of_its_own(
    make_api: MakeApi, users_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    made, other = await _make(users_api), await _make(users_api)
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "60")
    monkeypatch.setenv("RATE_LIMIT_KEY_PER_MINUTE", "2")
    config.settings.cache_clear()
    graphs = make_api("graphs")
    codes = [(await graphs.get("/graphs", headers=_key(made))).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert (await graphs.get("/graphs", headers=_key(other))).status_code == 200


async def test_who_guesses_keys_is_slowed_down_and_others_are_not(
    make_api: MakeApi, users_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "60")
    monkeypatch.setenv("RATE_LIMIT_FAILED_PER_MINUTE", "3")
    config.settings.cache_clear()
    guess = {"X-API-Key": "wk_guess", "X-Forwarded-For": "203.0.113.99"}
    codes = [(await make_api("graphs").get("/graphs", headers=guess)).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    assert (await users_api.get("/me", headers={"X-Forwarded-For": "203.0.113.99"})).status_code == 200


@pytest.mark.parametrize(
    ("setting", "path"), [("EXECUTE", "/blocks/NOTHING/execute"), ("ADDRESS", "/graphs/validate")]
)
async def test_what_runs_blocks_and_an_address_have_limits_too(
    make_api: MakeApi, user: User, monkeypatch: pytest.MonkeyPatch, setting: str, path: str
):
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "60")
    monkeypatch.setenv(f"RATE_LIMIT_{setting}_PER_MINUTE", "2")
    config.settings.cache_clear()
    headers = {"X-Forwarded-For": f"203.0.113.{len(path)}"}
    answers = [await make_api("graphs", user).post(path, json={}, headers=headers) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert answers[-1].headers["retry-after"] == answers[-1].headers["ratelimit-reset"]
