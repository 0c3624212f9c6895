"""Credentials: what goes in and never out again."""

import asyncio
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of, fields_of

from functions import rotate_keys
from functions.routers import credential_shapes as shapes
from shared import clock
from shared.firestore import client as firestore
from shared.firestore import sealed
from shared.services import credentials, vault

KINDS: dict[str, dict[str, Any]] = {
    "api_key": {"api_key": "sk-planted-secret-1"},
    "user_password": {"username": "ann", "password": "planted-secret-2"},
    "host_scoped": {"host": "*.Example.com", "headers": {"Authorization": "Bearer planted-secret-3"}},
}


@pytest.fixture
def users_api(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("users", user)


async def _create(api: httpx.AsyncClient, kind: str = "api_key", **more: Any) -> dict[str, Any]:
    body = {"provider": "github", "kind": kind, "title": "Work", **KINDS[kind], **more}
    answer = await api.post("/credentials", json=body)
    assert answer.status_code == 200, answer.text
    shapes.Credentials.model_validate(answer.json())
    return answer.json()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_secret_goes_in_and_never_out(users_api: httpx.AsyncClient, kind: str):
    made = await _create(users_api, kind)
    listed = await users_api.get("/credentials")
    shapes.CredentialsList.model_validate(listed.json())
    read = await users_api.get(f"/credentials/{made['id']}")
    document = (await firestore.client().collection("credentials").document(made["id"]).get()).to_dict()
    for seen in (str(made), listed.text, read.text, str(document)):
        assert "planted" not in seen
    assert read.json() == made
    assert (made["title"], made["kind"], made["host"]) == (
        "Work",
        kind,
        "*.example.com" if kind == "host_scoped" else None,
    )


async def test_those_of_a_provider_are_listed_newest_first(users_api: httpx.AsyncClient):
    made = [await _create(users_api), await _create(users_api, provider="notion"), await _create(users_api)]
    found = (await users_api.get("/credentials", params={"provider": "github"})).json()["items"]
    assert [one["id"] for one in found] == [made[2]["id"], made[0]["id"]]
    page = (await users_api.get("/credentials", params={"page_size": 2})).json()
    rest = (await users_api.get("/credentials", params={"page_token": page["next_page_token"]})).json()
    assert [one["id"] for one in page["items"] + rest["items"]] == [one["id"] for one in reversed(made)]


async def test_a_title_and_a_secret_are_changed(users_api: httpx.AsyncClient):
    made = await _create(users_api)
    place = f"/credentials/{made['id']}"
    changed = await users_api.patch(place, json={"title": "Home", "api_key": "another-secret"})
    assert changed.json()["title"] == "Home"
    assert "another" not in changed.text
    error_of(await users_api.patch(place, json={"title": "x"}, headers={"If-Match": made["etag"]}), 412)
    assert fields_of(await users_api.patch(place, json={"provider": "x"})) == ["provider"]
    assert fields_of(await users_api.patch(place, json={"password": "xxxx"})) == ["password"]
    assert fields_of(await users_api.patch(place, json={"api_key": "x"})) == ["api_key"]


async def test_another_s_credentials_are_not_there(
    make_api: MakeApi, users_api: httpx.AsyncClient, accounts: Accounts
):
    made = await _create(users_api)
    other = make_api("users", await accounts.user())
    for answer in (
        await other.get(f"/credentials/{made['id']}"),
        await other.patch(f"/credentials/{made['id']}", json={"title": "x"}),
        await other.delete(f"/credentials/{made['id']}"),
    ):
        assert error_of(answer, 404)["ErrorInfo"]["reason"] == "CREDENTIALS_NOT_FOUND"
    assert (await users_api.delete(f"/credentials/{made['id']}")).json() == {}
    error_of(await users_api.get(f"/credentials/{made['id']}"), 404)


async def test_a_secret_in_place_of_an_id_is_not_repeated(users_api: httpx.AsyncClient):
    answer = await users_api.get("/credentials/sk-planted-secret")
    assert error_of(answer, 404)
    assert "planted" not in answer.text


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"provider": "github", "kind": "api_key"}, ["api_key"]),
        ({"provider": "github", "kind": "api_key", "api_key": "x"}, ["api_key"]),
        ({"provider": "github", "kind": "api_key", "api_key": "xxxx", "password": "xxxx"}, ["password"]),
        ({"provider": "Git Hub", "kind": "api_key", "api_key": "xxxx"}, ["provider"]),
        ({"provider": "github", "kind": "oauth2"}, ["kind"]),
        ({"provider": "github", "kind": ["x"]}, ["kind"]),
        ({"provider": "x", "kind": "user_password", "username": "a"}, ["password"]),
        ({"provider": "x", "kind": "host_scoped", "host": "a.bc", "headers": {}}, ["headers"]),
        ({"provider": "x", "kind": "host_scoped", "host": "a b", "headers": {"A": "xxxx"}}, ["host"]),
        ({"provider": "x", "kind": "host_scoped", "host": "a.bc", "headers": {"A": "x\r\ny"}}, ["headers.A"]),
        ({"provider": "x", "kind": "host_scoped", "host": "a.bc", "headers": {"A:": "xxxx"}}, ["headers.0"]),
        (
            {"provider": "x", "kind": "api_key", "api_key": "xxxx", "expires_at": "2020-01-01T00:00:00Z"},
            ["expires_at"],
        ),
        ([], ["body"]),
    ],
    ids=str,
)
async def test_what_cannot_be_credentials_is_refused(users_api: httpx.AsyncClient, body: Any, fields: list[str]):
    assert fields_of(await users_api.post("/credentials", json=body)) == fields


async def test_a_user_has_only_so_many(users_api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(credentials, "MAX_CREDENTIALS", 1)
    await _create(users_api)
    error_of(await users_api.post("/credentials", json={"provider": "x", "kind": "api_key", "api_key": "xxxx"}), 409)


async def test_a_repeated_request_makes_one(users_api: httpx.AsyncClient):
    body = {"provider": "x", "kind": "api_key", "api_key": "planted"}
    first, second = [
        await users_api.post("/credentials", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert first.json() == second.json()
    assert len((await users_api.get("/credentials")).json()["items"]) == 1


async def test_after_a_rotation_every_secret_is_wrapped_by_the_new_key(
    users_api: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
):
    made = await _create(users_api)
    reference = firestore.client().collection("credentials").document(made["id"])
    before = (await reference.get()).to_dict()["sealed"]
    assert await asyncio.to_thread(rotate_keys.main, ["--drop"]) == 0
    assert "old keys are forgotten" in capsys.readouterr().out
    after = (await reference.get()).to_dict()["sealed"]
    assert after["key"] != before["key"]
    assert after["ciphertext"] == before["ciphertext"]
    assert (await users_api.patch(f"/credentials/{made['id']}", json={"title": "y"})).status_code == 200


async def test_whatever_is_sealed_opens_once_the_old_keys_are_forgotten():
    places = [f"{name}/{clock.random_id()}" for name in sealed.COLLECTIONS]
    documents = [firestore.client().document(place) for place in places]
    for place, document in zip(places, documents, strict=True):
        made = await vault.real().seal("ann", place, place.encode())
        await document.set({"user_id": "ann", "sealed": made.document()})
    assert await asyncio.to_thread(rotate_keys.main, ["--drop"]) == 0
    for place, document in zip(places, documents, strict=True):
        kept = vault.Sealed.of((await document.get()).to_dict()["sealed"])
        assert await vault.real().open("ann", place, kept) == place.encode()
        await document.delete()
