"""What the routes of graphs promise."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, error_of, fields_of

from functions.routers import shapes
from shared.firestore import client, executions, graphs
from shared.services import graph_views
from shared.services import graphs as service

MakeGraph = Callable[..., dict[str, Any]]


async def _saved(api: httpx.AsyncClient, graph: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post("/graphs", json=graph)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_saved_graph_is_returned_as_it_is_read(api: httpx.AsyncClient, a_graph: MakeGraph):
    saved = await _saved(api, a_graph(description="a < b & c <script>x</script><em>d</em>"))
    read = await api.get(f"/graphs/{saved['id']}")
    assert read.json() == saved
    assert read.headers["etag"] == f'"{saved["etag"]}"'
    shapes.Graph.model_validate(saved)
    assert (saved["version"], saved["is_active"], saved["problems"]) == (1, True, [])
    assert saved["description"] == "a < b & c <em>d</em>"
    assert [link["is_static"] for link in saved["links"]] == [False, False]
    assert all(link["id"] for link in saved["links"])
    assert saved["created_at"].endswith("Z")


async def test_inputs_and_outputs_are_described_as_json_schemas(api: httpx.AsyncClient, a_graph: MakeGraph):
    saved = await _saved(api, a_graph())
    assert saved["input_schema"]["required"] == ["text"]
    assert saved["input_schema"]["properties"]["text"]["description"] == "What to say"
    assert list(saved["output_schema"]["properties"]) == ["loud"]
    assert saved["credentials_schema"]["properties"] == {}


async def test_what_is_unfinished_is_saved_with_its_problems(api: httpx.AsyncClient):
    empty = await _saved(api, {"name": "Empty"})
    assert [one["field"] for one in empty["problems"]] == ["nodes"]
    nodes = [{"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}}]
    lacking = await _saved(api, {"name": "Lacking", "nodes": nodes})
    assert [one["field"] for one in lacking["problems"]] == ["nodes[0].input_data.text"]


async def test_every_violation_is_named_with_its_place(api: httpx.AsyncClient):
    graph = {
        "name": " ",
        "nodes": [
            {"id": "a", "block_type": "NOTHING"},
            {"id": "a", "block_type": "GET_LIST_ITEM", "input_data": {"index": "many", "wrong": 1}},
        ],
        "links": [
            {"source_id": "a", "source_name": "item", "sink_id": "gone", "sink_name": "text"},
        ],
    }
    assert fields_of(await api.post("/graphs", json=graph)) == [
        "name",
        "nodes[1].id",
        "nodes[0].block_type",
        "nodes[1].input_data.index",
        "nodes[1].input_data.wrong",
        "links[0].sink_id",
    ]


@pytest.mark.parametrize("body", [{"name": "x", "nodes": {"a": 1}}, {"name": "x", "nodes": "a"}])
async def test_nodes_that_are_no_list_are_400_at_nodes(api: httpx.AsyncClient, body: dict[str, Any]):
    assert fields_of(await api.post("/graphs", json=body)) == ["nodes"]


async def test_a_misspelt_field_is_refused_with_its_nearest_name(api: httpx.AsyncClient, a_graph: MakeGraph):
    for body, fields in ((a_graph(link=[]), ["link"]), (a_graph(nodez=1, On_Error="stop"), ["nodez", "On_Error"])):
        answer = await api.post("/graphs", json=body)
        assert fields_of(answer) == fields
        assert (await api.post("/graphs/validate", json=body)).json()["valid"] is False
    saved = await _saved(api, a_graph())
    answer = await api.put(f"/graphs/{saved['id']}", json=a_graph(link=[]))
    assert "Did you mean links?" in answer.text
    assert fields_of(await api.patch(f"/graphs/{saved['id']}", json={"nam": "x", "id": "y"})) == ["nam", "id"]


async def test_what_is_read_can_be_sent_back(api: httpx.AsyncClient, a_graph: MakeGraph):
    saved = await _saved(api, a_graph())
    path = f"/graphs/{saved['id']}"
    version = (await api.get(f"{path}/versions/1")).json()
    assert set(saved) | set(version) == service.WRITABLE | graph_views.READ_ONLY
    again = (await api.put(path, json=saved)).json()
    assert (again["version"], again["nodes"], again["links"]) == (2, saved["nodes"], saved["links"])
    assert (await api.put(path, json=version)).json()["version"] == 3
    assert (await _saved(api, saved))["id"] != saved["id"]


async def test_control_characters_are_in_no_name_and_lines_in_a_description(
    api: httpx.AsyncClient, a_graph: MakeGraph
):
    assert fields_of(await api.post("/graphs", json=a_graph(name="a\0b", description="a\0"))) == [
        "name",
        "description",
    ]
    assert (await _saved(api, a_graph(description="a\n\tb")))["description"] == "a\n\tb"


@pytest.mark.parametrize("body", [[], "x", None, 3])
async def test_a_body_that_is_no_object_is_400(api: httpx.AsyncClient, body: Any):
    assert fields_of(await api.post("/graphs", json=body)) == ["body"]


async def test_a_graph_beyond_the_limit_is_refused_with_the_limit(api: httpx.AsyncClient, a_graph: MakeGraph):
    graph = a_graph()
    graph["nodes"][0]["metadata"] = {"note": "x" * 900_000}
    answer = await api.post("/graphs", json=graph)
    assert fields_of(answer) == ["nodes"]
    assert "900000" in answer.text


async def test_a_graph_just_under_the_limit_is_saved(api: httpx.AsyncClient, a_graph: MakeGraph):
    graph = a_graph()
    graph["nodes"][0]["metadata"] = {"note": "x" * 895_000}
    saved = await _saved(api, graph)
    assert (await api.get(f"/graphs/{saved['id']}")).json() == saved


async def test_graphs_are_listed_newest_first_in_pages(api: httpx.AsyncClient, a_graph: MakeGraph):
    ids = [(await _saved(api, a_graph(name=f"g{n}")))["id"] for n in range(5)]
    seen: list[str] = []
    token = ""
    for _ in range(3):
        page = (await api.get("/graphs", params={"page_size": 2, "page_token": token})).json()
        shapes.GraphList.model_validate(page)
        seen += [item["id"] for item in page["items"]]
        token = page["next_page_token"]
    assert seen == ids[::-1]
    assert token is None


async def test_a_full_last_page_has_no_next(api: httpx.AsyncClient, a_graph: MakeGraph):
    for n in range(2):
        await _saved(api, a_graph(name=f"g{n}"))
    page = (await api.get("/graphs", params={"page_size": 2})).json()
    assert (len(page["items"]), page["next_page_token"]) == (2, None)


async def test_a_changed_or_foreign_page_token_is_400(
    api: httpx.AsyncClient, a_graph: MakeGraph, make_api: MakeApi, accounts: Accounts
):
    for n in range(2):
        await _saved(api, a_graph(name=f"g{n}"))
    token = (await api.get("/graphs", params={"page_size": 1})).json()["next_page_token"]
    other = make_api("graphs", await accounts.user())
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for caller, sent in ((api, changed), (api, "x"), (api, "%%%"), (api, "é"), (other, token)):
        assert fields_of(await caller.get("/graphs", params={"page_token": sent})) == ["page_token"]


async def test_an_answer_does_not_repeat_a_long_id(api: httpx.AsyncClient):
    assert len((await api.get("/graphs/" + "x" * 50_000)).content) < 4_000


@pytest.mark.parametrize("size", ["0", "101", "x", "-1"])
async def test_a_page_size_out_of_range_is_400(api: httpx.AsyncClient, size: str):
    assert fields_of(await api.get("/graphs", params={"page_size": size})) == ["page_size"]


async def test_put_makes_a_new_version_and_activates_it(api: httpx.AsyncClient, a_graph: MakeGraph):
    first = await _saved(api, a_graph())
    second = (await api.put(f"/graphs/{first['id']}", json=a_graph(nodes=[], links=[], name="Changed"))).json()
    assert (second["version"], second["active_version"], second["name"]) == (2, 2, "Changed")
    assert second["nodes"] == []
    assert second["etag"] != first["etag"]
    old = (await api.get(f"/graphs/{first['id']}/versions/1")).json()
    shapes.Version.model_validate(old)
    assert old["nodes"] == first["nodes"]


async def test_versions_are_listed_newest_first_in_pages(api: httpx.AsyncClient, a_graph: MakeGraph):
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    for _ in range(4):
        await api.put(path, json=a_graph())
    first = (await api.get(f"{path}/versions", params={"page_size": 3})).json()
    rest = await api.get(f"{path}/versions", params={"page_token": first["next_page_token"]})
    assert [one["version"] for one in first["items"]] == [5, 4, 3]
    assert [one["version"] for one in rest.json()["items"]] == [2, 1]
    assert rest.json()["next_page_token"] is None


async def test_patch_changes_the_head_and_can_go_back_to_a_version(api: httpx.AsyncClient, a_graph: MakeGraph):
    saved = await _saved(api, a_graph())
    path = f"/graphs/{saved['id']}"
    await api.put(path, json=a_graph(nodes=[], links=[]))
    changed = (await api.patch(path, json={"active_version": 1, "is_active": False, "description": "d"})).json()
    assert (changed["version"], changed["is_active"], changed["description"]) == (1, False, "d")
    assert (changed["nodes"], changed["latest_version"]) == (saved["nodes"], 2)
    third = (await api.put(path, json=a_graph())).json()
    assert (third["version"], third["is_active"], third["description"]) == (3, False, "d")


async def test_what_is_left_out_or_null_stays(api: httpx.AsyncClient, a_graph: MakeGraph):
    saved = await _saved(api, a_graph(description="d", is_active=False))
    path = f"/graphs/{saved['id']}"
    for method, body in (("PATCH", {"name": None}), ("PATCH", {}), ("PUT", {"nodes": saved["nodes"]})):
        changed = (await api.request(method, path, json=body)).json()
        assert [changed[key] for key in ("name", "description", "is_active")] == ["Shout", "d", False]


async def test_a_graph_that_was_read_can_be_put_back(api: httpx.AsyncClient, a_graph: MakeGraph):
    saved = await _saved(api, a_graph())
    put = (await api.put(f"/graphs/{saved['id']}", json=saved)).json()
    for key in ("nodes", "links", "name", "id", "user_id", "created_at"):
        assert put[key] == saved[key]


async def test_patch_refuses_what_it_cannot_change(api: httpx.AsyncClient, a_graph: MakeGraph):
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    body = {"nodes": [], "active_version": 9, "name": "", "is_active": "yes"}
    assert sorted(fields_of(await api.patch(path, json=body))) == ["active_version", "is_active", "name", "nodes"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_change_with_another_etag_is_412(api: httpx.AsyncClient, a_graph: MakeGraph, method: str):
    saved = await _saved(api, a_graph())
    body = None if method == "DELETE" else {"name": "New"}
    path = f"/graphs/{saved['id']}"
    missed = await api.request(method, path, json=body, headers={"If-Match": '"other"'})
    assert error_of(missed, 412)["status"] == "FAILED_PRECONDITION"
    weak = f'W/"{saved["etag"]}"'
    refused = error_of(await api.request(method, path, json=body, headers={"If-Match": weak}), 412)
    assert "weak" in refused["message"]
    assert f'"{saved["etag"]}"' in refused["message"]
    assert (await api.get(path)).json() == saved
    met = await api.request(method, path, json=body, headers={"If-Match": f'{weak}, "{saved["etag"]}"'})
    assert met.status_code == 200


async def test_puts_at_the_same_time_all_make_a_version(api: httpx.AsyncClient, a_graph: MakeGraph):
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    answers = await asyncio.gather(*(api.put(path, json=a_graph()) for _ in range(3)))
    assert sorted(answer.json()["latest_version"] for answer in answers)[-1] == 4
    assert {answer.status_code for answer in answers} == {200}


async def test_a_deleted_graph_is_gone_with_its_versions(api: httpx.AsyncClient, a_graph: MakeGraph):
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    await api.put(path, json=a_graph())
    answer = await api.delete(path)
    assert (answer.status_code, answer.json()) == (200, {})
    for gone in (path, f"{path}/versions", f"{path}/versions/1"):
        error_of(await api.get(gone), 404)
    error_of(await api.delete(path), 404)


async def test_no_document_of_a_deleted_graph_is_left(api: httpx.AsyncClient, a_graph: MakeGraph):
    graph_id = (await _saved(api, a_graph()))["id"]
    for _ in range(2):
        await api.put(f"/graphs/{graph_id}", json=a_graph())
    versions = client.client().collection("graphs").document(graph_id).collection("versions")
    assert len([one async for one in versions.list_documents()]) == 3
    await api.delete(f"/graphs/{graph_id}")
    assert [one async for one in versions.list_documents()] == []


async def test_many_versions_are_deleted_in_several_writes(
    api: httpx.AsyncClient, a_graph: MakeGraph, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(graphs, "MAX_BATCH", 2)
    graph_id = (await _saved(api, a_graph()))["id"]
    for _ in range(6):
        await api.put(f"/graphs/{graph_id}", json=a_graph())
    await api.delete(f"/graphs/{graph_id}")
    versions = client.client().collection("graphs").document(graph_id).collection("versions")
    assert [one async for one in versions.list_documents()] == []


@pytest.mark.parametrize("write", ["add_version", "update", "delete"])
async def test_a_write_on_a_head_that_has_changed_since_is_lost(
    api: httpx.AsyncClient, a_graph: MakeGraph, write: str
):
    graph_id = (await _saved(api, a_graph()))["id"]
    old = await graphs.find(graph_id)
    assert old is not None
    await api.patch(f"/graphs/{graph_id}", json={"name": "Newer"})
    version = dataclasses.replace(await graphs.get_version(graph_id, 1), number=2)
    arguments = (old, version) if write == "add_version" else (old,)
    assert await getattr(graphs, write)(*arguments) is False
    assert (await api.get(f"/graphs/{graph_id}")).json()["name"] == "Newer"


async def test_a_graph_with_running_executions_is_not_deleted(
    api: httpx.AsyncClient, a_graph: MakeGraph, monkeypatch: pytest.MonkeyPatch
):
    async def active(graph_id: str) -> bool:
        return True

    monkeypatch.setattr(executions, "has_active", active)
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    assert error_of(await api.delete(path), 409)["ErrorInfo"]["reason"] == "GRAPH_IN_USE"
    assert (await api.get(path)).status_code == 200


async def test_a_graph_of_another_user_is_as_absent_as_one_that_never_was(
    api: httpx.AsyncClient, a_graph: MakeGraph, make_api: MakeApi, accounts: Accounts
):
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    other = make_api("graphs", await accounts.user())
    for method, where, body in (
        ("GET", path, None),
        ("PUT", path, a_graph()),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/versions", None),
        ("GET", f"{path}/versions/1", None),
    ):
        theirs = error_of(await other.request(method, where, json=body, headers={"If-Match": '"x"'}), 404)
        never = error_of(await other.request(method, where.replace(path, "/graphs/never"), json=body), 404)
        assert theirs["ErrorInfo"]["reason"] == never["ErrorInfo"]["reason"] == "GRAPH_NOT_FOUND"
    assert (await other.get("/graphs")).json() == {"items": [], "next_page_token": None}


@pytest.mark.parametrize("graph_id", ["..", ".", "__x__", "a%2Fb", "a" * 200, "%00"])
async def test_an_id_that_no_graph_can_have_is_404(api: httpx.AsyncClient, graph_id: str):
    answer = await api.get(f"/graphs/{graph_id}")
    if graph_id not in (".", ".."):  # which the client resolves
        error_of(answer, 404)


async def test_a_version_that_is_not_there_is_404_and_one_that_is_no_number_400(
    api: httpx.AsyncClient, a_graph: MakeGraph
):
    path = f"/graphs/{(await _saved(api, a_graph()))['id']}"
    for number in ("0", "2", "99999999999999999999"):
        error_of(await api.get(f"{path}/versions/{number}"), 404)
    assert fields_of(await api.get(f"{path}/versions/x")) == ["version"]


async def test_validate_says_what_saving_would_and_saves_nothing(api: httpx.AsyncClient, a_graph: MakeGraph):
    good = (await api.post("/graphs/validate", json=a_graph())).json()
    shapes.Validation.model_validate(good)
    assert (good["valid"], good["violations"], good["problems"]) == (True, [], [])
    bad = (await api.post("/graphs/validate", json=a_graph(name="", nodes=[{"id": 1}]))).json()
    shapes.Validation.model_validate(bad)
    assert not bad["valid"]
    assert {"name", "nodes[0].id", "nodes[0].block_type"} <= {one["field"] for one in bad["violations"]}
    assert (await api.get("/graphs")).json()["items"] == []


async def test_a_model_that_is_shut_down_is_a_warning_wherever_the_graph_is_shown(
    api: httpx.AsyncClient, a_graph: MakeGraph
):
    old = {"id": "ask", "block_type": "LLM", "input_data": {"prompt": "x", "model": "gpt-3.5-turbo"}}
    new = {"id": "new", "block_type": "LLM", "input_data": {"prompt": "x"}}
    body = a_graph(nodes=[new, old], links=[])
    saved = await _saved(api, body)
    (warning,) = saved["warnings"]
    shapes.GraphWarning.model_validate(warning)
    assert (warning["field"], warning["node_id"]) == ("nodes[1].input_data.model", "ask")
    assert (warning["metadata"]["model"], warning["metadata"]["successor"]) == ("gpt-3.5-turbo", "gpt-6-luna")
    assert all(part in warning["message"] for part in ("'ask'", "gpt-3.5-turbo", "gpt-6-luna", "2026-10-23"))
    assert saved["problems"] == []
    path = f"/graphs/{saved['id']}"
    validated = (await api.post("/graphs/validate", json=body)).json()
    imported = (await api.post("/graphs/import", json=(await api.get(f"{path}/export")).json())).json()["graph"]
    listed = (await api.get("/graphs")).json()["items"][-1]
    for shown in (validated, imported, listed, (await api.get(f"{path}/versions/1")).json()):
        assert [one["reason"] for one in shown["warnings"]] == ["MODEL_RETIRED"]
    assert (await api.put(path, json=a_graph(nodes=[new], links=[]))).json()["warnings"] == []


async def test_a_database_out_of_reach_is_503_and_says_to_come_again(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    assert (await api.get("/graphs")).status_code == 200
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.setattr(client, "DEADLINE_SECONDS", 0.3)
    client._clients.clear()
    answer = await api.get("/graphs")
    client._clients.clear()
    assert error_of(answer, 503)["status"] == "UNAVAILABLE"
    assert answer.headers["retry-after"] == "1"
