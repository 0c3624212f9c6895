"""From the store into a library: what is added is a copy, which its user runs and only updates change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from served import Accounts, MakeApi, User, error_of, fields_of
from whole_store import left

from shared import clock
from shared.gcp import pubsub, tasks
from shared.services import audiences, erasing, world

Made = Callable[..., dict[str, Any]]
SECRET = "sk-not-for-others"


@pytest.fixture(autouse=True)
def dispatched(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr(tasks, "create", nothing)
    monkeypatch.setattr(pubsub, "publish", nothing)


class Market:
    """A creator, an administrator who approves, and a user who adds."""

    def __init__(self, make_api: MakeApi, creator: User, admin: User, user: User) -> None:
        self.creator, self.admin, self.user = creator, admin, user
        self.graphs, self.submits = make_api("graphs", creator), make_api("store", creator)
        self.approves = make_api("store", admin)
        self.library, self.own = make_api("store", user), make_api("graphs", user)
        self.runs = make_api("executions", user)

    async def publish(self, graph_id: str) -> str:
        """The id of the listing."""
        body = {"graph_id": graph_id, "title": "Shouter", "description": "Shouts.", "category": "PRODUCTIVITY"}
        submitted = await done(self.submits.post("/store/submissions", json=body))
        approved = self.approves.post(f"/store/submissions/{submitted['submission_id']}/approve", json={})
        return (await done(approved))["listing_id"]

    async def add(self, listing_id: str) -> dict[str, Any]:
        return await done(self.library.post("/library/agents", json={"listing_id": listing_id}))


async def done(call: Any) -> dict[str, Any]:
    answer = await call
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def market(make_api: MakeApi, accounts: Accounts) -> Market:
    return Market(make_api, *[await accounts.user(role) for role in (None, "admin", None)])


@pytest.fixture
async def agent(market: Market, a_graph: Made) -> dict[str, Any]:
    """The creator's graph, which runs another of theirs and has an input with a private default."""
    child = await done(market.graphs.post("/graphs", json=a_graph(name="Child")))
    graph = a_graph(name="Shouter")
    graph["nodes"] += [
        {"id": "key", "block_type": "AGENT_INPUT", "input_data": {"name": "key", "value": SECRET, "secret": True}},
        {"id": "run", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child["id"]}},
    ]
    return await done(market.graphs.post("/graphs", json=graph))


async def test_what_is_added_is_a_copy_of_ones_own_that_runs_and_cannot_be_written(
    market: Market, agent: dict[str, Any], a_graph: Made
) -> None:
    added = await market.add(await market.publish(agent["id"]))
    assert (added["source"], added["name"], added["update"]) == ("store", "Shouter", None)
    assert added["origin"]["creator_id"] == market.creator.id
    assert [one["id"] for one in (await market.library.get("/library/agents")).json()["items"]] == [added["id"]]
    graph = (await market.own.get(f"/graphs/{added['id']}")).json()
    assert graph["user_id"] == market.user.id
    assert SECRET not in str(graph)
    ids = [agent["id"], *(n["input_data"].get("graph_id") for n in agent["nodes"])]
    assert not [one for one in ids if one and one in str(graph["nodes"])]
    started = await done(
        market.runs.post(f"/graphs/{added['id']}/executions", json={"input_data": {"text": "a", "key": "mine"}})
    )
    assert (await market.runs.get(f"/executions/{started['execution_id']}")).json()["graph_id"] == added["id"]
    refused = await market.own.put(f"/graphs/{added['id']}", json=a_graph())
    assert error_of(refused, 409)["ErrorInfo"]["reason"] == "GRAPH_READ_ONLY"
    part = next(n["input_data"]["graph_id"] for n in graph["nodes"] if n["id"] == "run")
    assert (await market.own.delete(f"/graphs/{part}")).status_code == 409
    body = {"graph_id": added["id"], "title": "Mine now", "description": "x", "category": "PRODUCTIVITY"}
    stolen = await market.library.post("/store/submissions", json=body)
    assert error_of(stolen, 409)["ErrorInfo"]["reason"] == "GRAPH_READ_ONLY"


async def test_adding_twice_is_adding_once_and_one_download(market: Market, agent: dict[str, Any]) -> None:
    listing_id = await market.publish(agent["id"])
    first, again = await market.add(listing_id), await market.add(listing_id)
    assert first["id"] == again["id"]
    assert len((await market.library.get("/library/agents")).json()["items"]) == 1
    assert (await market.library.get(f"/store/agents/{listing_id}")).json()["downloads"] == 1


async def test_a_new_version_is_offered_and_taken_and_the_library_stays_as_it_was(
    market: Market, agent: dict[str, Any], a_graph: Made
) -> None:
    listing_id = await market.publish(agent["id"])
    added = await market.add(listing_id)
    url = f"/library/agents/{added['id']}"
    await done(market.library.patch(url, json={"is_favorite": True}))
    preset = await done(market.library.post(f"{url}/presets", json={"name": "x", "input_data": {"text": "a"}}))
    assert (await done(market.library.post(f"{url}/update", json={})))["version"] == 1
    await done(market.graphs.put(f"/graphs/{agent['id']}", json=a_graph(name="Shouter")))
    await market.publish(agent["id"])
    offered = (await market.library.get(url)).json()
    assert (offered["version"], offered["update"]) == (1, {"version": 2})
    graph = (await market.own.get(f"/graphs/{added['id']}")).json()
    assert "key" in {node["id"] for node in graph["nodes"]}
    stale = await market.library.post(f"{url}/update", json={}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    updated = await done(market.library.post(f"{url}/update", json={}))
    assert (updated["version"], updated["update"], updated["is_favorite"]) == (2, None, True)
    assert updated["origin"]["version"] == 2
    graph = (await market.own.get(f"/graphs/{added['id']}")).json()
    assert {node["id"] for node in graph["nodes"]} == {"in", "up", "out"}
    assert (await market.library.get(f"/library/presets/{preset['id']}")).status_code == 200
    assert (await market.library.delete(url)).status_code == 200
    assert (await market.library.get("/library/agents")).json()["items"] == []
    assert (await market.own.get("/graphs")).json()["items"] == []


async def test_added_again_after_it_was_deleted_it_is_what_the_store_offers_now(
    market: Market, agent: dict[str, Any], a_graph: Made
) -> None:
    listing_id = await market.publish(agent["id"])
    first = await market.add(listing_id)
    await market.library.delete(f"/library/agents/{first['id']}")
    await done(market.graphs.put(f"/graphs/{agent['id']}", json=a_graph(name="Shouter")))
    await market.publish(agent["id"])
    again = await market.add(listing_id)
    assert again["origin"]["version"] == 2
    graph = (await market.own.get(f"/graphs/{again['id']}")).json()
    assert {node["id"] for node in graph["nodes"]} == {"in", "up", "out"}


async def test_what_left_the_store_stays_with_who_has_it_and_comes_to_nobody_else(
    market: Market, agent: dict[str, Any]
) -> None:
    listing_id = await market.publish(agent["id"])
    added = await market.add(listing_id)
    await done(market.approves.post(f"/store/agents/{listing_id}/take-down", json={"reason": "x"}))
    assert (await market.library.get(f"/library/agents/{added['id']}")).json()["update"] is None
    assert (await market.own.get(f"/graphs/{added['id']}")).status_code == 200
    await market.library.delete(f"/library/agents/{added['id']}")
    for id_ in (listing_id, "nowhere", "a/b"):
        answer = await market.library.post("/library/agents", json={"listing_id": id_})
        assert error_of(answer, 404)["ErrorInfo"]["reason"] == "LISTING_NOT_FOUND"
    assert fields_of(await market.library.post("/library/agents", json={})) == ["listing_id"]


async def test_a_fork_of_what_was_added_may_be_changed_and_names_its_creator(
    market: Market, agent: dict[str, Any], a_graph: Made
) -> None:
    listing_id = await market.publish(agent["id"])
    added = await market.add(listing_id)
    fork = await done(market.library.post(f"/library/agents/{added['id']}/fork", json={}))
    assert (fork["source"], fork["origin"]["listing_id"]) == ("fork", listing_id)
    assert fork["origin"]["creator_id"] == market.creator.id
    await done(market.own.put(f"/graphs/{fork['id']}", json=a_graph()))
    no_update = await market.library.post(f"/library/agents/{fork['id']}/update", json={})
    assert error_of(no_update, 409)["ErrorInfo"]["reason"] == "NOT_FROM_STORE"


async def test_all_who_added_it_are_an_audience(
    market: Market, agent: dict[str, Any], make_api: MakeApi, accounts: Accounts
) -> None:
    listing_id = await market.publish(agent["id"])
    users = [market.user, *[await accounts.user() for _ in range(3)]]
    for user in users:
        await done(make_api("store", user).post("/library/agents", json={"listing_id": listing_id}))
    first = await audiences.AUDIENCES["listing"](listing_id, "", 2)
    rest = await audiences.AUDIENCES["listing"](listing_id, first[-1], 9)
    assert [*first, *rest] == sorted(user.id for user in users)


async def _goes(make_api: MakeApi, user: User) -> None:
    """Their account, to its end."""
    await done(make_api("users", user).delete("/me"))
    for minutes in range(0, 30, 5):
        now = clock.now() + timedelta(minutes=minutes)
        await erasing.erase_due(replace(world.real(), now=lambda now=now: now))


async def test_what_others_have_made_of_an_agent_outlives_its_creator_and_names_them_no_more(
    market: Market, agent: dict[str, Any], make_api: MakeApi
) -> None:
    await done(make_api("users", market.creator).patch("/me", json={"name": "Nominata Creatrix"}))
    added = await market.add(await market.publish(agent["id"]))
    forked = await done(market.library.post(f"/library/agents/{added['id']}/fork", json={}))
    assert added["origin"]["creator_name"] == forked["origin"]["creator_name"] == "Nominata Creatrix"
    await _goes(make_api, market.creator)
    assert await left([market.creator.id, market.creator.email, "Nominata"]) == []
    again = await done(market.library.post(f"/library/agents/{added['id']}/fork", json={}))
    for id_ in (added["id"], forked["id"], again["id"]):
        origin = (await done(market.library.get(f"/library/agents/{id_}")))["origin"]
        assert (origin["creator_id"], origin["creator_name"], origin["title"]) == (None, "", "Shouter")
        assert (await market.own.get(f"/graphs/{id_}")).json()["problems"] == []


async def test_an_administrator_who_leaves_is_named_by_nothing_that_they_reviewed(
    market: Market, agent: dict[str, Any], make_api: MakeApi
) -> None:
    listing_id = await market.publish(agent["id"])
    await done(market.approves.post(f"/store/agents/{listing_id}/feature", json={}))
    await _goes(make_api, market.admin)
    assert await left([market.admin.id, market.admin.email]) == []
    assert (await market.library.get(f"/store/agents/{listing_id}")).status_code == 200


async def test_a_fork_that_is_published_says_whose_work_it_is(market: Market, agent: dict[str, Any]) -> None:
    listing_id = await market.publish(agent["id"])
    assert (await done(market.library.get(f"/store/agents/{listing_id}")))["forked_from"] is None
    added = await market.add(listing_id)
    fork = await done(market.library.post(f"/library/agents/{added['id']}/fork", json={"name": "Mine"}))
    sent = await done(market.library.post("/store/submissions", json={"graph_id": fork["id"], "title": "Mine"}))
    path = f"/store/submissions/{sent['id']}"
    source = {"listing_id": listing_id, "version": 1, "title": "Shouter"}
    assert (await done(market.approves.get(f"{path}/file")))["forked_from"] == source
    await done(market.approves.post(f"{path}/approve", json={}))
    assert (await done(market.library.get(f"/store/agents/{sent['listing_id']}")))["forked_from"] == source
