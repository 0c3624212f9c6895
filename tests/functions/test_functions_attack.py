"""Whatever a client sends that the OpenAPI document allows or forbids: no 5xx, and every answer as the document says.

``ATTACK_EXAMPLES`` (2): requests for each operation, with and without a caller; 200 make about 20,000.
"""

import asyncio
import json
import os
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
