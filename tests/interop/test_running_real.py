"""The real exports run, with doubles for the services that they call and the stub of a language model."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.blocks.credentials import ApiKey, Credential, Need
from shared.domain.statuses import Status
from shared.services import wallets
from tests.engine.stage import Stage
from tests.interop import made, world

LATER = str(2**62)
"""The id of a Discord message far in the future."""


@pytest.fixture(autouse=True)
def wallet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wallet that has a key for everything."""

    async def opened(self: wallets.UserWallet, need: Need, credentials_id: str) -> Credential:
        return ApiKey(api_key=f"key-of-{need.provider}")

    monkeypatch.setattr(wallets.UserWallet, "open", opened)


def named(imported: dict[str, Any]) -> dict[str, Any]:
    """The imported graph with what its owner has to choose on each node that needs a credential."""
    wanted = {one for need in imported["report"]["credentials"] if need["required"] for one in need["node_ids"]}
    return {
        **imported["graph"],
        "nodes": [
            {**node, "input_data": {**node["input_data"], "credentials": "mine"}} if node["id"] in wanted else node
            for node in imported["graph"]["nodes"]
        ],
    }


async def test_the_blogger_searches_writes_and_publishes(stage: Stage, model_port: int) -> None:
    def publish(address: httpx.URL, options: Any) -> Any:
        return {"data": {"id": "p1", "url": "https://medium.test/p1", "publishedAt": 1}}

    web = world.Web({"s.jina.ai": {"found": "It was a driver."}, "api.medium.com": publish})
    world.give(stage, web, model_port)
    raw = made.REAL["medium-blogger-v28"]
    imported = await world.imported(stage, raw)
    assert {one["provider"] for one in imported["report"]["credentials"] if one["required"]} == {"jina", "medium"}
    blogger = named(imported)
    next(one for one in blogger["nodes"] if "author_id" in one["input_data"])["input_data"]["author_id"] = "a7"
    await world.replaced(imported["graph"]["id"], blogger)
    seen = await world.executed(stage, imported["graph"]["id"])
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    [body] = [options["json"] for method, url, options in web.asked if "medium" in url]
    assert body["content"]
    assert body["tags"] == ["AI", "LLM"]


async def test_the_chatbot_reads_answers_and_listens_again(stage: Stage, model_port: int) -> None:
    listened = 0

    def discord(address: httpx.URL, options: Any) -> Any:
        nonlocal listened
        path = address.path.partition("/v10")[2]
        if path == "/users/@me":
            listened += 1
            if listened == 2:
                raise ValueError("the test ends here")
            return {"id": "1"}
        if path == "/users/@me/guilds":
            return [{"id": "g", "name": "S"}]
        if path == "/guilds/g/channels":
            return [{"id": "10", "name": "general", "type": 0, "last_message_id": LATER}]
        if options["method"] == "POST":
            return {"id": "99"}
        return [{"id": LATER, "content": "Hello?", "author": {"id": "2", "username": "ann"}}]

    web = world.Web({"discord.com": discord})
    world.give(stage, web, model_port)
    imported = await world.imported(stage, made.REAL["discord-chatbot-with-history-v145"])
    assert [one["field"] for one in imported["graph"]["problems"]] == ["nodes[11].input_data.credentials"]
    await world.replaced(imported["graph"]["id"], named(imported))
    seen = await world.executed(stage, imported["graph"]["id"], until=timedelta(days=3))
    sent = [options["json"]["content"] for method, url, options in web.asked if method == "POST"]
    assert len(sent) == 1
    assert "Hello?" in sent[0]
    assert listened == 2
    assert seen["status"] == Status.FAILED
    assert "the test ends here" in seen["error"]["message"]
