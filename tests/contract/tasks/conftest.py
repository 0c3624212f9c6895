"""A Cloud Tasks server of this process, the real client to it, and a handler that tasks may call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio
import pytest
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from starlette.requests import Request
from starlette.responses import Response

from local.database import Database
from local.identity import Identity
from local.routing import Routes
from local.serving import HttpServer
from local.tasks import TasksService

QUEUE = "projects/p/locations/us-central1/queues/work"


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Handler:
    """An HTTP server that notes each call and answers ``answer(call, number of the call)``."""

    answer: Callable[[Call, int], Response | Awaitable[Response]] = lambda _call, _number: Response()
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        call = Call(method=request.method, path=request.url.path, headers=dict(request.headers), body=body)
        self.calls.append(call)
        answer = self.answer(call, len(self.calls))
        response = answer if isinstance(answer, Response) else await answer
        await response(scope, receive, send)

    async def called(self, times: int) -> list[Call]:
        async with asyncio.timeout(20):
            while len(self.calls) < times:
                await asyncio.sleep(0.002)
        return self.calls


@pytest.fixture
async def handler() -> AsyncIterator[Handler]:
    handler = Handler()
    server = HttpServer(handler)
    handler.url = f"http://127.0.0.1:{await server.start(0)}"
    yield handler
    await server.stop()


class Cloud:
    """Starts Cloud Tasks over one database file, any number of times one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.routes = Routes()

    async def start(self) -> tasks_v2.CloudTasksAsyncClient:
        self._database = Database(self._path)
        self.identity = Identity(self._database)
        self.service = TasksService(self._database, self.identity, self.routes)
        port = await self.service.start(0)
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return tasks_v2.CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=self._channel))

    async def stop(self) -> None:
        await self._channel.close()
        await self.service.stop()
        self._database.close()


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    cloud = Cloud(tmp_path / "data.sqlite")
    yield cloud
    await cloud.stop()


@pytest.fixture
async def tasks(cloud: Cloud) -> tasks_v2.CloudTasksAsyncClient:
    client = await cloud.start()
    cloud.service.ensure_queue(QUEUE, min_backoff_seconds=0.01, max_backoff_seconds=0.05)
    return client


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait for ``condition``; TimeoutError when it does not come true."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.005)
