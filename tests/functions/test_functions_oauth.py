"""Connecting an account elsewhere, from end to end, with a server that refuses what it should."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authorization_server import CLIENT_ID, CLIENT_SECRET, Server
from served import Accounts, MakeApi, User, error_of, fields_of

from functions.routers import credential_shapes as shapes
from local.serving import HttpServer
from shared import config
from shared.blocks.credentials import Kind, Need, OAuth2
from shared.domain.errors import BlockError, Retryable
from shared.firestore import client as firestore
from shared.firestore import credentials as stored
from shared.gcp import outgoing
from shared.redaction import Redactor
from shared.services import oauth, world
from shared.services.wallets import UserWallet

NEED = Need(provider="acme", kinds=(Kind.OAUTH2,), where="https://acme.test", scopes=("read",))


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    made = Server()
    http = HttpServer(made.app())
    base = f"http://127.0.0.1:{await http.start(0)}"
    row = {"authorize_url": f"{base}/authorize", "token_url": f"{base}/token", "revoke_url": f"{base}/revoke"}
    monkeypatch.setenv("OAUTH_PROVIDERS", json.dumps({"acme": row}))
    clients = {"acme": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}}
    monkeypatch.setenv("OAUTH_CLIENTS", json.dumps(clients))
    monkeypatch.setenv("OUTGOING_ALLOW", "127.0.0.1")
    config.settings.cache_clear()
    world.real.cache_clear()
    yield made
    await http.stop()


@pytest.fixture
def users_api(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("users", user)


async def _begin(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await api.post("/credentials/oauth2/acme/authorize", json={"scopes": ["read", "write"], **body})
    assert answer.status_code == 200, answer.text
    shapes.Authorization.model_validate(answer.json())
    return answer.json()


async def _finish(api: httpx.AsyncClient, code: str, state: str, **options: Any) -> httpx.Response:
    return await api.post("/credentials/oauth2/exchange", json={"code": code, "state": state}, **options)


async def _connect(api: httpx.AsyncClient, server: Server) -> dict[str, Any]:
    answer = await _finish(api, *server.consent((await _begin(api))["authorization_url"]))
    assert answer.status_code == 200, answer.text
    return answer.json()


def _wallet(user: User, **changes: Any) -> UserWallet:
    """Of an instance of its own."""
    here = replace(world.real(), http=outgoing.Client(allow="127.0.0.1"), **changes)
    return UserWallet(world=here, user_id=user.id, redactor=Redactor())


async def test_an_account_is_connected_used_and_given_back(users_api: httpx.AsyncClient, server: Server, user: User):
    assert (await users_api.get("/credentials/oauth2")).json()["items"] == [{"id": "acme"}]
    made = await _connect(users_api, server)
    shapes.Credentials.model_validate(made)
    assert (made["provider"], made["kind"], made["scopes"]) == ("acme", "oauth2", ["read", "write"])
    opened = await _wallet(user).open(NEED, made["id"])
    assert opened == OAuth2(access_token=server.issued[0], scopes=("read", "write"))
    assert (await users_api.delete(f"/credentials/{made['id']}")).json() == {}
    assert server.revoked == [server.issued[0]]


async def test_neither_verifier_nor_state_nor_token_lies_in_the_clear(users_api: httpx.AsyncClient, server: Server):
    begun = await _begin(users_api)
    states = [one.to_dict() async for one in firestore.client().collection("oauth_states").stream()]
    query = parse_qs(urlsplit(begun["authorization_url"]).query)
    assert begun["state"] not in str(states)
    assert query["code_challenge"][0] not in str(states)
    answer = await _finish(users_api, *server.consent(begun["authorization_url"]))
    kept = [one.to_dict() async for one in firestore.client().collection("credentials").stream()]
    assert not any(token in str(kept) + answer.text for token in server.issued)


async def test_a_state_is_used_once(users_api: httpx.AsyncClient, server: Server):
    code, state = server.consent((await _begin(users_api))["authorization_url"])
    assert (await _finish(users_api, code, state)).status_code == 200
    refused = error_of(await _finish(users_api, code, state), 400)
    assert refused["ErrorInfo"]["reason"] == "OAUTH_STATE_INVALID"


async def test_of_two_that_use_a_state_at_once_one_is_refused(users_api: httpx.AsyncClient, server: Server):
    code, state = server.consent((await _begin(users_api))["authorization_url"])
    answers = await asyncio.gather(*(_finish(users_api, code, state) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]


async def test_a_state_is_its_user_s_alone_and_stays_theirs(
    make_api: MakeApi, users_api: httpx.AsyncClient, accounts: Accounts, server: Server
):
    code, state = server.consent((await _begin(users_api))["authorization_url"])
    thief = make_api("users", await accounts.user())
    refused = error_of(await _finish(thief, code, state), 400)
    assert refused["ErrorInfo"]["reason"] == "OAUTH_STATE_INVALID"
    assert (await _finish(users_api, code, state)).status_code == 200


async def test_a_stolen_code_is_worth_nothing_under_another_state(
    make_api: MakeApi, users_api: httpx.AsyncClient, accounts: Accounts, server: Server
):
    code, _ = server.consent((await _begin(users_api))["authorization_url"])
    thief = make_api("users", await accounts.user())
    _, own_state = server.consent((await _begin(thief))["authorization_url"])
    refused = await _finish(thief, code, own_state)
    assert error_of(refused, 400)["ErrorInfo"]["reason"] == "OAUTH_REFUSED"
    assert "invalid_grant" in refused.text
    assert code not in refused.text


async def test_a_state_holds_for_ten_minutes(
    users_api: httpx.AsyncClient, server: Server, monkeypatch: pytest.MonkeyPatch
):
    code, state = server.consent((await _begin(users_api))["authorization_url"])
    late = replace(world.real(), now=lambda: world.clock.now() + oauth.STATE_HOLDS)
    monkeypatch.setattr(world, "real", lambda: late)
    assert error_of(await _finish(users_api, code, state), 400)["ErrorInfo"]["reason"] == "OAUTH_STATE_INVALID"


async def test_a_code_that_was_used_or_made_up_is_refused(users_api: httpx.AsyncClient, server: Server):
    begun = await _begin(users_api)
    refused = error_of(await _finish(users_api, "made-up", begun["state"]), 400)
    assert refused["ErrorInfo"]["reason"] == "OAUTH_REFUSED"


@pytest.mark.parametrize(("status", "code"), [(500, 502), (429, 502), (302, 400)])
async def test_a_provider_that_fails_is_named(users_api: httpx.AsyncClient, server: Server, status: int, code: int):
    begun = server.consent((await _begin(users_api))["authorization_url"])
    server.fails = [status]
    assert "acme" in error_of(await _finish(users_api, *begun), code)["message"]


async def test_a_provider_that_is_not_there_or_not_set_up_is_404(users_api: httpx.AsyncClient, server: Server):
    for name, reason in (("nobody", "PROVIDER_NOT_FOUND"), ("github", "PROVIDER_NOT_CONFIGURED")):
        answer = await users_api.post(f"/credentials/oauth2/{name}/authorize", json={})
        assert error_of(answer, 404)["ErrorInfo"]["reason"] == reason


@pytest.mark.parametrize("scopes", ["read", [""], ["a b"], [1], ['"'], ["x"] * 101], ids=str)
async def test_what_cannot_be_scopes_is_refused(users_api: httpx.AsyncClient, server: Server, scopes: Any):
    answer = await users_api.post("/credentials/oauth2/acme/authorize", json={"scopes": scopes})
    assert fields_of(answer) == ["scopes"]


async def _expire(made: dict[str, Any]) -> None:
    found = await stored.documents.find(made["id"])
    assert found is not None
    assert await stored.update(found, {"expires_at": world.clock.now() - timedelta(seconds=1)})


async def test_of_twenty_that_find_a_token_expired_one_refreshes_it(
    users_api: httpx.AsyncClient, server: Server, user: User
):
    made = await _connect(users_api, server)
    await _expire(made)
    server.slow = 0.5
    opened = await asyncio.gather(*(_wallet(user).open(NEED, made["id"]) for _ in range(20)))
    assert server.refreshes == 1
    assert {one.access_token for one in opened} == {server.issued[-2]}  # type: ignore[union-attr]
    assert (await _wallet(user).open(NEED, made["id"])).access_token == server.issued[-2]  # type: ignore[union-attr]


async def test_an_old_token_is_gone_on_with_while_another_refreshes(
    users_api: httpx.AsyncClient, server: Server, user: User
):
    made = await _connect(users_api, server)
    found = await stored.documents.find(made["id"])
    assert found is not None
    now = world.clock.now()
    soon = {"expires_at": now + timedelta(minutes=1), "refreshing_until": now + timedelta(minutes=1)}
    assert await stored.update(found, soon)
    assert (await _wallet(user).open(NEED, made["id"])).access_token == server.issued[0]  # type: ignore[union-attr]
    assert server.refreshes == 0


async def test_one_that_died_while_it_refreshed_is_taken_over(
    users_api: httpx.AsyncClient, server: Server, user: User
):
    made = await _connect(users_api, server)
    await _expire(made)
    found = await stored.documents.find(made["id"])
    assert found is not None
    assert await stored.update(found, {"refreshing_until": world.clock.now() + timedelta(seconds=0.5)})
    await _wallet(user).open(NEED, made["id"])
    assert server.refreshes == 1


async def test_a_refresh_that_is_refused_says_to_connect_anew(
    users_api: httpx.AsyncClient, server: Server, user: User
):
    made = await _connect(users_api, server)
    await _expire(made)
    server.refresh_tokens.clear()
    with pytest.raises(BlockError) as refused:
        await _wallet(user).open(NEED, made["id"])
    assert refused.value.reason == "CREDENTIALS_EXPIRED"
    assert not isinstance(refused.value, Retryable)


async def test_a_refresh_that_fails_may_succeed_later(users_api: httpx.AsyncClient, server: Server, user: User):
    made = await _connect(users_api, server)
    await _expire(made)
    server.fails = [503]
    with pytest.raises(Retryable):
        await _wallet(user).open(NEED, made["id"])
    assert (await _wallet(user).open(NEED, made["id"])).access_token == server.issued[-2]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [{"provider": "other"}, {"kinds": (Kind.API_KEY,)}, {"scopes": ("read", "admin")}],
    ids=str,
)
async def test_a_need_that_it_does_not_suit_is_not_met(
    users_api: httpx.AsyncClient, server: Server, user: User, change: dict[str, Any]
):
    made = await _connect(users_api, server)
    with pytest.raises(BlockError) as refused:
        await _wallet(user).open(replace(NEED, **change), made["id"])
    assert refused.value.reason == "CREDENTIALS_UNSUITABLE"


async def test_nobody_else_s_execution_opens_it(users_api: httpx.AsyncClient, server: Server, accounts: Accounts):
    made = await _connect(users_api, server)
    with pytest.raises(BlockError) as refused:
        await _wallet(await accounts.user()).open(NEED, made["id"])
    assert refused.value.reason == "CREDENTIALS_NOT_FOUND"


async def test_a_flow_is_told_again_for_its_idempotency_key_and_is_still_used_once(
    users_api: httpx.AsyncClient, server: Server, make_api: MakeApi, accounts: Accounts
):
    async def begun(api: httpx.AsyncClient) -> dict[str, Any]:
        place, body = "/credentials/oauth2/acme/authorize", {"scopes": ["read"]}
        return (await api.post(place, json=body, headers={"Idempotency-Key": "once"})).json()

    first, again = await begun(users_api), await begun(users_api)
    assert first == again
    other = await begun(make_api("users", await accounts.user()))
    assert (other["id"], other["state"]) != (first["id"], first["state"])
    code, state = server.consent(first["authorization_url"])
    error_of(await _finish(users_api, code, f"{first['id']}.{'x' * 43}"), 400)
    error_of(await _finish(users_api, code, state), 400)  # who guesses has ended the flow
    assert (await begun(users_api))["state"] != first["state"], "it is over, and begins anew"


async def test_the_state_of_a_flow_lies_nowhere_in_the_clear(
    users_api: httpx.AsyncClient, server: Server, user: User
):
    key = {"Idempotency-Key": "secret"}
    state = (await users_api.post("/credentials/oauth2/acme/authorize", json={}, headers=key)).json()["state"]
    secret = state.split(".")[1]
    found: list[dict[str, Any]] = []
    for name in ("oauth_states", "idempotency"):
        async for snapshot in firestore.client().collection(name).stream():
            found += [snapshot.to_dict()] if snapshot.to_dict()["user_id"] == user.id else []
    assert [one.get("answered", False) for one in found] == [False, False]
    assert secret not in repr(found)
