"""What ``Idempotency-Key`` promises, by the example of POST /graphs."""

import asyncio
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of

from shared import clock
from shared.domain import errors
from shared.firestore import graphs, idempotency
from shared.http import idempotency as once

MakeGraph = Callable[..., dict[str, Any]]
KEY = {"Idempotency-Key": "one"}


async def test_a_repeated_request_gets_the_same_answer(api: httpx.AsyncClient, a_graph: MakeGraph):
    first = await api.post("/graphs", json=a_graph(), headers=KEY)
    second = await api.post("/graphs", json=a_graph(), headers=KEY)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert len((await api.get("/graphs")).json()["items"]) == 1


async def test_another_body_is_409(api: httpx.AsyncClient, a_graph: MakeGraph):
    await api.post("/graphs", json=a_graph(), headers=KEY)
    error = error_of(await api.post("/graphs", json=a_graph(name="Other"), headers=KEY), 409)
    assert error["ErrorInfo"]["reason"] == "IDEMPOTENCY_KEY_REUSED"


async def test_the_key_of_another_user_is_another_key(
    api: httpx.AsyncClient, a_graph: MakeGraph, make_api: MakeApi, accounts: Accounts
):
    mine = await api.post("/graphs", json=a_graph(), headers=KEY)
    theirs = await make_api("graphs", await accounts.user()).post("/graphs", json=a_graph(), headers=KEY)
    assert mine.json()["id"] != theirs.json()["id"]


async def test_a_refused_body_can_be_corrected_under_the_same_key(api: httpx.AsyncClient, a_graph: MakeGraph):
    for _ in range(2):
        error_of(await api.post("/graphs", json={"name": ""}, headers=KEY), 400)
    made = await api.post("/graphs", json=a_graph(), headers=KEY)
    assert made.status_code == 200
    assert (await api.post("/graphs", json=a_graph(), headers=KEY)).json() == made.json()
    error_of(await api.post("/graphs", json={"name": ""}, headers=KEY), 409)


async def test_twenty_requests_at_the_same_time_get_one_answer(api: httpx.AsyncClient, a_graph: MakeGraph):
    answers = await asyncio.gather(*(api.post("/graphs", json=a_graph(), headers=KEY) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len((await api.get("/graphs")).json()["items"]) == 1


async def test_who_waits_too_long_for_the_first_is_told_to_come_again(
    api: httpx.AsyncClient, user: User, a_graph: MakeGraph, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(once, "PATIENCE_SECONDS", 0.2)
    body = json.dumps(a_graph()).encode()
    record = (user.id, "POST /api/v1/graphs", "one")
    fingerprint = hmac.new(b"one", body, "sha256").hexdigest()
    await idempotency.begin(*record, fingerprint, "at work", clock.now())
    answer = await api.post("/graphs", content=body, headers=KEY)
    assert error_of(answer, 409)["ErrorInfo"]["reason"] == "IDEMPOTENCY_KEY_IN_USE"
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_crash_after_creating_leads_to_the_same_graph(
    api: httpx.AsyncClient, a_graph: MakeGraph, monkeypatch: pytest.MonkeyPatch
):
    real = graphs.create

    async def dies(head: graphs.Head, version: graphs.Version) -> bool:
        await real(head, version)
        raise RuntimeError("died after the write")

    monkeypatch.setattr(graphs, "create", dies)
    error_of(await api.post("/graphs", json=a_graph(), headers=KEY), 500)
    monkeypatch.setattr(graphs, "create", real)
    made = (await api.get("/graphs")).json()["items"]
    again = await api.post("/graphs", json=a_graph(), headers=KEY)
    assert again.status_code == 200
    assert [item["id"] for item in made] == [again.json()["id"]]
    assert len((await api.get("/graphs")).json()["items"]) == 1


async def test_a_dead_holder_is_taken_over_when_its_lease_is_over_and_not_before(user: User):
    record = (user.id, "POST /x", "key")
    now = clock.now()
    held = await idempotency.begin(*record, "f", "first", now)
    assert isinstance(held, idempotency.Held)
    before = await idempotency.begin(*record, "f", "second", now + idempotency.LEASE - timedelta(seconds=1))
    assert isinstance(before, idempotency.Busy)
    after = await idempotency.begin(*record, "f", "second", now + idempotency.LEASE)
    assert isinstance(after, idempotency.Held)
    assert after.born_at.timestamp() == held.born_at.timestamp()
    assert not await idempotency.complete(held, 200, b"late", "")
    assert await idempotency.complete(after, 200, b"mine", "")
    assert await idempotency.begin(*record, "f", "third", now) == idempotency.Answered(
        code=200, body=b"mine", etag=""
    )


async def test_a_claim_whose_answer_was_lost_is_known_again(user: User):
    record = (user.id, "POST /x", "key")
    now = clock.now()
    held = await idempotency.begin(*record, "f", "mine", now)
    assert isinstance(held, idempotency.Held)
    assert await idempotency.begin(*record, "f", "mine", now) == held
    assert isinstance(await idempotency.begin(*record, "f", "other", now), idempotency.Busy)


async def test_of_two_that_take_over_at_the_same_time_one_does(user: User):
    record = (user.id, "POST /x", "key")
    now = clock.now()
    await idempotency.begin(*record, "f", "dead", now)
    later = now + idempotency.LEASE
    taken = await asyncio.gather(*(idempotency.begin(*record, "f", f"h{n}", later) for n in range(4)))
    assert sorted(type(one).__name__ for one in taken) == ["Busy", "Busy", "Busy", "Held"]


async def test_after_a_day_the_key_is_new(user: User):
    record = (user.id, "POST /x", "key")
    now = clock.now()
    held = await idempotency.begin(*record, "f", "first", now)
    assert isinstance(held, idempotency.Held)
    await idempotency.complete(held, 200, b"old", "")
    later = await idempotency.begin(*record, "other", "second", now + idempotency.KEPT)
    assert isinstance(later, idempotency.Held)
    assert later.born_at != held.born_at


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
async def test_a_key_that_is_none_is_400(api: httpx.AsyncClient, a_graph: MakeGraph, key: str):
    error = error_of(await api.post("/graphs", json=a_graph(), headers={"Idempotency-Key": key}), 400)
    assert error["BadRequest"]["fieldViolations"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize("step", ["begin", "complete"])
async def test_a_step_that_the_database_refuses_once_does_not_keep_the_key_busy(
    api: httpx.AsyncClient, a_graph: MakeGraph, monkeypatch: pytest.MonkeyPatch, step: str
):
    real, refusals = getattr(idempotency, step), [errors.Unavailable("Not now.")]

    async def busy(*args: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return await real(*args)

    monkeypatch.setattr(idempotency, step, busy)
    headers, body = {"Idempotency-Key": f"refused-{step}"}, a_graph()
    answers = [await api.post("/graphs", json=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
