"""The library over HTTP: own agents and forks, favourites, folders, presets."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of, fields_of

from shared.gcp import pubsub, tasks

Made = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def dispatched(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr(tasks, "create", nothing)
    monkeypatch.setattr(pubsub, "publish", nothing)


@pytest.fixture
def library(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("store", user)


async def created(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(api: httpx.AsyncClient, path: str, **params: Any) -> list[str]:
    return [one["id"] for one in (await api.get(path, params=params)).json()["items"]]


async def test_own_agents_are_there_and_filed(
    api: httpx.AsyncClient, library: httpx.AsyncClient, a_graph: Made
) -> None:
    first, second = [(await created(api, "/graphs", a_graph(name=name)))["id"] for name in ("A", "B")]
    assert await ids(library, "/library/agents") == [second, first]
    folder = await created(library, "/library/folders", {"name": "Research"})
    changed = await library.patch(f"/library/agents/{first}", json={"is_favorite": True, "folder_id": folder["id"]})
    assert (changed.json()["is_favorite"], changed.json()["folder_id"]) == (True, folder["id"])
    assert (changed.json()["source"], changed.json()["origin"]) == ("own", None)
    await library.patch(f"/library/agents/{second}", json={"is_favorite": True})
    assert await ids(library, "/library/agents", is_favorite=True) == [second, first]
    assert await ids(library, "/library/agents", folder_id=folder["id"]) == [first]
    assert await ids(library, "/library/agents", folder_id=folder["id"], is_favorite=True) == [first]
    assert (await library.delete(f"/library/folders/{folder['id']}")).json() == {}
    assert (await library.get(f"/library/agents/{first}")).json()["folder_id"] is None
    page = (await library.get("/library/agents", params={"page_size": 1})).json()
    assert await ids(library, "/library/agents", page_size=1, page_token=page["next_page_token"]) == [first]


async def test_a_graph_that_is_saved_again_stays_where_it_was_filed(
    api: httpx.AsyncClient, library: httpx.AsyncClient, a_graph: Made
) -> None:
    graph = await created(api, "/graphs", a_graph())
    await library.patch(f"/library/agents/{graph['id']}", json={"is_favorite": True})
    assert (await api.put(f"/graphs/{graph['id']}", json=a_graph(name="C"))).status_code == 200
    agent = (await library.get(f"/library/agents/{graph['id']}")).json()
    assert (agent["is_favorite"], agent["version"], agent["name"]) == (True, 2, "C")


async def test_folders_are_renamed_and_what_is_not_valid_is_refused(
    library: httpx.AsyncClient, api: httpx.AsyncClient, a_graph: Made
) -> None:
    folder = await created(library, "/library/folders", {"name": " <b>Work</b> "})
    assert folder["name"] == "Work"
    url = f"/library/folders/{folder['id']}"
    renamed = await library.patch(url, json={"name": "Play"}, headers={"If-Match": f'"{folder["etag"]}"'})
    assert (renamed.json()["name"], await ids(library, "/library/folders")) == ("Play", [folder["id"]])
    assert (await library.patch(url, json={"name": "x"}, headers={"If-Match": '"0"'})).status_code == 412
    for body in ({}, {"name": ""}, {"name": 5}, {"name": "x" * 101}, {"name": "<i></i>"}):
        assert fields_of(await library.post("/library/folders", json=body)) == ["name"]
    assert fields_of(await library.post("/library/folders", json={"name": "x", "color": "red"})) == ["color"]
    assert fields_of(await library.post("/library/folders", json=[1])) == ["body"]
    graph = (await created(api, "/graphs", a_graph()))["id"]
    for body, field in (({"folder_id": "nowhere"}, "folder_id"), ({"is_favorite": "yes"}, "is_favorite")):
        assert fields_of(await library.patch(f"/library/agents/{graph}", json=body)) == [field]


async def test_a_fork_is_a_copy_with_its_parts_that_says_whose_it_is_and_has_no_secrets(
    api: httpx.AsyncClient, library: httpx.AsyncClient, user: User, a_graph: Made
) -> None:
    child = await created(api, "/graphs", a_graph(name="Child"))
    nodes = [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "pin", "value": "4711", "secret": True}},
        {
            "id": "run",
            "block_type": "AGENT_EXECUTOR",
            "input_data": {"graph_id": child["id"], "inputs": {"text": "x"}},
        },
    ]
    parent = await created(api, "/graphs", {"name": "Parent", "nodes": nodes})
    fork = await created(library, f"/library/agents/{parent['id']}/fork", {"name": "Mine"})
    assert (fork["name"], fork["source"]) == ("Mine", "fork")
    origin = fork["origin"]
    assert (origin["graph_id"], origin["title"], origin["creator_id"]) == (parent["id"], "Parent", user.id)
    copied = (await api.get(f"/graphs/{fork['id']}")).json()
    by_id = {node["id"]: node["input_data"] for node in copied["nodes"]}
    assert "4711" not in str(copied)
    assert by_id["run"]["graph_id"] not in (child["id"], None)
    assert (await api.delete(f"/graphs/{child['id']}")).status_code == 200
    assert (await api.get(f"/graphs/{by_id['run']['graph_id']}")).json()["name"] == "Child"
    again = await created(library, f"/library/agents/{fork['id']}/fork", {})
    assert (again["origin"]["title"], again["origin"]["creator_id"]) == ("Parent", user.id)
    assert (await api.put(f"/graphs/{fork['id']}", json=a_graph())).status_code == 200


async def test_a_preset_is_kept_changed_and_run(
    api: httpx.AsyncClient, library: httpx.AsyncClient, make_api: MakeApi, user: User, a_graph: Made
) -> None:
    graph = await created(api, "/graphs", a_graph())
    of_agent = f"/library/agents/{graph['id']}/presets"
    preset = await created(library, of_agent, {"name": "Monday", "input_data": {"text": "hello"}})
    url = f"/library/presets/{preset['id']}"
    assert (await library.get(url)).json() == preset
    assert await ids(library, of_agent) == await ids(library, "/library/presets") == [preset["id"]]
    changed = (await library.patch(url, json={"description": "<script>x</script><p>Hi</p>"})).json()
    assert (changed["description"], changed["input_data"]) == ("<p>Hi</p>", {"text": "hello"})
    runs = make_api("executions", user)
    started = await created(runs, f"{url}/executions", {"input_data": {}})
    execution = (await runs.get(f"/executions/{started['execution_id']}")).json()
    assert (execution["graph_id"], execution["status"]) == (graph["id"], "QUEUED")
    assert fields_of(await runs.post(f"{url}/executions", json={"queue": "fast"})) == ["queue"]
    assert (await library.delete(url)).json() == {}
    assert error_of(await runs.post(f"{url}/executions", json={}), 404)["ErrorInfo"]["reason"] == "PRESET_NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "input_data": {"word": 1}}, "input_data.word"),
        ({"name": "x", "input_data": []}, "input_data"),
        ({"name": "x", "input_data": {"text": "x" * 600_000}}, "input_data"),
        ({"name": "x", "credentials": {"up": "c"}}, "credentials.up"),
        ({"name": "x", "input_data": {"pin": "4711"}}, "input_data.pin"),
        ({"name": "x", "nmae": "y"}, "nmae"),
    ],
)
async def test_a_preset_that_does_not_suit_its_agent_is_refused(
    api: httpx.AsyncClient, library: httpx.AsyncClient, a_graph: Made, body: dict[str, Any], field: str
) -> None:
    graph = a_graph()
    graph["nodes"].append(
        {"id": "pin", "block_type": "AGENT_INPUT", "input_data": {"name": "pin", "secret": True, "value": "0"}}
    )
    id_ = (await created(api, "/graphs", graph))["id"]
    assert field in fields_of(await library.post(f"/library/agents/{id_}/presets", json=body))


async def test_deleting_an_agent_takes_its_presets_along(
    api: httpx.AsyncClient, library: httpx.AsyncClient, a_graph: Made
) -> None:
    graph = await created(api, "/graphs", a_graph())
    preset = await created(library, f"/library/agents/{graph['id']}/presets", {"name": "x"})
    assert (await library.delete(f"/library/agents/{graph['id']}")).json() == {}
    assert (await library.get(f"/library/presets/{preset['id']}")).status_code == 404
    assert await ids(library, "/library/agents") == []


async def test_what_is_anothers_is_not_there(
    api: httpx.AsyncClient, library: httpx.AsyncClient, make_api: MakeApi, accounts: Accounts, a_graph: Made
) -> None:
    graph = (await created(api, "/graphs", a_graph()))["id"]
    folder = (await created(library, "/library/folders", {"name": "x"}))["id"]
    preset = (await created(library, f"/library/agents/{graph}/presets", {"name": "x"}))["id"]
    stranger = await accounts.user()
    other = make_api("store", stranger)
    own = (await created(make_api("graphs", stranger), "/graphs", a_graph()))["id"]
    for path in (f"/library/agents/{graph}", f"/library/folders/{folder}", f"/library/presets/{preset}"):
        for method in ("GET", "PATCH", "DELETE"):
            body = {"json": {"name": "x"}} if method == "PATCH" else {}
            answer = await other.request(method, path, **body)
            assert answer.status_code == 404, (method, path)
    assert fields_of(await other.patch(f"/library/agents/{own}", json={"folder_id": folder})) == ["folder_id"]
    assert (await other.post(f"/library/agents/{graph}/fork", json={})).status_code == 404
    assert (
        await make_api("executions", stranger).post(f"/library/presets/{preset}/executions", json={})
    ).status_code == 404
