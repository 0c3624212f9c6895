"""Does SEND_WEB_REQUEST send what it was given, and the answer on by its status?"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.blocks import catalog, runner, sources
from shared.domain import errors


class World:
    """Answers every request alike, and keeps what was asked."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self._answer = answer

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        self.asked.append((method, url, options))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture
def send(context: Any) -> Callable[..., Any]:
    async def go(world: World, values: dict[str, Any], **more: Any) -> runner.Outcome:
        block = catalog.get("SEND_WEB_REQUEST")
        return await runner.collect(block, catalog.read_input(block, values), context(http=world, **more))

    return go


async def test_the_method_is_post_and_the_body_json(send: Any) -> None:
    world = World(httpx.Response(200, json={"ok": True}))
    outcome = await send(world, {"url": "https://a.example/x", "body": '{"n": 1}', "headers": {"X-A": 1}})
    assert outcome == runner.Outcome(tokens=[("response", {"ok": True})])
    assert world.asked == [("POST", "https://a.example/x", {"headers": {"X-A": "1"}, "json": {"n": 1}})]


@pytest.mark.parametrize(
    ("status", "pin"),
    [
        (200, "response"),
        (204, "response"),
        (399, "response"),
        (400, "client_error"),
        (499, "client_error"),
        (500, "server_error"),
        (599, "server_error"),
    ],
)
async def test_the_status_chooses_the_pin(send: Any, status: int, pin: str) -> None:
    outcome = await send(World(httpx.Response(status, text="said")), {"url": "https://a.example"})
    assert outcome == runner.Outcome(tokens=[(pin, "said")])


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (httpx.Response(200), None),
        (httpx.Response(200, text="{}"), "{}"),
        (httpx.Response(200, text="{", headers={"content-type": "application/json"}), "{"),
        (httpx.Response(200, text="[1]", headers={"content-type": "application/problem+json; charset=utf-8"}), [1]),
    ],
)
async def test_json_is_parsed_where_it_is_json(send: Any, answer: httpx.Response, value: Any) -> None:
    assert (await send(World(answer), {"url": "https://a.example"})).tokens == [("response", value)]


async def test_a_body_may_go_as_a_form(send: Any) -> None:
    world = World(httpx.Response(200))
    await send(world, {"url": "a.example", "method": "PUT", "json_format": False, "body": {"a": [1, 2]}})
    assert world.asked == [("PUT", "http://a.example", {"headers": {}, "data": {"a": [1, 2]}})]


async def test_an_empty_address_is_not_asked(send: Any) -> None:
    world = World(httpx.Response(200))
    outcome = await send(world, {"url": " "})
    assert "The url is empty" in outcome.failure.message
    assert world.asked == []


async def test_files_have_a_limit_together(send: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sources, "MAX_TOGETHER_BYTES", 3)
    outcome = await send(World(httpx.Response(200)), {"url": "a.example", "files": ["data:,ab", "data:,cd"]})
    assert outcome.failure.reason == "LIMIT_EXCEEDED"


async def test_a_form_field_cannot_hold_a_dictionary(send: Any) -> None:
    outcome = await send(World(httpx.Response(200)), {"url": "a.example", "json_format": False, "body": {"a": {}}})
    assert "'a'" in outcome.failure.message


async def test_files_go_beside_the_fields(send: Any) -> None:
    world = World(httpx.Response(200))
    await send(world, {"url": "a.example", "body": {"n": 1}, "files": ["data:text/plain,hi"], "files_name": "doc"})
    (_, _, options) = world.asked[0]
    assert options["files"] == [("doc", ("file", b"hi", "text/plain"))]
    assert options["data"] == {"n": 1}


async def test_every_attempt_carries_the_same_key(send: Any) -> None:
    world = World(httpx.Response(200))
    await send(world, {"url": "a.example"}, idempotency_key="ne-1")
    await send(world, {"url": "a.example", "headers": {"idempotency-key": "mine"}}, idempotency_key="ne-1")
    await send(world, {"url": "a.example", "method": "GET"}, idempotency_key="ne-1")
    headers = [options["headers"] for _, _, options in world.asked]
    assert headers == [{"Idempotency-Key": "ne-1"}, {"idempotency-key": "mine"}, {}]


async def test_a_failed_request_may_be_tried_again(send: Any) -> None:
    outcome = await send(World(errors.Retryable("down", reason="REQUEST_FAILED")), {"url": "a.example"})
    assert isinstance(outcome.failure, errors.Retryable)
    assert catalog.get("SEND_WEB_REQUEST").max_attempts == 3
