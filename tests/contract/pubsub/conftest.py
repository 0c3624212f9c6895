"""A Pub/Sub server of this process, the real clients to it, and an endpoint that subscriptions may push to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio
import orjson
import pytest
from google.pubsub_v1.services.publisher import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from starlette.requests import Request
from starlette.responses import Response

from local.database import Database
from local.identity import Identity
from local.pubsub import PubSubService
from local.routing import Routes
from local.serving import HttpServer

TOPIC = "projects/p/topics/events"
SUBSCRIPTION = "projects/p/subscriptions/watch"


@dataclass(frozen=True, kw_only=True)
class Push:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        return orjson.loads(self.body)["message"]


@dataclass
class Endpoint:
    """An HTTP server that notes each push and answers ``answer(push, number of the push)``."""

    answer: Callable[[Push, int], Response | Awaitable[Response]] = lambda _push, _number: Response(status_code=204)
    pushes: list[Push] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        push = Push(path=request.url.path, headers=dict(request.headers), body=await request.body())
        self.pushes.append(push)
        answer = self.answer(push, len(self.pushes))
        response = answer if isinstance(answer, Response) else await answer
        await response(scope, receive, send)

    async def pushed(self, times: int) -> list[Push]:
        async with asyncio.timeout(20):
            while len(self.pushes) < times:
                await asyncio.sleep(0.002)
        return self.pushes


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    server = HttpServer(endpoint)
    endpoint.url = f"http://127.0.0.1:{await server.start(0)}"
    yield endpoint
    await server.stop()


class Cloud:
    """Starts Pub/Sub over one database file, any number of times one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.routes = Routes()

    async def start(self) -> None:
        self._database = Database(self._path)
        self.identity = Identity(self._database)
        self.service = PubSubService(self._database, self.identity, self.routes)
        self.port = await self.service.start(0)
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}")
        self.publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=self._channel))
        self.subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=self._channel))

    async def stop(self) -> None:
        await self._channel.close()
        await self.service.stop()
        self._database.close()

    async def publish(self, *data: bytes, topic: str = TOPIC, **fields: Any) -> list[str]:
        messages = [{"data": each, **fields} for each in data]
        return list((await self.publisher.publish(topic=topic, messages=messages)).message_ids)

    async def subscribe(self, name: str = SUBSCRIPTION, **settings: Any) -> None:
        await self.subscriber.create_subscription(request={"name": name, "topic": TOPIC, **settings})

    async def pull(self, most: int = 10, name: str = SUBSCRIPTION, wait: bool = True) -> list[Any]:
        request = {"subscription": name, "max_messages": most, "return_immediately": not wait}
        return list((await self.subscriber.pull(request=request)).received_messages)

    async def ack(self, *received: Any) -> None:
        ids = [each.ack_id for each in received]
        await self.subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=ids)

    async def refuse(self, *received: Any) -> None:
        ids = [each.ack_id for each in received]
        await self.subscriber.modify_ack_deadline(subscription=SUBSCRIPTION, ack_ids=ids, ack_deadline_seconds=0)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    cloud = Cloud(tmp_path / "data.sqlite")
    await cloud.start()
    cloud.service.ensure_topic(TOPIC)
    yield cloud
    await cloud.stop()
