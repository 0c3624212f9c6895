"""What every app answers, whatever its routes are."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import Request
from google.api_core import exceptions
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from shared import config
from shared.domain import errors
from shared.firestore import audit
from shared.http import api, middleware, routing
from shared.http.answers import JsonAnswer
from shared.http.heads import Heads

MakeClient = Callable[..., httpx.AsyncClient]


class Leg(BaseModel):
    sink_id: str


class Thing(BaseModel):
    name: str
    legs: list[Leg] = []
    value: Any = None


def _router():
    router = routing.router()

    @router.post("/things")
    async def make(thing: Thing, request: Request, count: int = 0) -> Any:
        return {"value": thing.value, "size": len(await request.body()), "count": count}

    @router.put("/things")
    async def put() -> Any:
        return {}

    @router.get("/broken-off")
    async def broken_off() -> Any:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            raise RuntimeError("in the middle")

        return StreamingResponse(parts())

    @router.get("/values")
    async def values() -> Any:
        return JsonAnswer({"values": [float("nan"), float("inf"), float("-inf"), None, 1.5]})

    @router.get("/crash")
    async def crash() -> Any:
        raise RuntimeError("secret detail")

    @router.get("/outage")
    async def outage() -> Any:
        raise exceptions.ServiceUnavailable("secret detail")

    @router.get("/refused")
    async def refused() -> Any:
        raise errors.TooManyRequests("Too many.", retry_after=2.2, metadata={"limit": "60"})

    @router.get("/stream")
    async def stream() -> Any:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            yield b"two"

        return StreamingResponse(parts())

    return router


async def _append(entries: Any) -> None:
    """No database is there."""


@pytest.fixture
async def make_client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeClient]:
    clients: list[httpx.AsyncClient] = []
    monkeypatch.setattr(audit, "append", _append)

    def make(**settings: Any) -> httpx.AsyncClient:
        made = config.Settings(**settings)
        monkeypatch.setattr(config, "settings", lambda: made)
        transport = httpx.ASGITransport(app=api.create_app("test", [_router()]))
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://test"))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
def client(make_client: MakeClient) -> httpx.AsyncClient:
    return make_client(max_body_bytes=5000)


def _error(answer: httpx.Response, code: int, status: str) -> dict[str, Any]:
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (code, status)
    kinds = {detail["@type"].rsplit(".", 1)[1]: detail for detail in error["details"]}
    assert kinds["ErrorInfo"]["domain"] == "weftly"
    assert kinds["RequestInfo"]["requestId"] == answer.headers["x-request-id"]
    return {**error, **kinds}


def _fields(answer: httpx.Response) -> list[str]:
    error = _error(answer, 400, "INVALID_ARGUMENT")
    return [one["field"] for one in error["BadRequest"]["fieldViolations"]]


async def test_every_violation_of_the_body_and_the_query_is_listed_with_its_place(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/things?count=x", json={"legs": [{"sink_id": 1}, 2]})
    assert sorted(_fields(answer)) == ["count", "legs[0].sink_id", "legs[1]", "name"]


async def test_an_unknown_query_parameter_is_named(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/things?cout=1&count=2&x%00=", json={"name": "a"})
    assert _fields(answer) == ["cout", "x\0"]
    assert "no such query parameter. Did you mean count?" in answer.text
    assert _fields(await client.get("/api/v1/values?a=1&a=2")) == ["a"]
    assert (await client.post("/api/v1/things?count=2", json={"name": "a"})).json()["count"] == 2


async def test_a_missing_body_is_a_violation_of_the_body(client: httpx.AsyncClient):
    assert _fields(await client.post("/api/v1/things")) == ["body"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": "\xff"}',
        b'{"name": "a", "value": ' + b"1" * 400 + b"}",
        b'{"name": "a", "value": ' + b"[" * 101 + b"]" * 101 + b"}",
        b'{"name": "a", "value": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    ],
    ids=["cut off", "NaN", "not UTF-8", "beyond a double", "too deep", "far too deep"],
)
async def test_a_malformed_body_is_400(client: httpx.AsyncClient, body: bytes):
    error = _error(await client.post("/api/v1/things", content=body), 400, "INVALID_ARGUMENT")
    assert error["ErrorInfo"]["reason"] == "MALFORMED_JSON"


async def test_json_is_read_whatever_its_content_type_is_said_to_be(client: httpx.AsyncClient):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await client.post("/api/v1/things", content=b'{"name": "a", "value": [1]}', headers=headers)
    assert answer.json() == {"value": [1], "size": 27, "count": 0}


async def test_an_integer_beyond_64_bits_is_read_as_a_double(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/things", content=b'{"name": "a", "value": ' + b"9" * 30 + b"}")
    assert answer.json()["value"] == 1e30


async def test_an_unknown_path_is_404(client: httpx.AsyncClient):
    error = _error(await client.get("/api/v1/nothing"), 404, "NOT_FOUND")
    assert "/api/v1/nothing" in error["message"]


async def test_an_answer_does_not_repeat_a_long_path(client: httpx.AsyncClient):
    error = _error(await client.get("/api/v1/" + "x" * 20_000), 404, "NOT_FOUND")
    assert len(error["message"]) < 300


async def test_a_path_with_a_trailing_slash_is_unknown_and_not_redirected(client: httpx.AsyncClient):
    _error(await client.get("/api/v1/values/"), 404, "NOT_FOUND")


async def test_another_method_is_405_and_says_which_are_allowed(client: httpx.AsyncClient):
    answer = await client.delete("/api/v1/things")
    _error(answer, 405, "UNIMPLEMENTED")
    assert answer.headers["allow"] == "POST, PUT"


async def test_head_is_get_without_the_body(client: httpx.AsyncClient):
    for path, code in (("/api/v1/values", 200), ("/api/v1/stream", 200), ("/nothing", 404), ("/api/v1/crash", 500)):
        head, get = await client.head(path), await client.get(path)
        assert (head.status_code, head.content) == (code, b""), path
        framing = ("content-type", "content-length", "cache-control")
        assert [head.headers.get(name) for name in framing] == [get.headers.get(name) for name in framing]


async def test_head_of_what_cannot_be_read_is_405(client: httpx.AsyncClient):
    answer = await client.head("/api/v1/things")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT")
    assert (await client.post("/api/v1/values")).headers["allow"] == "GET, HEAD"


async def test_an_endless_answer_ends_for_head():
    sent: list[Any] = []
    open_ended = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data", "more_body": True})
        await open_ended.wait()

    async def send(message: Any) -> None:
        sent.append(message)

    task = asyncio.create_task(Heads(endless)({"type": "http", "method": "HEAD"}, send, send))
    async with asyncio.timeout(5):
        while len(sent) < 2:
            await asyncio.sleep(0)
    assert sent[1] == {"type": "http.response.body", "body": b"", "more_body": False}
    open_ended.set()
    await task
    assert len(sent) == 2


async def test_a_crash_is_500_without_its_details_and_is_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    error = _error(await client.get("/api/v1/crash"), 500, "INTERNAL")
    assert "secret" not in json.dumps(error)
    assert "RuntimeError: secret detail" in caplog.text


async def test_what_google_cannot_do_now_is_503_with_a_time_to_come_again(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    answer = await client.get("/api/v1/outage")
    error = _error(answer, 503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert "secret" not in json.dumps(error)
    assert "secret detail" in caplog.text


async def test_an_error_says_when_to_come_again(client: httpx.AsyncClient):
    answer = await client.get("/api/v1/refused")
    error = _error(answer, 429, "RESOURCE_EXHAUSTED")
    assert answer.headers["retry-after"] == "3"
    assert error["RetryInfo"]["retryDelay"] == "2.200s"
    assert error["ErrorInfo"]["metadata"] == {"limit": "60"}


async def test_non_finite_numbers_are_texts(client: httpx.AsyncClient):
    answer = await client.get("/api/v1/values")
    assert answer.json() == {"values": ["NaN", "Infinity", "-Infinity", None, 1.5]}


@pytest.mark.parametrize("path", ["/api/v1/values", "/api/v1/crash", "/nothing", "/api/v1/things"])
async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient, path: str):
    headers = (await client.get(path)).headers
    assert {name: headers.get(name) for name in middleware.SECURITY_HEADERS} == middleware.SECURITY_HEADERS


async def test_a_sane_request_id_is_kept_and_another_replaced(client: httpx.AsyncClient):
    kept = await client.get("/nothing", headers={"X-Request-Id": "abc-1"})
    replaced = await client.get("/nothing", headers={"X-Request-Id": "a b\tc"})
    assert kept.headers["x-request-id"] == "abc-1"
    assert len(replaced.headers["x-request-id"]) == 26


async def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_413(client: httpx.AsyncClient):
    def body(size: int) -> bytes:
        return b'{"name": "' + b"a" * (size - 12) + b'"}'

    taken = await client.post("/api/v1/things", content=body(5000))
    assert taken.json()["size"] == 5000
    error = _error(await client.post("/api/v1/things", content=body(5001)), 413, "INVALID_ARGUMENT")
    assert error["ErrorInfo"]["reason"] == "BODY_TOO_LARGE"


async def test_a_body_without_a_declared_size_is_read_to_its_end_before_413(client: httpx.AsyncClient):
    sent = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1000
            yield b"x" * 1000

    answer = await client.post("/api/v1/things", content=parts())
    _error(answer, 413, "INVALID_ARGUMENT")
    assert sent == 100_000


async def test_a_body_in_many_parts_arrives_whole(client: httpx.AsyncClient):
    async def parts() -> AsyncIterator[bytes]:
        for byte in b'{"name": "a", "value": "' + b"b" * 100 + b'"}':
            yield bytes([byte])

    answer = await client.post("/api/v1/things", content=parts())
    assert answer.json()["value"] == "b" * 100


async def test_an_answer_can_be_streamed(client: httpx.AsyncClient):
    assert (await client.get("/api/v1/stream")).text == "onetwo"


async def test_an_answer_that_crashes_after_it_began_is_broken_off(client: httpx.AsyncClient):
    with pytest.raises(RuntimeError):
        await client.get("/api/v1/broken-off")


async def test_a_client_that_goes_away_while_it_sends_is_not_answered():
    app = api.create_app("test", [_router()])
    scope = {"type": "http", "method": "POST", "path": "/api/v1/things", "headers": [], "query_string": b""}
    parts = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent == []


async def test_answers_are_not_kept_by_caches(client: httpx.AsyncClient):
    assert (await client.get("/api/v1/values")).headers["cache-control"] == "no-store"


async def test_no_page_may_call_unless_the_setting_names_its_origin(make_client: MakeClient):
    headers = {"Origin": "https://app.test", "Access-Control-Request-Method": "PUT"}
    _error(await make_client().options("/api/v1/things", headers=headers), 405, "UNIMPLEMENTED")
    allowing = make_client(cors_origins="https://app.test, https://b.test")
    preflight = await allowing.options("/api/v1/things", headers=headers)
    assert preflight.headers["access-control-allow-origin"] == "https://app.test"
    refused = await allowing.options("/api/v1/things", headers={**headers, "Origin": "https://evil.test"})
    _error(refused, 400, "INVALID_ARGUMENT")
    assert "access-control-allow-origin" not in refused.headers


async def test_errors_are_readable_to_an_allowed_page(make_client: MakeClient):
    client = make_client(cors_origins="*", max_body_bytes=10)
    for answer in (
        await client.get("/api/v1/crash", headers={"Origin": "https://a.test"}),
        await client.post("/api/v1/things", content=b"x" * 11, headers={"Origin": "https://a.test"}),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_access_log_names_the_request_and_neither_query_nor_token(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
):
    await client.get(
        "/api/v1/values?page_token=private",
        headers={"Authorization": "Bearer private", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
    )
    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines() if '"weftly.access"' in line]
    assert "private" not in text
    assert lines[0]["severity"] == "INFO"
    assert lines[0]["httpRequest"]["requestUrl"] == "/api/v1/values"
    assert lines[0]["httpRequest"]["status"] == 400
    assert lines[0]["logging.googleapis.com/trace"] == f"projects/weftly-local/traces/{'a' * 32}"


@pytest.fixture(autouse=True)
def _restored_logging():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], _ = handlers, root.setLevel(level)
