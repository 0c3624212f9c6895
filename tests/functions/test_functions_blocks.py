"""What the routes of blocks, health and docs promise."""

import re
from typing import Any

import httpx
import pytest
from served import MakeApi, error_of, fields_of

from functions.routers import shapes
from shared import config
from shared.firestore import client as firestore
from shared.services import health

ROOT = httpx.URL("http://weftly.test")


async def test_blocks_come_on_pages_to_those_who_ask_for_some(api: httpx.AsyncClient):
    everything = (await api.get("/blocks")).json()["items"]
    found: list[Any] = []
    token = ""
    while token is not None:
        page = (await api.get("/blocks", params={"page_size": 100, "page_token": token})).json()
        assert len(page["items"]) <= 100
        found, token = found + page["items"], page["next_page_token"]
    assert found == everything
    assert fields_of(await api.get("/blocks?page_size=0")) == ["page_size"]
    assert fields_of(await api.get("/blocks?page_token=x")) == ["page_token"]


async def test_what_stands_in_for_a_pin_is_in_its_schema(api: httpx.AsyncClient):
    for block in (await api.get("/blocks")).json()["items"]:
        schema = block["input_schema"]
        without = [name for name, pin in schema["properties"].items() if "default" not in pin]
        assert without == [name for name in without if name in schema.get("required", ())]


async def test_blocks_are_listed_with_their_schemas(api: httpx.AsyncClient):
    listed = (await api.get("/blocks")).json()
    shapes.BlockList.model_validate(listed)
    types = [block["block_type"] for block in listed["items"]]
    assert {"TEXT_PROCESSING", "AGENT_INPUT", "AGENT_OUTPUT"} <= set(types)
    one = await api.get("/blocks/TEXT_PROCESSING")
    assert one.json() == listed["items"][types.index("TEXT_PROCESSING")]


async def test_every_block_says_what_it_is(api: httpx.AsyncClient):
    listed = (await api.get("/blocks")).json()["items"]
    assert len(listed) >= 150
    for block in listed:
        assert block["description"]
        assert block["examples"]
        for schema in (block["input_schema"], block["output_schema"]):
            assert schema["type"] == "object"
            assert all(pin.get("description") for pin in schema["properties"].values()), block["block_type"]


@pytest.mark.parametrize(
    ("block_type", "values", "pin", "value"),
    [
        ("RUN_PYTHON", {"code": "result = data + 1", "data": 1}, "result", 2),
        ("HTML_TO_MARKDOWN", {"html": "<h1>Hi</h1>"}, "markdown", "# Hi"),
        ("JSON_PATH", {"data": {"a": [1, 2]}, "path": "$.a[*]"}, "values", [1, 2]),
    ],
)
async def test_what_runs_in_a_process_runs_in_a_function(
    api: httpx.AsyncClient, block_type: str, values: dict[str, Any], pin: str, value: Any
):
    answer = (await api.post(f"/blocks/{block_type}/execute", json={"input_data": values})).json()
    assert answer["error"] is None
    assert answer["output_data"][pin] == [value]


async def test_what_is_kept_outside_of_any_graph_is_found_there(api: httpx.AsyncClient):
    for block_type, values in (
        ("PERSIST_INFORMATION", {"key": "k", "value": {"a": 1}}),
        ("RETRIEVE_INFORMATION", {"key": "k"}),
    ):
        answer = (await api.post(f"/blocks/{block_type}/execute", json={"input_data": values})).json()
        assert answer["output_data"] == {"value": [{"a": 1}]}


async def test_an_unknown_block_is_404(api: httpx.AsyncClient):
    error_of(await api.get("/blocks/NOTHING"), 404)
    error_of(await api.post("/blocks/NOTHING/execute", json={}), 404)


@pytest.mark.parametrize("wrapped", [True, False], ids=["under input_data", "as the body"])
async def test_a_block_is_called_once(api: httpx.AsyncClient, wrapped: bool):
    values = {"text": "Hi", "operation": "upper"}
    answer = await api.post("/blocks/TEXT_PROCESSING/execute", json={"input_data": values} if wrapped else values)
    result = answer.json()
    shapes.BlockResult.model_validate(result)
    assert result["success"] is True
    assert result["output_data"] == {"processed_text": ["HI"], "original_length": [2], "processed_length": [2]}
    assert result["error"] is None
    assert 0 <= result["execution_time"] < 5


async def test_a_block_that_fails_is_an_answer(api: httpx.AsyncClient):
    answer = await api.post("/blocks/TEXT_PROCESSING/execute", json={"text": "Hi", "operation": "sing"})
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert "sing" in answer.json()["error"]


async def test_inputs_that_cannot_be_are_400_with_their_places(api: httpx.AsyncClient):
    answer = await api.post("/blocks/TEXT_PROCESSING/execute", json={"input_data": {"volume": 1, "text": "a"}})
    assert fields_of(answer) == ["input_data.volume", "input_data.operation"]
    assert fields_of(await api.post("/blocks/TEXT_PROCESSING/execute", json=[])) == ["body"]


async def test_health_is_shallow_unless_asked(make_api: MakeApi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "here", health.Health())
    nobody = make_api("graphs")
    shallow = await nobody.get(ROOT.join("/health"))
    assert (shallow.json()["status"], shallow.json()["checks"]) == ("healthy", {})
    deep = await nobody.get(ROOT.join("/health"), params={"deep": "true"})
    shapes.Health.model_validate(deep.json())
    assert {name: check["status"] for name, check in deep.json()["checks"].items()} == {
        "database": "healthy",
        "accounts": "healthy",
        "secrets": "healthy",
    }


async def test_deep_health_is_503_when_the_database_is_out_of_reach(
    make_api: MakeApi, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "here", health.Health())
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    config.settings.cache_clear()
    firestore._clients.clear()
    answer = await make_api("graphs").get(ROOT.join("/health"), params={"deep": "true"})
    firestore._clients.clear()
    assert answer.json()["checks"]["accounts"]["status"] == "healthy", "only what fails is said to fail"
    assert answer.status_code == 503
    assert answer.json()["status"] == answer.json()["checks"]["database"]["status"] == "unhealthy"


async def test_what_waits_is_said_to_need_a_graph(api: httpx.AsyncClient):
    answer = await api.post("/blocks/HUMAN_IN_THE_LOOP/execute", json={"input_data": {"name": "n", "data": "x"}})
    assert (answer.json()["success"], answer.json()["output_data"]) == (False, {})
    assert "run it in a graph" in answer.json()["error"]


async def test_the_docs_load_nothing_from_elsewhere(make_api: MakeApi):
    nobody = make_api("graphs")
    page = await nobody.get(ROOT.join("/docs"))
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        answer = await nobody.get(ROOT.join(link))
        assert answer.status_code == 200, link
    assert "<script>" not in page.text


async def test_only_the_files_of_the_docs_are_served(make_api: MakeApi):
    nobody = make_api("graphs")
    for path in ("/static/docs.html", "/static/..%2Fgraphs.py", "/static/x"):
        error_of(await nobody.get(ROOT.join(path)), 404)


async def test_the_openapi_document_is_public(make_api: MakeApi):
    document = (await make_api("graphs").get(ROOT.join("/openapi.json"))).json()
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/graphs" in document["paths"]
