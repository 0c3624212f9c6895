"""What administrators see and change, and what is on record of it."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from served import Accounts, Cloud, MakeApi, User, error_of, fields_of

from functions import make_admin
from functions.routers import admin_shapes as shapes
from shared.services import flags


@pytest.fixture
async def admin(accounts: Accounts) -> User:
    return await accounts.user("admin")


@pytest.fixture
def admin_api(make_api: MakeApi, admin: User) -> httpx.AsyncClient:
    return make_api("users", admin)


async def _signed_in(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    api = make_api("users", user)
    assert (await api.post("/auth/user")).status_code == 200
    return api


async def test_users_are_listed_newest_first_with_their_state(
    make_api: MakeApi, accounts: Accounts, admin_api: httpx.AsyncClient
):
    users = [await accounts.user() for _ in range(3)]
    for user in users:
        await _signed_in(make_api, user)
    await accounts.change(users[1].id, disableUser=True)
    page = (await admin_api.get("/admin/users", params={"page_size": 2})).json()
    shapes.AccountList.model_validate(page)
    following = {"page_size": 2, "page_token": page["next_page_token"]}
    page["items"] += (await admin_api.get("/admin/users", params=following)).json()["items"]
    found = [one for one in page["items"] if one["id"] in {user.id for user in users}]
    assert [one["id"] for one in found] == [user.id for user in reversed(users)]
    assert [one["state"] for one in found] == ["active", "disabled", "active"]
    assert (await admin_api.get(f"/admin/users/{users[1].id}")).json()["state"] == "disabled"


async def test_a_role_is_changed_and_holds(make_api: MakeApi, user: User, admin_api: httpx.AsyncClient):
    await _signed_in(make_api, user)
    changed = await admin_api.patch(f"/admin/users/{user.id}", json={"role": "viewer"})
    shapes.Account.model_validate(changed.json())
    assert changed.json()["role"] == "viewer"
    error_of(await make_api("graphs", user).post("/graphs", json={"name": "x"}), 403)


async def test_a_disabled_user_is_refused_and_let_in_again(
    make_api: MakeApi, user: User, accounts: Accounts, admin_api: httpx.AsyncClient
):
    api = await _signed_in(make_api, user)
    made = (await api.post("/me/api-keys", json={"name": "k", "scopes": ["agent.read"]})).json()
    assert (await admin_api.post(f"/admin/users/{user.id}/disable")).json()["state"] == "disabled"
    error_of(await api.get("/me"), 401)
    error_of(await make_api("graphs").get("/graphs", headers={"X-API-Key": made["key"]}), 401)
    assert (await admin_api.post(f"/admin/users/{user.id}/enable")).json()["state"] == "active"
    assert (await make_api("graphs").get("/graphs", headers={"X-API-Key": made["key"]})).status_code == 200


async def test_nobody_can_shut_themselves_out(make_api: MakeApi, admin: User):
    api = await _signed_in(make_api, admin)
    for answer in (
        await api.patch(f"/admin/users/{admin.id}", json={"role": "user"}),
        await api.post(f"/admin/users/{admin.id}/disable"),
    ):
        assert error_of(answer, 409)["ErrorInfo"]["reason"] == "OWN_ACCOUNT"


@pytest.mark.parametrize("user_id", ["nobody", "__x__", "x" * 129, ".."])
async def test_a_user_who_is_not_there_is_404(admin_api: httpx.AsyncClient, user_id: str):
    answer = await admin_api.get(f"/admin/users/{user_id.replace('..', '%2E%2E')}")
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [{"role": "emperor"}, {"role": 5}, {}, {"role": "user", "x": 1}], ids=str)
async def test_what_is_no_role_is_refused(make_api: MakeApi, user: User, admin_api: httpx.AsyncClient, body: Any):
    await _signed_in(make_api, user)
    assert fields_of(await admin_api.patch(f"/admin/users/{user.id}", json=body))


async def test_the_first_administrator_is_made_by_a_command(
    make_api: MakeApi, user: User, cloud: Cloud, tmp_path: Any, capsys: pytest.CaptureFixture[str]
):
    api = await _signed_in(make_api, user)
    error_of(await api.get("/admin/users"), 403)
    endpoints = tmp_path / "endpoints.json"
    endpoints.write_text(json.dumps({"auth": f"http://{cloud.auth}", "firestore": cloud.firestore}))
    command = [user.email, "--endpoints", str(endpoints)]
    assert await asyncio.to_thread(make_admin.main, command) == 0
    assert "is an administrator" in capsys.readouterr().out
    assert (await api.get("/admin/users")).status_code == 200
    assert await asyncio.to_thread(make_admin.main, ["nobody@example.com", *command[1:]]) == 1
    assert "nobody@example.com" in capsys.readouterr().err


async def test_a_flag_is_on_for_whom_it_names_and_off_once_deleted(
    make_api: MakeApi, user: User, admin_api: httpx.AsyncClient
):
    api = make_api("users", user)
    body = {"description": "d", "enabled": True, "percent": 0, "user_ids": [user.id]}
    made = await admin_api.put("/admin/flags/new_builder", json=body)
    shapes.Flag.model_validate(made.json())
    assert made.json() == {"id": "new_builder", **body}
    assert (await api.get("/me/flags")).json() == {"flags": ["new_builder"]}
    assert await flags.is_on("new_builder", user.id)
    assert not await flags.is_on("new_builder", "another")
    assert made.json() in (await admin_api.get("/admin/flags")).json()["items"]
    assert (await admin_api.delete("/admin/flags/new_builder")).json() == {}
    assert (await api.get("/me/flags")).json() == {"flags": []}
    assert (
        error_of(await admin_api.delete("/admin/flags/new_builder"), 404)["ErrorInfo"]["reason"] == "FLAG_NOT_FOUND"
    )


@pytest.mark.parametrize(
    ("name", "body", "fields"),
    [
        ("Bad", {}, ["name"]),
        ("a", {"percent": 101}, ["percent"]),
        ("a", {"percent": True}, ["percent"]),
        ("a", {"enabled": 1}, ["enabled"]),
        ("a", {"user_ids": ["x"] * 201}, ["user_ids"]),
        ("a", {"user_ids": [1]}, ["user_ids"]),
        ("a", {"user_ids": "x"}, ["user_ids"]),
        ("a", [], ["body"]),
    ],
    ids=str,
)
async def test_what_cannot_be_a_flag_is_refused(
    admin_api: httpx.AsyncClient, name: str, body: Any, fields: list[str]
):
    assert fields_of(await admin_api.put(f"/admin/flags/{name}", json=body)) == fields


async def test_recovery_tells_its_figures(admin_api: httpx.AsyncClient):
    from shared import clock
    from shared.services import recovery_figures

    await recovery_figures.record(clock.now(), {"executions_finished": 2, "failed": 0})
    found = (await admin_api.get("/admin/recovery")).json()
    shapes.RecoveryFigures.model_validate(found)
    assert found["repaired"]["executions_finished"] >= 2
    assert found["past_due"] == {"executions": 0, "node_executions": 0}
