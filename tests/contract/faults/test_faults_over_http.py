"""What a specification says happens to calls over HTTP: to the services, and from them to functions."""

import asyncio
import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from local.serving import HttpServer

QUEUE = "projects/p/locations/us-central1/queues/work"
SIGN_UP = "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any"


class Handler:
    """A function that notes each call."""

    def __init__(self) -> None:
        self.retries: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        await request.body()
        self.retries.append(request.headers["x-cloudtasks-taskretrycount"])
        await Response()(scope, receive, send)


@pytest.fixture
async def handler():
    handler = Handler()
    server = HttpServer(handler)
    handler.url = f"http://127.0.0.1:{await server.start(0)}"
    yield handler
    await server.stop()


async def sign_up(cloud) -> tuple[int, list[str]]:
    """The status of a sign-up, and the addresses that are there afterwards."""
    async with httpx.AsyncClient(base_url=f"http://{cloud.cloud.address('auth')}", timeout=20) as http:
        answer = await http.post(SIGN_UP, json={"email": "a@b.example", "password": "secret-1"})
        headers = {"Authorization": "Bearer owner"}
        listed = await http.get("/identitytoolkit.googleapis.com/v1/projects/p/accounts:batchGet", headers=headers)
    return answer.status_code, [user["email"] for user in listed.json()["users"]]


@pytest.mark.parametrize(
    ("kind", "status", "there"),
    [
        ("drop", 503, []),
        ("abort", 503, []),
        ("lose", 503, ["a@b.example"]),
        ("duplicate", 200, ["a@b.example"]),
        ("reorder", 200, ["a@b.example"]),
    ],
)
async def test_a_call_of_a_service(troubled, kind, status, there):
    cloud = await troubled(f"auth.POST: {kind}=1")
    assert await sign_up(cloud) == (status, there)


async def test_the_answer_of_a_fault_is_an_error_that_names_it(troubled):
    cloud = await troubled("storage: abort=1")
    async with httpx.AsyncClient(base_url=f"http://{cloud.cloud.address('storage')}") as http:
        answer = await http.get("/storage/v1/b")
    assert answer.status_code == 503
    assert json.loads(answer.content)["error"]["message"] == "Injected fault: abort of storage.GET."


async def delivered(cloud, handler, spec_calls: int) -> list[str]:
    await cloud.tasks.create_task(parent=QUEUE, task={"http_request": {"url": handler.url}})
    async with asyncio.timeout(20):
        while len(handler.retries) < spec_calls or [t async for t in await cloud.tasks.list_tasks(parent=QUEUE)]:
            await asyncio.sleep(0.005)
    return handler.retries


async def test_a_duplicated_dispatch_reaches_the_handler_twice(troubled, handler):
    cloud = await troubled("tasks.Dispatch: duplicate=1")
    assert await delivered(cloud, handler, 2) == ["0", "0"]


async def test_a_dispatch_whose_answer_is_lost_comes_again(troubled, handler):
    cloud = await troubled("seed=2; tasks.Dispatch: lose=0.6")
    retries = await delivered(cloud, handler, 1)
    assert retries == [str(number) for number in range(len(retries))]
    assert cloud.met["tasks.Dispatch lose"] == len(retries) - 1 > 0


async def test_a_dropped_dispatch_is_tried_again(troubled, handler):
    cloud = await troubled("seed=2; tasks.Dispatch: drop=0.6")
    (retry,) = await delivered(cloud, handler, 1)
    assert cloud.met["tasks.Dispatch drop"] == int(retry) > 0
