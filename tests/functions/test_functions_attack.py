"""Whatever a client sends that the OpenAPI document allows or forbids: no 5xx, and every answer as the document says.

``ATTACK_EXAMPLES`` (2): requests for each operation, with and without a caller; 200 make about 20,000, and more odd
ids and values are tried.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
import yaml
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from served import ROOT, Accounts, Cloud, app_of

from local.gateway.urlmap import UrlMap
from shared.gcp import pubsub, tasks

EXAMPLES = int(os.environ.get("ATTACK_EXAMPLES", "2"))
DOCUMENT = json.loads((ROOT / "functions" / "openapi.json").read_text())
FUNCTIONS: dict[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text())["functions"]
ROUTES = UrlMap({name: one["paths"] for name, one in FUNCTIONS.items() if one.get("paths")})
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [
    (method.upper(), path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if not path.endswith("/events")
]
_NAMES = re.compile(r"\{\w+\}")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Runner]:
    async def nothing(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr(tasks, "create", nothing)
    monkeypatch.setattr(pubsub, "publish", nothing)
    with asyncio.Runner() as made:
        yield made


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_an_operation_answers_as_documented_whatever_is_sent(
    runner: asyncio.Runner, cloud: Cloud, method: str, path: str
):
    function = ROUTES.find(path.translate({ord("{"): None, ord("}"): None}).encode())
    assert function is not None
    app = app_of(function)

    async def sign_up() -> str:
        accounts = Accounts(cloud.auth)
        user = await accounts.user("admin")
        await accounts.close()
        return user.token

    token = runner.run(sign_up())
    operation = SCHEMA[path][method]

    async def send(case: Any, headers: dict[str, str]) -> httpx.Response:
        sent = case.as_transport_kwargs(base_url="http://weftly.test")
        sent["headers"] = {**sent.get("headers", {}), **headers}
        sent.pop("cookies", None)
        body = {"content": sent["data"]} if "data" in sent else {"json": sent["json"]} if "json" in sent else {}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), timeout=30) as client:
            return await client.request(
                sent["method"], sent["url"], params=sent.get("params"), headers=sent["headers"], **body
            )

    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=operation.as_strategy())
    def attack(case: Any) -> None:
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            answer = runner.run(send(case, headers))
            case.validate_response(answer, checks=CHECKS)

    attack()


UNNAMEABLE = ("__x__", "x" * 1600, "%00")[: max(1, EXAMPLES - 1)]
"""Ids that Firestore takes for no document's (https://firebase.google.com/docs/firestore/quotas), nor would a log."""
ODD: tuple[Any, ...] = ([[]], {"a": None}, "\0", 10**30, -1, True, 1e308, [{}] * 200, "\u202e")[
    : max(1, EXAMPLES - 1)
]


def test_neither_an_id_that_nothing_can_have_nor_a_field_of_another_kind_crashes_a_route(
    runner: asyncio.Runner, cloud: Cloud
):
    runner.run(_crashes_nothing(cloud))


async def _crashes_nothing(cloud: Cloud) -> None:
    accounts = Accounts(cloud.auth)
    headers = (await accounts.user("admin")).headers
    await accounts.close()
    for method, path in OPERATIONS:
        function = ROUTES.find(path.translate({ord("{"): None, ord("}"): None}).encode())
        assert function is not None
        transport = httpx.ASGITransport(app=app_of(function), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://weftly.test", timeout=30) as client:
            for place, body in _odd(method, path):
                answer = await client.request(method, place, json=body, headers=headers)
                assert answer.status_code < 500, (method, place, body, answer.text)


def _odd(method: str, path: str) -> Iterator[tuple[str, Any]]:
    """Path and body of the requests of an operation; of those that delete an account, none."""
    content = DOCUMENT["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    if "{" in path:
        yield from ((_NAMES.sub(id_, path), {} if content else None) for id_ in UNNAMEABLE)
    fields = _resolved(content.get("application/json", {}).get("schema", {})).get("properties", {})
    for name in fields:
        yield from ((_NAMES.sub("x", path), {name: value}) for value in ODD)


def _resolved(schema: Any) -> Any:
    return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
