"""Retry, deletion and the cache, over HTTP, as a client would."""

from typing import Any

import pytest
from launched import Stack
from test_main_job import NODE, create

LINKS = ["a.processed_text -> b.text", "b.processed_text -> c.text"]


def step(id_: str, **input_data: Any) -> dict[str, Any]:
    return {"id": id_, "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper", **input_data}}


def test_a_failed_execution_is_retried_as_a_new_one(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [step("a", text="x"), step("b", operation="sideways"), step("c")], LINKS)
    failed = stack.run(client, graph_id)
    assert (failed["status"], failed["retry_of"]) == ("FAILED", None)
    key = {"Idempotency-Key": "again"}
    answers = [client.post(f"/executions/{failed['id']}/retry", json={}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    started = answers[0].json()
    assert started == answers[1].json()
    assert set(started) == {"execution_id", "status", "message"}
    again = stack.wait_for_end(client, started["execution_id"], seconds=10)
    assert (again["status"], again["retry_of"], again["error"]["node_id"]) == ("FAILED", failed["id"], "b")
    nodes = client.get(f"/executions/{again['id']}/nodes").json()["items"]
    assert [(n["node_id"], n["status"], n["copied"]) for n in nodes] == [
        ("a", "COMPLETED", True),
        ("b", "FAILED", False),
    ]


def test_a_retry_from_given_nodes(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [step("a", text="x"), step("b"), step("c")], LINKS)
    first = stack.run(client, graph_id)
    started = client.post(f"/executions/{first['id']}/retry", json={"from_nodes": ["b"]}).json()
    again = stack.wait_for_end(client, started["execution_id"], seconds=10)
    assert (again["status"], again["output"]) == ("COMPLETED", first["output"])
    nodes = client.get(f"/executions/{again['id']}/nodes").json()["items"]
    assert [(n["node_id"], n["copied"]) for n in nodes] == [("a", True), ("b", False), ("c", False)]
    refused = client.post(f"/executions/{first['id']}/retry", json={"from_nodes": ["b", "z"]})
    assert refused.status_code == 400
    details = refused.json()["error"]["details"]
    violations = next(d for d in details if "fieldViolations" in d)["fieldViolations"]
    assert [v["field"] for v in violations] == ["from_nodes[1]"]


def test_a_deleted_execution_is_gone(stack: Stack) -> None:
    client = stack.client()
    execution = stack.run(client, create(client, [step("a", text="x" * 200_000)]))
    answer = client.delete(f"/executions/{execution['id']}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert client.get(f"/executions/{execution['id']}").status_code == 404
    assert client.delete(f"/executions/{execution['id']}").status_code == 404
    assert client.get("/executions").json()["items"] == []


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/retry")])
def test_only_what_is_yours_and_has_ended(stack: Stack, method: str, path: str) -> None:
    client = stack.client()
    body = {} if method == "POST" else None
    wait = {"id": "w", "block_type": "DELAY", "input_data": {"input": 1, "seconds": 3600}}
    execution = client.post(f"/graphs/{create(client, [wait])}/executions", json={"input_data": {}}).json()
    url = f"/executions/{execution['execution_id']}{path}"
    answer = client.request(method, url, json=body)
    assert answer.status_code == 409
    assert "EXECUTION_NOT_FINAL" in answer.text
    assert stack.client().request(method, url, json=body).status_code == 404
    assert client.request(method, f"/executions/nothing{path}", json=body).status_code == 404
    assert client.post(f"/executions/{execution['execution_id']}/cancel").status_code == 200


def test_a_node_that_caches_is_run_once(stack: Stack) -> None:
    client = stack.client()
    graph_id = create(client, [{**NODE, "cache": True}])
    first, second = (stack.run(client, graph_id) for _ in range(2))
    assert first["output"] == second["output"]
    nodes = [client.get(f"/executions/{e['id']}/nodes").json()["items"][0] for e in (first, second)]
    assert [(n["cached"], n["attempts"]) for n in nodes] == [(False, 1), (True, 0)]
