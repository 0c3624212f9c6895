"""An agent is created, executed and answered, over HTTP, as a client would."""

import asyncio
import itertools
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from launched import Launched, Stack, await_until

NODE = {"id": "node1", "block_type": "TEXT_PROCESSING", "input_data": {"text": "hello world", "operation": "upper"}}
PRODUCT = ("--functions", "functions/manifest.yaml", "--indexes", "terraform/firestore.indexes.json")
REPEATS = int(os.environ.get("REPEATS", "2"))
_links = itertools.count()


def link(text: str) -> dict[str, Any]:
    """``a.pin -> b.pin``"""
    source, _, sink = text.partition(" -> ")
    source_id, _, source_name = source.partition(".")
    sink_id, _, sink_name = sink.partition(".")
    return {"source_id": source_id, "source_name": source_name, "sink_id": sink_id, "sink_name": sink_name}


def create(client: httpx.Client, nodes: list[dict[str, Any]], links: list[str] | None = None) -> str:
    body = {"name": "A graph", "description": "", "nodes": nodes, "links": [link(text) for text in links or []]}
    answer = client.post("/graphs", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


PAIRS = (
    [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "items"}},
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "big", "block_type": "CONDITION", "input_data": {"operator": ">=", "value2": 50}},
        {"id": "double", "block_type": "CALCULATOR", "input_data": {"operation": "Multiply", "b": 2}},
        {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a|int}}:{{b|int}}"}},
        {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
        {"id": "down", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "lower"}},
        {"id": "diamond", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}{{b}}"}},
        {"id": "pairs", "block_type": "AGENT_OUTPUT", "input_data": {"name": "pairs"}},
        {"id": "joined", "block_type": "AGENT_OUTPUT", "input_data": {"name": "joined"}},
        {"id": "word", "block_type": "AGENT_INPUT", "input_data": {"name": "word", "value": "Ab"}},
    ],
    [
        "in.result -> each.items",
        "each.item -> big.value1",
        "each.item -> double.a",
        "big.yes_output -> both.values_#_a",
        "double.result -> both.values_#_b",
        "both.output -> pairs.value",
        "word.result -> up.text",
        "word.result -> down.text",
        "up.processed_text -> diamond.values_#_a",
        "down.processed_text -> diamond.values_#_b",
        "diamond.output -> joined.value",
    ],
)
ITEMS = [(i * 37) % 100 for i in range(100)]
EXPECTED = {"pairs": [f"{v}:{v * 2}" for v in ITEMS if v >= 50], "joined": ["ABab"]}


def test_a_graph_is_created_executed_and_answered(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [NODE])
    started = client.post(f"/graphs/{graph_id}/executions", json={"input_data": {}}).json()
    assert started["status"] == "QUEUED"
    execution = stack.wait_for_end(client, started["execution_id"], seconds=10)
    assert execution["status"] == "COMPLETED"
    assert execution["output"] == {
        "node1": {"processed_text": ["HELLO WORLD"], "original_length": [11], "processed_length": [11]}
    }
    nodes = client.get(f"/executions/{started['execution_id']}/nodes").json()["items"]
    assert [(n["node_id"], n["status"], n["attempts"]) for n in nodes] == [("node1", "COMPLETED", 1)]
    assert nodes[0]["input"] == NODE["input_data"]
    assert nodes[0]["output"]["processed_text"] == ["HELLO WORLD"]
    assert all(nodes[0][time] for time in ("created_at", "started_at", "completed_at"))


def test_an_operation_that_does_not_exist_fails_and_is_named(stack: Stack) -> None:
    client = stack.client()
    node = {**NODE, "input_data": {"text": "x", "operation": "sideways"}}
    execution = stack.run(client, create(client, [node]))
    assert execution["status"] == "FAILED"
    assert "sideways" in execution["error"]["message"]
    assert execution["error"]["node_id"] == "node1"


def test_nobody_reads_or_runs_what_is_not_theirs(stack: Stack) -> None:
    ann, bob = stack.client(), stack.client()
    graph_id = create(ann, [NODE])
    execution = stack.run(ann, graph_id)
    for path in (f"/graphs/{graph_id}", f"/executions/{execution['id']}", f"/executions/{execution['id']}/nodes"):
        assert bob.get(path).status_code == 404
    assert bob.post(f"/graphs/{graph_id}/executions", json={"input_data": {}}).status_code == 404
    assert bob.get(f"/graphs/{graph_id}/executions").status_code == 404
    assert bob.get("/executions").json()["items"] == []
    stranger = stack.stranger()
    for path in ("/graphs", "/executions", f"/executions/{execution['id']}", "/me"):
        answer = stranger.get(path)
        assert answer.status_code == 401
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_graph_is_refused_with_every_problem_and_its_place(stack: Stack) -> None:
    body = {
        "name": "",
        "nodes": [NODE, {"id": "x", "block_type": "NO_SUCH_BLOCK"}],
        "links": [link("node1.processed_text -> gone.text"), link("node1.nothing -> node1.text")],
    }
    answer = stack.client().post("/graphs", json=body)
    assert answer.status_code == 400
    violations = next(d for d in answer.json()["error"]["details"] if "fieldViolations" in d)["fieldViolations"]
    places = {v["field"] for v in violations}
    assert {"name", "nodes[1].block_type", "links[0].sink_id", "links[1].source_name"} <= places


def test_executions_are_listed_newest_first_in_pages(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [NODE])
    ids = [stack.run(client, graph_id)["id"] for _ in range(3)]
    first = client.get("/executions", params={"page_size": 2}).json()
    rest = client.get("/executions", params={"page_size": 2, "page_token": first["next_page_token"]}).json()
    assert [e["id"] for e in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_page_token"] is None
    assert [e["id"] for e in client.get(f"/graphs/{graph_id}/executions").json()["items"]] == ids[::-1]


def test_an_idempotency_key_starts_one_execution(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [NODE])
    calls = [
        client.post(f"/graphs/{graph_id}/executions", json={"input_data": {}}, headers={"Idempotency-Key": "k1"})
        for _ in range(3)
    ]
    assert len({call.json()["execution_id"] for call in calls}) == 1
    assert len(client.get("/executions").json()["items"]) == 1


def test_an_unknown_missing_or_wrong_input_is_refused_by_name(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [{"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "text"}}])
    for inputs, place in (({}, "input_data.text"), ({"text": "x", "more": 1}, "input_data.more")):
        answer = client.post(f"/graphs/{graph_id}/executions", json={"input_data": inputs})
        assert answer.status_code == 400
        assert place in answer.text


@pytest.mark.timeout(600)
def test_a_diamond_and_a_list_with_drops_pair_right_each_time(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, *PAIRS)
    for _ in range(REPEATS):
        execution = stack.run(client, graph_id, {"items": ITEMS}, seconds=180)
        assert execution["output"] == EXPECTED


@pytest.mark.timeout(360)
async def test_two_hundred_executions_at_once_all_complete_once(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(
        client, [NODE, {"id": "n2", "block_type": "COUNT_ITEMS"}], ["node1.processed_text -> n2.collection"]
    )
    async with stack.async_client(client.headers["authorization"].removeprefix("Bearer ")) as many:
        answers = await asyncio.gather(
            *(many.post(f"/graphs/{graph_id}/executions", json={"input_data": {}}) for _ in range(200))
        )
    assert {answer.status_code for answer in answers} == {200}
    ids = {answer.json()["execution_id"] for answer in answers}
    assert len(ids) == 200

    def listed() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        token = ""
        while token is not None:
            page = client.get("/executions", params={"page_size": 100, "page_token": token}).json()
            items += page["items"]
            token = page["next_page_token"]
        return items

    for id_ in ids:
        assert stack.wait_for_end(client, id_, seconds=300)["status"] == "COMPLETED"
    executions = listed()
    assert {e["id"] for e in executions} == ids
    assert all(e["output"] == {"n2": {"count": [11]}} for e in executions)
    nodes = client.get(f"/executions/{executions[0]['id']}/nodes").json()["items"]
    assert [(n["node_id"], n["attempts"]) for n in nodes] == [("node1", 1), ("n2", 1)]


@pytest.mark.timeout(240)
def test_what_was_killed_in_the_middle_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    def launch() -> Launched:
        options = {"environment": {"RATE_LIMIT_PER_MINUTE": "0"}, "start_new_session": True}
        return Launched(tmp_path / "data", *PRODUCT, **options).wait_until_up()  # type: ignore[arg-type]

    first = launch()
    stack = Stack(first)
    client = stack.client()
    graph_id = create(client, *PAIRS)
    execution_id = client.post(f"/graphs/{graph_id}/executions", json={"input_data": {"items": ITEMS}}).json()[
        "execution_id"
    ]

    def completed() -> dict[str, Any]:
        found: dict[str, Any] = {}
        token = ""
        while token is not None:
            page = client.get(
                f"/executions/{execution_id}/nodes", params={"page_size": 100, "page_token": token}
            ).json()
            found |= {n["id"]: n for n in page["items"] if n["status"] == "COMPLETED"}
            token = page["next_page_token"]
        return found

    before = await_until(lambda: found if len(found := completed()) > 20 else None, 30, "20 completed nodes")
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.communicate()

    second = launch()
    try:
        client.base_url = f"{second.gateway}/api/v1"
        execution = Stack(second).wait_for_end(client, execution_id, seconds=150)
        assert execution["output"] == EXPECTED
        after = completed()
        for id_, node in before.items():
            same = ("completed_at", "attempts", "output")
            assert {k: after[id_][k] for k in same} == {k: node[k] for k in same}
    finally:
        second.end()
        stack.close()
