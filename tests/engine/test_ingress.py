"""Each genuine event starts one execution; nothing else starts any."""

import asyncio
import hashlib
import hmac
import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import config
from shared.domain import errors, signatures
from shared.domain.errors import WeftlyError
from shared.domain.graph import UserId
from shared.domain.permissions import caller
from shared.domain.statuses import Status
from shared.firestore import executions, webhooks
from shared.gcp import auth
from shared.gcp.auth import Account
from shared.services import deleting, ingress, vault
from shared.services import webhooks as service
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output

EVENTS = int(os.environ.get("EVENTS", "40"))
"""Genuine ones; with their duplicates, forgeries and replays five times as many deliveries and more."""
ANN = caller(UserId("ann"), "", None)


@pytest.fixture(autouse=True)
def surroundings(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    async def account(user_id: str) -> Account:
        return Account(user_id=UserId(user_id), email="", role=None, disabled=False, valid_after=0)

    monkeypatch.setattr(auth, "account", account)
    monkeypatch.setenv("CREDENTIALS_KEY_FILE", str(tmp_path / "keys"))
    config.settings.cache_clear()
    vault.real.cache_clear()
    yield
    config.settings.cache_clear()
    vault.real.cache_clear()


async def a_webhook(stage: Stage, **body: Any) -> dict[str, Any]:
    settings = stage.world.settings.model_copy(update={"max_concurrent_executions": 0})
    stage.world = replace(stage.world, settings=settings)
    version = await stage.graph(
        [agent_input("in", "event"), agent_output("event")],
        ["in.result -> event.value"],
    )
    return await service.create(stage.world, ANN, version.graph_id, body, (stage.world.random_id() + "0" * 26)[:26])


async def deliver(stage: Stage, webhook: dict[str, Any], headers: dict[str, str], body: bytes) -> str:
    taken = await ingress.take(stage.world, webhook["id"], headers, body, lambda: json.loads(body))
    assert taken.execution_id is not None
    return taken.execution_id


async def refused(stage: Stage, webhook: dict[str, Any], headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(WeftlyError) as error:
        await deliver(stage, webhook, headers, body)
    return error.value.reason


@pytest.mark.timeout(300)
async def test_of_deliveries_that_come_twice_late_forged_and_in_any_order_each_genuine_event_starts_one(
    stage: Stage,
) -> None:
    webhook = await a_webhook(stage)
    chance = random.Random(7)
    deliveries: list[tuple[dict[str, str], bytes, bool]] = []
    for n in range(EVENTS):
        body = json.dumps({"n": n}).encode()
        headers = signatures.sign(webhook["secret"], f"msg_{n}", stage.now, body)
        deliveries += [(headers, body, True)] * chance.randint(1, 4)
        deliveries.append((headers, json.dumps({"n": -n - 1}).encode(), False))
        deliveries.append((signatures.sign("whsec_AAAA", f"msg_{n}", stage.now, body), body, False))
        old = signatures.sign(webhook["secret"], f"old_{n}", stage.now - timedelta(minutes=9), body)
        deliveries.append((old, body, False))
    chance.shuffle(deliveries)

    async def one(headers: dict[str, str], body: bytes, genuine: bool) -> None:
        if genuine:
            await deliver(stage, webhook, headers, body)
        else:
            assert await refused(stage, webhook, headers, body) == "BAD_SIGNATURE"

    for first in range(0, len(deliveries), 10):
        await asyncio.gather(*(one(*delivery) for delivery in deliveries[first : first + 10]))
    await stage.run(parallel=8)
    started = await executions.list_of("ann", None, None, 1_000)
    assert {e.status for e in started} == {Status.COMPLETED}
    assert sorted((e.output or {})["event"][0]["n"] for e in started) == list(range(EVENTS))
    assert len(deliveries) >= 5 * EVENTS


async def test_the_same_body_of_github_is_the_same_event_whatever_its_delivery_is_called(stage: Stage) -> None:
    webhook = await a_webhook(stage, provider="github", secret="0123456789abcdef")
    body = b'{"action": "opened"}'
    mac = hmac.new(b"0123456789abcdef", body, hashlib.sha256).hexdigest()
    ids = [
        await deliver(stage, webhook, {"x-hub-signature-256": f"sha256={mac}", "x-github-delivery": name}, body)
        for name in ("a", "b")
    ]
    assert ids[0] == ids[1]


async def test_an_event_starts_nothing_again_when_its_execution_has_been_deleted(stage: Stage) -> None:
    webhook = await a_webhook(stage, provider="github", secret="0123456789abcdef")
    body = b'{"action": "opened"}'
    sent = {"x-hub-signature-256": "sha256=" + hmac.new(b"0123456789abcdef", body, hashlib.sha256).hexdigest()}
    first = await deliver(stage, webhook, sent, body)
    await stage.run()
    await stage.tick()
    await deleting.delete(stage.world, "ann", first)
    stage.now += timedelta(days=30)
    assert await deliver(stage, webhook, sent, body) == first
    assert await executions.find(first) is None
    assert stage.tasks == []


async def test_slack_hears_its_challenge_and_nothing_starts(stage: Stage) -> None:
    webhook = await a_webhook(stage, provider="slack", secret="0123456789abcdef")
    body = b'{"type": "url_verification", "challenge": "xyz"}'
    at = str(int(stage.now.timestamp()))
    mac = hmac.new(b"0123456789abcdef", b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={mac}"}
    taken = await ingress.take(stage.world, webhook["id"], headers, body, lambda: json.loads(body))
    assert (taken.challenge, taken.execution_id) == ("xyz", None)
    assert await executions.list_of("ann", None, None, 9) == []


async def test_github_may_ping_and_nothing_starts(stage: Stage) -> None:
    webhook = await a_webhook(stage, provider="github", secret="0123456789abcdef")
    body = b'{"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"type": "Repository"}}'
    mac = hmac.new(b"0123456789abcdef", body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={mac}", "x-github-event": "ping"}
    taken = await ingress.take(stage.world, webhook["id"], headers, body, lambda: json.loads(body))
    assert (taken.challenge, taken.execution_id) == ("", None)
    assert await executions.list_of("ann", None, None, 9) == []


async def test_another_secret_holds_at_once_and_the_one_before_no_more(stage: Stage) -> None:
    webhook = await a_webhook(stage)
    body = b"{}"
    await deliver(stage, webhook, signatures.sign(webhook["secret"], "a", stage.now, body), body)
    rotated = await service.rotate(stage.world, ANN, webhook["graph_id"], webhook["id"], {})
    sent = signatures.sign(webhook["secret"], "b", stage.now, body)
    assert await refused(stage, webhook, sent, body) == "BAD_SIGNATURE"
    await deliver(stage, webhook, signatures.sign(rotated["secret"], "b", stage.now, body), body)


async def test_a_webhook_that_is_inactive_or_gone_is_not_there(stage: Stage) -> None:
    webhook = await a_webhook(stage)
    sent = signatures.sign(webhook["secret"], "a", stage.now, b"{}")
    changed = await service.update(stage.world, ANN, webhook["graph_id"], webhook["id"], {"is_active": False}, None)
    assert changed["is_active"] is False
    assert await refused(stage, webhook, sent, b"{}") == "WEBHOOK_NOT_FOUND"
    await service.delete(ANN, webhook["graph_id"], webhook["id"])
    assert await refused(stage, webhook, sent, b"{}") == "WEBHOOK_NOT_FOUND"


async def test_its_secret_lies_sealed_and_is_shown_once(stage: Stage) -> None:
    webhook = await a_webhook(stage)
    shown = await service.get(ANN, webhook["graph_id"], webhook["id"])
    assert "secret" not in shown
    stored = await webhooks.documents.find(webhook["id"])
    assert stored is not None
    assert webhook["secret"] not in str(stored)
    assert webhook["secret"].removeprefix("whsec_") not in str(stored)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "gitlab"}, "provider"),
        ({"secret": "short"}, "secret"),
        ({"input_name": "nowhere"}, "input_name"),
        ({"input_data": {"word": 1}}, "input_data.word"),
        ({"credentials": {"in": "c"}}, "credentials.in"),
        ({"url": "x"}, "url"),
    ],
)
async def test_what_is_not_valid_is_refused_by_its_field(stage: Stage, body: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.InvalidArgument) as error:
        await a_webhook(stage, **body)
    assert field in {violation.field for violation in error.value.violations}


async def test_creating_again_under_the_same_id_gives_a_secret_that_holds(stage: Stage) -> None:
    first = await a_webhook(stage)
    body = {"name": "again"}
    again = await service.create(stage.world, ANN, first["graph_id"], body, first["id"])
    assert again["secret"] != first["secret"]
    await deliver(stage, again, signatures.sign(again["secret"], "a", stage.now, b"{}"), b"{}")
