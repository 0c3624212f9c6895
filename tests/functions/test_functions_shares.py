"""The page of a shared execution over HTTP, as a browser gets it."""

import base64
import hashlib
import re
from typing import Any

import httpx
import pytest
from served import MakeApi, User

from shared import clock
from shared.domain.records import Execution, Failure, Output
from shared.domain.statuses import Status
from shared.firestore import executions

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture
async def execution(api: httpx.AsyncClient, user: User) -> str:
    """One that has ended, whose texts want to run."""
    nodes = [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "question", "value": "?"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": HOSTILE}},
    ]
    links = [{"source_id": "in", "source_name": "result", "sink_id": "out", "sink_name": "value"}]
    graph = (await api.post("/graphs", json={"name": "Answers", "nodes": nodes, "links": links})).json()
    now = clock.now()
    made = Execution(
        id=clock.random_id(),
        user_id=user.id,
        graph_id=graph["id"],
        graph_version=1,
        status=Status.COMPLETED,
        queue="interactive",
        constants={"in": Output(pin="result", value=HOSTILE)},
        absent=(),
        created_at=now,
        started_at=now,
        completed_at=now,
        output={HOSTILE: [HOSTILE, {"a": HOSTILE}]},
    )
    await executions.create(made)
    return made.id


async def shared(make_api: MakeApi, user: User, execution: str, **body: Any) -> tuple[dict[str, Any], httpx.URL]:
    answer = await make_api("executions", user).post(f"/executions/{execution}/shares", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json(), httpx.URL(f"http://weftly.test{answer.json()['path']}")


async def test_a_stranger_reads_it_and_nothing_in_it_runs(make_api: MakeApi, user: User, execution: str) -> None:
    _, url = await shared(make_api, user, execution, title=HOSTILE + "T", with_inputs=True)
    answer = await make_api("executions").get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = answer.text
    assert "alert(1)&lt;/script&gt;" in page
    assert not re.search(r"<(?:script|img|iframe|link|a|form)\b", page)
    assert "49" not in re.sub(r"<time.*?</time>", "", page).replace(execution, "")
    for private in (user.id, user.email, execution):
        assert private not in page


async def test_its_policy_lets_nothing_in_but_its_own_style(make_api: MakeApi, user: User, execution: str) -> None:
    _, url = await shared(make_api, user, execution)
    answer = await make_api("executions").get(url)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert 'style="' not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]


async def test_what_leads_nowhere_looks_alike(make_api: MakeApi, user: User, execution: str) -> None:
    made, url = await shared(make_api, user, execution)
    api = make_api("executions", user)
    assert (await api.delete(f"/executions/{execution}/shares/{made['id']}")).json() == {}
    revoked = await make_api("executions").get(url)
    unknown = await make_api("executions").get(httpx.URL("http://weftly.test/share/nothing"))
    assert (revoked.status_code, unknown.status_code) == (404, 404)
    assert revoked.text == unknown.text
    assert "Nothing here" in revoked.text


async def test_a_repetition_does_not_show_the_link_again(make_api: MakeApi, user: User, execution: str) -> None:
    api = make_api("executions", user)
    url, headers = f"/executions/{execution}/shares", {"Idempotency-Key": "once"}
    first, again = [(await api.post(url, json={}, headers=headers)).json() for _ in range(2)]
    assert (again["id"], again["path"], bool(first["path"])) == (first["id"], None, True)
    assert [one["id"] for one in (await api.get(url)).json()["items"]] == [first["id"]]
    assert first["path"] not in (await api.get(url)).text


async def test_why_it_failed_is_told_by_its_reason_alone(make_api: MakeApi, user: User, execution: str) -> None:
    found = await executions.find(execution)
    assert found is not None
    failure = {"reason": "REQUEST_FAILED", "message": "https://user:password@intranet", "node_id": "in"}
    await executions.update(execution, {"status": Status.FAILED, "error": failure}, found.update_time)
    assert Failure(**failure)
    _, url = await shared(make_api, user, execution)
    page = (await make_api("executions").get(url)).text
    assert "request failed" in page
    assert "intranet" not in page
