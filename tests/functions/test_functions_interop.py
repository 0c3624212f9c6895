"""What the routes promise by which agents come in from files and leave as files."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, error_of, fields_of

from functions.routers import interop as shapes
from shared.firestore import graphs
from tests.interop import made

REAL = sorted((Path(__file__).parents[1] / "interop" / "exports").glob("*.json"))


def an_export(**more: Any) -> dict[str, Any]:
    """An agent with a sub-agent."""
    child = made.export(
        [made.node("i", "AGENT_INPUT", {"name": "text"}), made.node("o", "AGENT_OUTPUT", {"name": "out"})],
        ["i.result -> o.value"],
        version=2,
        name="Child",
    )
    return made.export([made.executor("x", 2, ["text"])], sub_graphs=[child], **more)


async def _imported(api: httpx.AsyncClient, raw: Any, key: str | None = None) -> dict[str, Any]:
    answer = await api.post("/graphs/import", json=raw, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == 200, answer.text
    shapes.Imported.model_validate(answer.json())
    return answer.json()


async def _ids(api: httpx.AsyncClient) -> set[str]:
    answer = await api.get("/graphs?page_size=100")
    return {one["id"] for one in answer.json()["items"]}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
async def test_a_real_export_is_imported_as_it_is(api: httpx.AsyncClient, path: Path) -> None:
    raw = json.loads(path.read_bytes())
    answer = await api.post("/graphs/import", content=path.read_bytes())
    graph, report = answer.json()["graph"], answer.json()["report"]
    assert graph["name"] == raw["name"]
    assert [one["id"] for one in graph["nodes"]] == [one["id"] for one in raw["nodes"]]
    assert sum(report["counts"]["link"].values()) == len(graph["links"]) == len(raw["links"])
    assert (await api.get(f"/graphs/{graph['id']}")).json() == graph


async def test_sub_agents_come_along_and_are_named_by_their_new_ids(api: httpx.AsyncClient) -> None:
    imported = await _imported(api, an_export())
    [child] = imported["sub_graphs"]
    assert imported["graph"]["nodes"][0]["input_data"]["graph_id"] == child["id"]
    assert child["name"] == "Child"
    assert await _ids(api) == {imported["graph"]["id"], child["id"]}


async def test_of_a_file_that_is_wrong_in_one_place_nothing_is_saved(api: httpx.AsyncClient) -> None:
    raw = an_export()
    raw["sub_graphs"][0]["links"][0]["sink_id"] = "nowhere"
    answer = await api.post("/graphs/import", json=raw)
    assert fields_of(answer) == ["sub_graphs[0].links[0].sink_id"]
    assert error_of(answer, 400)["ErrorInfo"]["reason"] == "INVALID_EXPORT"
    assert await _ids(api) == set()


async def test_what_only_a_graph_can_refuse_is_named_by_its_place_in_the_file(api: httpx.AsyncClient) -> None:
    raw = made.export(
        [made.node("a", "CREATE_LIST"), made.node("b", "CREATE_LIST")], ["a.list -> b.values_$_99999999"]
    )
    assert fields_of(await api.post("/graphs/import", json={**raw, "sub_graphs": [raw]})) == [
        "links[0].sink_name",
        "sub_graphs[0].links[0].sink_name",
    ]
    wrong = {**raw, "links": [], "weftly": {"format": 1, "on_error": "sing"}}
    wrong["nodes"][0]["weftly"] = {"max_attempts": 1_000}
    assert fields_of(await api.post("/graphs/import", json=wrong)) == [
        "nodes[0].weftly.max_attempts",
        "weftly.on_error",
    ]


async def test_a_file_that_is_too_large_for_one_write_is_refused(api: httpx.AsyncClient) -> None:
    sub = made.export([made.node("n", "NOTE", {"text": "a" * 800_000})])
    answer = await api.post("/graphs/import", json=made.export([], sub_graphs=[sub] * 12))
    assert fields_of(answer) == ["sub_graphs"]
    assert await _ids(api) == set()


async def test_the_same_key_imports_once(api: httpx.AsyncClient) -> None:
    first = await _imported(api, an_export(), "k1")
    assert await _imported(api, an_export(), "k1") == first
    assert len(await _ids(api)) == 2


async def test_a_crash_after_saving_leads_to_the_same_graphs(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = graphs.create_all

    async def dies(pairs: Any) -> bool:
        await real(pairs)
        raise RuntimeError("died after the write")

    with monkeypatch.context() as patched:
        patched.setattr(graphs, "create_all", dies)
        error_of(await api.post("/graphs/import", json=an_export(), headers={"Idempotency-Key": "k2"}), 500)
    saved = await _ids(api)
    again = await _imported(api, an_export(), "k2")
    assert {again["graph"]["id"], again["sub_graphs"][0]["id"]} == saved == await _ids(api)


async def test_viewers_may_export_and_not_import(
    api: httpx.AsyncClient, make_api: MakeApi, accounts: Accounts
) -> None:
    viewer = make_api("graphs", await accounts.user("viewer"))
    assert (await viewer.post("/graphs/import", json=an_export())).status_code == 403
    assert (await viewer.get("/graphs/none/export")).status_code == 404


async def test_the_graph_of_another_is_not_exported(
    api: httpx.AsyncClient, make_api: MakeApi, accounts: Accounts
) -> None:
    other = make_api("graphs", await accounts.user())
    theirs = await _imported(other, an_export(name="Theirs"))
    assert (await api.get(f"/graphs/{theirs['graph']['id']}/export")).status_code == 404
    mine = await _imported(api, made.export([]))
    node = {"id": "x", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": theirs["graph"]["id"]}}
    await api.put(f"/graphs/{mine['graph']['id']}", json={"nodes": [node]})
    exported = (await api.get(f"/graphs/{mine['graph']['id']}/export")).json()
    assert exported["sub_graphs"] == []
    assert exported["nodes"][0]["input_default"] == {"graph_id": theirs["graph"]["id"]}


async def test_an_export_is_imported_again_with_its_sub_agents(api: httpx.AsyncClient) -> None:
    first = await _imported(api, an_export())
    exported = (await api.get(f"/graphs/{first['graph']['id']}/export")).json()
    second = await _imported(api, exported)
    again = (await api.get(f"/graphs/{second['graph']['id']}/export")).json()
    assert second["report"]["source"] == "weftly"
    assert (second["report"]["changed"], second["report"]["missing"]) == ([], [])
    child = second["sub_graphs"][0]["id"]
    assert second["graph"]["nodes"][0]["input_data"] == {
        **first["graph"]["nodes"][0]["input_data"],
        "graph_id": child,
    }
    assert again["name"] == exported["name"]
    assert again["sub_graphs"][0]["nodes"] == exported["sub_graphs"][0]["nodes"]
