"""A stage on which imported agents run, with a double for the web."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import orjson

from shared.domain import permissions
from shared.domain.graph import UserId
from shared.firestore import graphs
from shared.http import json_text
from shared.services import executions, interop
from shared.services import graphs as graph_service
from tests.engine.stage import Stage

ANN = permissions.caller(UserId("ann"), "ann@example.com", None)


class Web:
    """Answers by host for the whole web, and keeps what it was asked. An answer is JSON, or makes it of the request's
    address and options."""

    def __init__(self, hosts: Mapping[str, Any] | None = None) -> None:
        self.hosts = dict(hosts or {})
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        self.asked.append((method, url, options))
        address = httpx.URL(url)
        answer = self.hosts[address.host]
        content = answer(address, {**options, "method": method}) if callable(answer) else answer
        return httpx.Response(200, json=content, request=httpx.Request(method, url))


def give(stage: Stage, web: Web, model_port: int = 0) -> None:
    """Put a web, and the stub of a language model, into the stage's world."""
    model = (
        {"openai_api_key": "sk-test", "openai_base_url": f"http://127.0.0.1:{model_port}/v1"} if model_port else {}
    )
    settings = stage.world.settings.model_copy(update=model)
    stage.world = dataclasses.replace(stage.world, http=web, settings=settings)


async def imported(stage: Stage, raw: Any) -> dict[str, Any]:
    """``{graph, sub_graphs, report}``, saved; as JSON."""
    return orjson.loads(json_text.dumps(await interop.import_file(ANN, raw, stage.world.random_id())))


async def ran(stage: Stage, raw: Any, inputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A file, imported and executed to the end."""
    return await executed(stage, (await imported(stage, raw))["graph"]["id"], inputs)


async def replaced(graph_id: str, graph: Mapping[str, Any]) -> None:
    """A new version, as its owner saves it."""
    await graph_service.replace(ANN, graph_id, graph, None)


async def executed(
    stage: Stage, graph_id: str, inputs: Mapping[str, Any] | None = None, until: timedelta = timedelta(hours=2)
) -> dict[str, Any]:
    id_ = stage.world.random_id()
    execution = await executions.start(stage.world, ANN, graph_id, id_, inputs or {}, "interactive")
    await stage.run(until=until)
    return await stage.finished(execution)


async def version(graph_id: str) -> graphs.Version:
    return await graphs.get_version(graph_id, 1)
