"""Schedules over HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of

GRAPH = {
    "name": "Greeter",
    "nodes": [{"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "text"}}],
}


@pytest.fixture
def graphs(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("graphs", user)


@pytest.fixture
async def graph_id(graphs: httpx.AsyncClient) -> str:
    return (await graphs.post("/graphs", json=GRAPH)).json()["id"]


@pytest.fixture
def users(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("users", user)


def body(**changes: Any) -> dict[str, Any]:
    return {"cron": "0 9 * * MON-FRI", "timezone": "Europe/Berlin", "input_data": {"text": "hello"}, **changes}


async def created(users: httpx.AsyncClient, graph_id: str, **changes: Any) -> dict[str, Any]:
    answer = await users.post(f"/graphs/{graph_id}/schedules", json=body(**changes))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_schedule_is_created_read_and_listed(users: httpx.AsyncClient, graph_id: str) -> None:
    made = await created(users, graph_id, name="Each morning")
    assert (made["status"], made["catch_up"], made["overlap"]) == ("ACTIVE", "once", "allow")
    assert made["next_at"].endswith(("07:00:00Z", "08:00:00Z"))
    assert (await users.get(f"/schedules/{made['id']}")).json() == made
    for path in ("/schedules", f"/graphs/{graph_id}/schedules"):
        assert (await users.get(path)).json() == {"items": [made], "next_page_token": None}
    upcoming = (await users.get(f"/schedules/{made['id']}/upcoming", params={"count": 3})).json()["items"]
    assert (upcoming[0], len(upcoming)) == (made["next_at"], 3)
    occurred = await users.get(f"/schedules/{made['id']}/occurrences")
    assert occurred.json() == {"items": [], "next_page_token": None}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": ""}, "cron"),
        ({"cron": None}, "cron"),
        ({"cron": 5}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"input_data": []}, "input_data"),
        ({"input_data": {"word": 1}}, "input_data.word"),
        ({"input_data": {}}, "input_data.text"),
        ({"input_data": {"text": "x" * 600_000}}, "input_data"),
        ({"credentials": {"in": 5}}, "credentials.in"),
        ({"credentials": {"nowhere": "c1"}}, "credentials.nowhere"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "2030-01-01T00:00:00"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
        ({"ends_at": "0001-01-01T00:00:00+14:00"}, "ends_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}, "ends_at"),
        ({"catch_up": "perhaps"}, "catch_up"),
        ({"overlap": True}, "overlap"),
        ({"timezon": "UTC"}, "timezon"),
    ],
)
async def test_what_is_not_valid_is_refused_by_its_field(
    users: httpx.AsyncClient, graph_id: str, changes: dict[str, Any], field: str
) -> None:
    answer = await users.post(f"/graphs/{graph_id}/schedules", json=body(**changes))
    violations = error_of(answer, 400)["BadRequest"]["fieldViolations"]
    assert field in {one["field"] for one in violations}
    assert (await users.get("/schedules")).json()["items"] == []


async def test_it_is_changed_paused_resumed_and_deleted(users: httpx.AsyncClient, graph_id: str) -> None:
    made = await created(users, graph_id)
    url = f"/schedules/{made['id']}"
    changed = (await users.patch(url, json={"cron": "@hourly", "overlap": "skip"})).json()
    assert (changed["cron"], changed["overlap"], changed["timezone"]) == ("@hourly", "skip", "Europe/Berlin")
    assert changed["next_at"] <= made["next_at"]
    stale = await users.patch(url, json={"name": "x"}, headers={"If-Match": f'"{made["etag"]}"'})
    assert stale.status_code == 412
    paused = (await users.post(f"{url}/pause")).json()
    assert (paused["status"], paused["next_at"]) == ("PAUSED", None)
    assert (await users.get(f"{url}/upcoming")).json()["items"] == []
    resumed = (await users.post(f"{url}/resume")).json()
    assert resumed["status"] == "ACTIVE"
    assert resumed["next_at"] is not None
    assert (await users.delete(url)).json() == {}
    assert (await users.get(url)).status_code == 404


async def test_a_schedule_of_another_is_as_absent_as_one_that_never_was(
    make_api: MakeApi, accounts: Accounts, users: httpx.AsyncClient, graph_id: str
) -> None:
    made = await created(users, graph_id)
    other = make_api("users", await accounts.user())
    url = f"/schedules/{made['id']}"
    calls: list[Callable[[], Any]] = [
        lambda: other.get(url),
        lambda: other.patch(url, json={"name": "mine"}),
        lambda: other.post(f"{url}/pause"),
        lambda: other.post(f"{url}/resume"),
        lambda: other.get(f"{url}/upcoming"),
        lambda: other.get(f"{url}/occurrences"),
        lambda: other.delete(url),
        lambda: other.get(f"/graphs/{graph_id}/schedules"),
        lambda: other.post(f"/graphs/{graph_id}/schedules", json=body()),
    ]
    for call in calls:
        assert (await call()).status_code == 404
    assert (await users.get(url)).json() == made


async def test_deleting_a_graph_ends_its_schedules(
    users: httpx.AsyncClient, graphs: httpx.AsyncClient, graph_id: str
) -> None:
    made = await created(users, graph_id)
    assert (await graphs.delete(f"/graphs/{graph_id}")).status_code == 200
    assert (await users.get(f"/schedules/{made['id']}")).status_code == 404


async def test_a_user_has_no_more_schedules_than_the_setting_says(
    users: httpx.AsyncClient, graph_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared import config
    from shared.services import world

    monkeypatch.setenv("MAX_SCHEDULES", "1")
    config.settings.cache_clear()
    world.real.cache_clear()
    await created(users, graph_id)
    answer = await users.post(f"/graphs/{graph_id}/schedules", json=body())
    world.real.cache_clear()
    assert error_of(answer, 429)["ErrorInfo"]["reason"] == "TOO_MANY_SCHEDULES"
