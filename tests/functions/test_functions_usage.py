"""What users use and may use, over HTTP."""

from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of, fields_of

from functions.routers import usage_shapes as shapes
from shared import clock
from shared.domain import credit as rules
from shared.firestore import charges
from shared.services import credit, world
from tests.engine import records

ASKS = [{"id": "ask", "block_type": "LLM", "input_data": {"prompt": "Name a colour.", "max_tokens": 100}}]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    credit._allowances.clear()


@pytest.fixture
async def admin(make_api: MakeApi, accounts: Accounts) -> httpx.AsyncClient:
    return make_api("users", await accounts.user("admin"))


@pytest.fixture
async def mine(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    api = make_api("users", user)
    assert (await api.post("/auth/user")).status_code == 200
    return api


@pytest.fixture
async def graph_id(api: httpx.AsyncClient) -> str:
    return (await api.post("/graphs", json={"name": "g", "nodes": ASKS})).json()["id"]


async def _spend(user: User, dollars: float) -> None:
    month = rules.month_of(clock.now())
    charge = charges.Charge(
        id=clock.random_id(), user_id=user.id, month=month, nano_dollars=rules.nano(dollars), node_executions=3
    )
    await charges.put(charge, clock.now())


async def test_everybody_sees_what_they_use(mine: httpx.AsyncClient, user: User):
    await _spend(user, 0.25)
    seen = (await mine.get("/me/usage")).json()
    shapes.Usage.model_validate(seen)
    assert (seen["dollars"], seen["node_executions"], seen["storage_bytes"]) == (0.25, 3, 0)
    assert (seen["limits"]["monthly_dollars"], seen["remaining_dollars"]) == (100, 99.75)
    before = (await mine.get("/me/usage", params={"month": "2020-01"})).json()
    assert (before["month"], before["dollars"], before["remaining_dollars"]) == ("2020-01", 0, 99.75)
    assert fields_of(await mine.get("/me/usage", params={"month": "2020-13"})) == ["month"]


async def test_administrators_set_limits_and_credit_on_record(
    mine: httpx.AsyncClient, user: User, admin: httpx.AsyncClient
):
    place = f"/admin/users/{user.id}/usage"
    before = (await admin.get(place)).json()
    shapes.UsageOfUser.model_validate(before)
    change = {"monthly_dollars": 2, "credit_dollars": 0.5, "monthly_node_executions": 10}
    changed = await admin.patch(place, json=change, headers={"If-Match": f'"{before["etag"]}"'})
    assert changed.json()["limits"] == change
    error_of(await admin.patch(place, json={"monthly_dollars": 3}, headers={"If-Match": f'"{before["etag"]}"'}), 412)
    assert (await admin.patch(place, json={"monthly_dollars": None})).json()["limits"]["monthly_dollars"] == 100
    assert (await mine.get("/me/usage")).json()["limits"]["credit_dollars"] == 0.5
    wrong = {"monthly_dollars": -1, "credit_dollars": "much", "monthly_node_executions": 1.5, "free": True}
    assert set(fields_of(await admin.patch(place, json=wrong))) == set(wrong)
    entries = (await admin.get("/admin/audit", params={"action": "usage.update", "resource_id": user.id})).json()
    assert {"monthly": 2 * rules.NANO}.items() <= entries["items"][-1]["details"].items()
    error_of(await admin.patch("/admin/users/nobody/usage", json={}), 404)
    error_of(await mine.patch(place, json=change), 403)


async def test_without_credit_a_start_is_402_and_says_what_is_missing(
    make_api: MakeApi, user: User, mine: httpx.AsyncClient, admin: httpx.AsyncClient, graph_id: str
):
    await _spend(user, 2.5)
    await admin.patch(f"/admin/users/{user.id}/usage", json={"monthly_dollars": 2})
    credit._allowances.clear()
    refused = await make_api("executions", user).post(f"/graphs/{graph_id}/executions", json={"input_data": {}})
    error = error_of(refused, 402)
    assert error["ErrorInfo"]["reason"] == "CREDIT_SPENT"
    assert float(error["ErrorInfo"]["metadata"]["missing_dollars"]) > 0.5
    assert "ask an administrator" in error["message"]
    called = await make_api("graphs", user).post("/blocks/LLM/execute", json={"prompt": "Name a colour."})
    assert called.json()["success"] is False


async def test_an_estimate_says_what_blocks_cost_and_then_what_executions_did(
    api: httpx.AsyncClient, user: User, graph_id: str
):
    place = f"/graphs/{graph_id}/estimate"
    seen: dict[str, Any] = (await api.post(place, json={"input_data": {}})).json()
    shapes.Estimate.model_validate(seen)
    assert (seen["basis"], seen["complete"], seen["missing_dollars"]) == ("blocks", True, 0)
    assert 0 < seen["dollars"]["low"] < seen["dollars"]["expected"] <= seen["dollars"]["high"] < 0.001
    assert [one["paid_by"] for one in seen["nodes"]] == ["deployment"]
    for cost in (0.1, 0.2, 0.6):
        await records.ended(world.real(), user.id, graph_id, cost)
    seen = (await api.post(place, json={})).json()
    assert (seen["basis"], seen["executions"]) == ("history", 3)
    assert (seen["dollars"]["low"], seen["dollars"]["high"]) == (0.1, 0.6)
    assert seen["dollars"]["expected"] == pytest.approx(0.3)
    error_of(await api.post(f"/graphs/{'0' * 26}/estimate", json={}), 404)
    assert fields_of(await api.post(place, json={"input_data": [], "more": 1})) == ["more", "input_data"]
