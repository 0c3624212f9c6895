"""How does a request get to its function, and the answer back?"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from local.gateway.proxy import Gateway
from local.gateway.urlmap import UrlMap
from local.serving import HttpServer

Handler = Callable[[Request], Awaitable[Response]]


class Rig:
    """A gateway before one function, whose handler a test sets."""

    def __init__(self) -> None:
        self.handler: Handler = _echo
        self.up = True
        self._server = HttpServer(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handler(Request(scope, receive))
        await response(scope, receive, send)

    async def start(self) -> httpx.AsyncClient:
        port = await self._server.start(0)
        self.gateway = Gateway(
            UrlMap({"echo": ["/echo", "/echo/**"], "late": ["/late"]}),
            f"http://127.0.0.1:{port}/functions",
            self._wait_until_up,
            {"echo": 60.0, "late": 0.5},
        )
        gateway_port = await self.gateway.start(0)
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway_port}", timeout=60, verify=False)
        return self.client

    async def stop(self) -> None:
        await self.client.aclose()
        await self.gateway.stop()
        await self._server.stop()

    async def _wait_until_up(self, seconds: float) -> bool:
        return self.up


async def _echo(request: Request) -> Response:
    return JSONResponse(
        {
            "method": request.method,
            "raw_path": request.scope["raw_path"].decode(),
            "query": request.scope["query_string"].decode(),
            "headers": dict(request.headers),
            "body_length": len(await request.body()),
        }
    )


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    await rig.start()
    yield rig
    await rig.stop()


async def test_method_path_query_and_body_arrive_as_they_were_sent(rig: Rig) -> None:
    seen = (await rig.client.patch("/echo/a%2Fb?c=d%20e&f", content=b"12345")).json()
    assert seen["method"] == "PATCH"
    assert seen["raw_path"] == "/functions/echo/echo/a%2Fb"
    assert seen["query"] == "c=d%20e&f"
    assert seen["body_length"] == 5


async def test_the_client_is_named_and_headers_of_the_connection_are_dropped(rig: Rig) -> None:
    headers = {"Connection": "keep-alive, X-Mine", "X-Mine": "1", "TE": "trailers", "Host": "weftly.example"}
    seen = (await rig.client.get("/echo", headers=headers)).json()["headers"]
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["host"] == "weftly.example"
    assert not {"x-mine", "te"} & set(seen)


async def test_an_unknown_path_is_a_json_404_with_security_headers(rig: Rig) -> None:
    answer = await rig.client.get("/nothing")
    error = answer.json()["error"]
    assert answer.status_code == error["code"] == 404
    assert error["status"] == "NOT_FOUND"
    assert error["details"][0]["reason"] == "PATH_NOT_FOUND"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert error["details"][1]["requestId"] == answer.headers["x-request-id"]


async def test_its_own_answers_carry_the_id_of_the_request_where_it_is_sane(rig: Rig) -> None:
    rig.up = False
    for path, code in (("/nothing", 404), ("/echo", 503)):
        kept = await rig.client.get(path, headers={"X-Request-Id": "abc-1"})
        replaced = await rig.client.get(path, headers={"X-Request-Id": "a b"})
        assert (kept.status_code, kept.headers["x-request-id"]) == (code, "abc-1")
        assert kept.json()["error"]["details"][1]["requestId"] == "abc-1"
        assert len(replaced.headers["x-request-id"]) == 26


async def test_a_long_path_is_not_repeated(rig: Rig) -> None:
    assert len((await rig.client.get("/" + "x" * 20_000)).content) < 1000


@pytest.mark.parametrize("method", ["FOO", "TRACE", "get", "PROPFIND"])
@pytest.mark.parametrize("path", ["/echo", "/nothing"])
async def test_a_method_that_is_none_is_a_json_405(rig: Rig, method: str, path: str) -> None:
    reader, writer = await asyncio.open_connection(rig.client.base_url.host, rig.client.base_url.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 405 ")
    assert b"allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" in head
    assert b"x-content-type-options: nosniff" in head
    assert json.loads(body)["error"]["status"] == "UNIMPLEMENTED"


async def test_functions_that_are_down_are_a_json_503_that_says_when_to_retry(rig: Rig) -> None:
    rig.up = False
    answer = await rig.client.post("/echo")
    assert answer.status_code == 503
    assert answer.json()["error"]["status"] == "UNAVAILABLE"
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(("method", "calls"), [("POST", 1), ("GET", 2)])
async def test_a_function_that_breaks_off_is_a_503_and_only_reading_is_tried_again(method: str, calls: int) -> None:
    seen: list[str] = []

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        seen.append(method)
        writer.close()

    async def up(seconds: float) -> bool:
        return True

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    gateway = Gateway(UrlMap({"echo": ["/echo"]}), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", up)
    url = f"http://127.0.0.1:{await gateway.start(0)}/echo"
    async with httpx.AsyncClient() as client:
        answer = await client.request(method, url)
    await gateway.stop()
    server.close()
    await server.wait_closed()
    assert answer.status_code == 503
    assert len(seen) == calls


async def test_a_function_that_is_late_is_a_504(rig: Rig) -> None:
    async def late(request: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    rig.handler = late
    answer = await rig.client.get("/late")
    assert answer.status_code == 504
    assert answer.json()["error"]["status"] == "DEADLINE_EXCEEDED"


async def test_events_arrive_while_the_answer_is_still_open(rig: Rig) -> None:
    go_on = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        await go_on.wait()
        yield "data: 2\n\n"

    async def stream(request: Request) -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    rig.handler = stream
    async with rig.client.stream("GET", "/echo") as answer:
        chunks = answer.aiter_text()
        assert await anext(chunks) == "data: 1\n\n"
        go_on.set()
        assert await anext(chunks) == "data: 2\n\n"


async def test_a_client_that_leaves_is_seen_by_the_function(rig: Rig) -> None:
    left = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        try:
            yield "data: 1\n\n"
            await asyncio.Event().wait()
        finally:
            left.set()

    async def stream(request: Request) -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    rig.handler = stream
    async with rig.client.stream("GET", "/echo") as answer:
        await anext(answer.aiter_text())
    await asyncio.wait_for(left.wait(), 5)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_refusal_of_fifty_megabytes_reaches_the_client(rig: Rig, chunked: bool) -> None:
    async def refuse(request: Request) -> Response:
        return JSONResponse({"error": {"code": 413}}, status_code=413)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield bytes(1_000_000)

    rig.handler = refuse
    content = chunks() if chunked else bytes(50_000_000)
    answer = await rig.client.post("/echo", content=content)
    assert answer.status_code == 413
    assert answer.json() == {"error": {"code": 413}}


async def test_a_large_body_is_passed_on_whole(rig: Rig) -> None:
    answer = await rig.client.post("/echo", content=bytes(20_000_000))
    assert answer.json()["body_length"] == 20_000_000


async def test_a_path_is_logged_without_what_may_open_something(rig: Rig, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "local.requests")
    token = "q1w2e3r4t5y6u7i8o9p0a1s2d3" + "-Zx_" * 11
    for path in (f"/echo/{token}/5dphf9qx0r8m3kz7v1c2b4n6ta", "/echo/a%0aGET%20/b", f"/{'x' * 90}"):
        await rig.client.get(path)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "GET /echo/…/5dphf9qx0r8m3kz7v1c2b4n6ta 200" in logged
    for hidden in (token, "GET /b", "xxx"):
        assert hidden not in logged
