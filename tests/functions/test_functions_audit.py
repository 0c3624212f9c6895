"""Every change and every sign of abuse is on record: who, what, which resource, from where, with what result."""

import logging
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of, fields_of

from functions.routers import admin_shapes as shapes
from shared.domain import errors
from shared.firestore import audit as stored
from shared.http import audit as observing
from shared.services import audit


@pytest.fixture
async def admin_api(make_api: MakeApi, accounts: Accounts) -> httpx.AsyncClient:
    return make_api("users", await accounts.user("admin"))


@pytest.fixture(autouse=True)
def _no_abuse_yet() -> None:
    audit._abuse.clear()


async def _entries(admin_api: httpx.AsyncClient, **wanted: Any) -> list[dict[str, Any]]:
    answer = await admin_api.get("/admin/audit", params={"page_size": 100, **wanted})
    assert answer.status_code == 200, answer.text
    shapes.AuditPage.model_validate(answer.json())
    return answer.json()["items"]


async def test_a_change_is_on_record_with_all_that_is_known_of_it(
    make_api: MakeApi, user: User, admin_api: httpx.AsyncClient, a_graph: Any
):
    api = make_api("graphs", user)
    headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "User-Agent": "tests/1"}
    graph = (await api.post("/graphs", json=a_graph(), headers=headers)).json()
    await api.patch(f"/graphs/{graph['id']}", json={"name": "Secret name"}, headers=headers)
    await api.delete(f"/graphs/{graph['id']}", headers=headers)
    found = await _entries(admin_api, resource_id=graph["id"])
    assert [one["action"] for one in found] == ["graph.delete", "graph.update", "graph.create"]
    for one in found:
        expected = {"user_id": user.id, "resource_type": "graph", "result": "ok", "user_agent": "tests/1"}
        assert {name: one[name] for name in expected} == expected
        assert one["ip_address"] == "203.0.113.7"
    assert found[1]["details"] == {"fields": ["name"]}
    assert "Secret name" not in str(found)


async def test_the_first_sight_of_a_user_is_on_record(make_api: MakeApi, user: User, admin_api: httpx.AsyncClient):
    await make_api("graphs", user).get("/graphs")
    assert [one["action"] for one in await _entries(admin_api, user_id=user.id)] == ["user.create"]


async def test_what_only_reads_or_was_refused_as_wrong_is_not(
    make_api: MakeApi, user: User, admin_api: httpx.AsyncClient, a_graph: Any
):
    api = make_api("graphs", user)
    await api.get("/graphs")
    await api.post("/graphs", json={"name": ""})
    await api.post("/graphs/validate", json=a_graph())
    await api.get("/graphs/nothing")
    assert [one["action"] for one in await _entries(admin_api, user_id=user.id)] == ["user.create"]


async def test_a_repeated_request_is_on_record_once(
    make_api: MakeApi, user: User, admin_api: httpx.AsyncClient, a_graph: Any
):
    api = make_api("graphs", user)
    for _ in range(2):
        made = await api.post("/graphs", json=a_graph(), headers={"Idempotency-Key": "k"})
    assert len(await _entries(admin_api, resource_id=made.json()["id"])) == 1


async def test_a_missing_permission_another_s_graph_and_a_bad_key_are_signs_of_abuse(
    make_api: MakeApi, user: User, accounts: Accounts, admin_api: httpx.AsyncClient, a_graph: Any
):
    graph = (await make_api("graphs", user).post("/graphs", json=a_graph())).json()
    viewer = await accounts.user("viewer")
    api = make_api("graphs", viewer)
    error_of(await api.post("/graphs", json={"name": "x"}), 403)
    error_of(await api.get(f"/graphs/{graph['id']}"), 404)
    error_of(await make_api("graphs").get("/graphs", headers={"X-API-Key": "wk_guess"}), 401)
    entries = [
        *await _entries(admin_api, user_id=viewer.id, result="refused"),
        *[one for one in await _entries(admin_api, action="graph.read") if not one["user_id"]],
    ]
    found = {one["details"]["reason"]: one for one in entries}
    assert found["PERMISSION_DENIED"]["user_id"] == viewer.id
    assert found["NOT_OWNER"]["user_id"] == viewer.id
    assert found["NOT_OWNER"]["resource_id"] == graph["id"]
    assert (found["INVALID_API_KEY"]["user_id"], found["INVALID_API_KEY"]["action"]) == ("", "graph.read")


async def test_of_much_abuse_one_a_minute_is_stored_and_all_is_logged(
    make_api: MakeApi, accounts: Accounts, admin_api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    viewer = await accounts.user("viewer")
    api = make_api("graphs", viewer)
    with caplog.at_level(logging.INFO, "weftly.audit"):
        for _ in range(5):
            await api.post("/graphs", json={"name": "x"})
    assert len(await _entries(admin_api, user_id=viewer.id, result="refused")) == 1
    lines: list[Mapping[str, Any]] = [r.fields["audit"] for r in caplog.records if r.name == "weftly.audit"]  # type: ignore[attr-defined]
    assert sum(line["result"] == "refused" for line in lines) == 5
    audit._abuse.update({key: (since - audit.ABUSE_SECONDS, n) for key, (since, n) in audit._abuse.items()})
    await api.post("/graphs", json={"name": "x"})
    last = (await _entries(admin_api, user_id=viewer.id, result="refused"))[0]
    assert last["details"]["repeated"] == 4


async def test_an_entry_that_cannot_be_written_is_logged_and_written_with_the_next(
    make_api: MakeApi, user: User, admin_api: httpx.AsyncClient, a_graph: Any, monkeypatch: pytest.MonkeyPatch
):
    api = make_api("graphs", user)
    await api.get("/graphs")
    await admin_api.get("/me")

    async def fails(entries: Any) -> None:
        raise errors.Unavailable("not now")

    with monkeypatch.context() as broken:
        broken.setattr(stored, "append", fails)
        graph = (await api.post("/graphs", json=a_graph())).json()
    assert await _entries(admin_api, resource_id=graph["id"]) == []
    await api.patch(f"/graphs/{graph['id']}", json={"name": "y"})
    found = await _entries(admin_api, resource_id=graph["id"])
    assert [one["action"] for one in found] == ["graph.update", "graph.create"]


async def test_a_change_is_logged_before_it_is_made(
    make_api: MakeApi, user: User, a_graph: Any, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO, "weftly.audit"):
        await make_api("graphs", user).post("/graphs", json=a_graph())
    lines: list[Mapping[str, Any]] = [r.fields["audit"] for r in caplog.records if r.name == "weftly.audit"]  # type: ignore[attr-defined]
    assert [line["result"] for line in lines if line["action"] == "graph.create"] == ["begun", "ok"]


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
async def test_a_time_that_utc_does_not_have_is_refused(admin_api: httpx.AsyncClient, moment: str):
    for name in ("since", "until"):
        assert fields_of(await admin_api.get("/admin/audit", params={name: moment})) == [name]


async def test_entries_are_found_by_time_and_page_by_page(
    make_api: MakeApi, user: User, admin_api: httpx.AsyncClient, a_graph: Any
):
    api = make_api("graphs", user)
    for _ in range(3):
        await api.post("/graphs", json=a_graph())
    query = {"user_id": user.id, "page_size": 2}
    first = (await admin_api.get("/admin/audit", params=query)).json()
    second = (await admin_api.get("/admin/audit", params={**query, "page_token": first["next_page_token"]})).json()
    ids = [one["id"] for page in (first, second) for one in page["items"]]
    assert len(set(ids)) == 4
    oldest = second["items"][-1]["timestamp"]
    assert await _entries(admin_api, user_id=user.id, until=oldest) == []
    assert len(await _entries(admin_api, user_id=user.id, since=oldest)) == 4
    elsewhere = {"user_id": "another", "page_token": first["next_page_token"]}
    assert (
        error_of(await admin_api.get("/admin/audit", params=elsewhere), 400)["ErrorInfo"]["reason"]
        == "BAD_PAGE_TOKEN"
    )


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/api/v1/graphs", ("graph", "create", "")),
        ("PUT", "/api/v1/graphs/{graph_id}", ("graph", "replace", "7")),
        ("POST", "/api/v1/graphs/{graph_id}/executions", ("execution", "create", "")),
        ("POST", "/api/v1/executions/{graph_id}/cancel", ("execution", "cancel", "7")),
        ("POST", "/api/v1/me/api-keys", ("api_key", "create", "")),
        ("POST", "/api/v1/me/api-keys/{graph_id}/rotate", ("api_key", "rotate", "7")),
        ("POST", "/api/v1/reviews/{graph_id}", ("review", "create", "7")),
        ("PATCH", "/api/v1/me", ("me", "update", "")),
        ("POST", "/api/v1/graphs/import", ("graph", "import", "")),
    ],
)
def test_an_action_is_named_by_its_route(method: str, path: str, name: tuple[str, str, str]):
    assert observing.named(method, path, {"graph_id": "7"}) == name
