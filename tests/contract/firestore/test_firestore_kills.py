"""Killed at random moments under load, the local cloud has kept what it said it had, and nothing by halves.

``LOCAL_KILLS`` says how often. The long version, 200 times:
``LOCAL_KILLS=200 python -m pytest tests/contract/firestore/test_firestore_kills.py``
"""

import asyncio
import os
import random
import sys
import textwrap
import time
from contextlib import asynccontextmanager, suppress

import grpc
import grpc.aio
import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.cloud.firestore_v1 import types
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from google.pubsub_v1.services.publisher import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

KILLS = int(os.environ.get("LOCAL_KILLS", "4"))
QUEUE = "projects/p/locations/us-central1/queues/work"
TOPIC, SUBSCRIPTION = "projects/p/topics/events", "projects/p/subscriptions/watch"
SERVER = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from local.cloud import Cloud
    from local.database import Database

    async def main():
        cloud = Cloud(Database(pathlib.Path(sys.argv[1])), "p")
        await cloud.start()
        cloud.tasks.ensure_queue(sys.argv[2])
        print(*(cloud.address(name) for name in ("firestore", "tasks", "pubsub")), flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
    """
)

pytestmark = pytest.mark.timeout(60 + 10 * KILLS)


class Load:
    """Writes without end, and what was acknowledged of it."""

    def __init__(self) -> None:
        self.documents: dict[str, int] = {}
        self.tasks: set[str] = set()
        self.messages: set[str] = set()
        self.number = 0
        self.acknowledged = 0

    def next(self) -> int:
        self.number += 1
        return self.number

    async def write(self, cloud, writer):
        while True:
            number = self.next()
            await cloud.firestore.commit(cloud.firestore.update(f"c/{writer}", n=number, text="x" * 300))
            self.documents[f"c/{writer}"] = number
            self.acknowledged += 1

    async def transact(self, cloud, writer):
        """Two documents that are always written together, in transactions that conflict."""
        api, paths = cloud.firestore, [f"pairs/{writer}-{side}" for side in ("left", "right")]
        while True:
            number = self.next()
            with suppress(exceptions.Aborted):
                transaction = await api.begin()
                with suppress(exceptions.NotFound):
                    await api.get(paths[0], transaction=transaction)
                await api.commit(*(api.update(path, n=number) for path in paths), transaction=transaction)
                self.acknowledged += 1

    async def create_tasks(self, cloud):
        task = {
            "http_request": {"url": "http://127.0.0.1:9/never"},
            "schedule_time": {"seconds": int(time.time()) + 20 * 86_400},
        }
        while True:
            self.tasks.add((await cloud.tasks.create_task(parent=QUEUE, task=task, retry=None)).name)
            self.acknowledged += 1

    async def publish(self, cloud):
        while True:
            text = str(self.next())
            await cloud.publisher.publish(topic=TOPIC, messages=[{"data": text.encode()}], retry=None)
            self.messages.add(text)
            self.acknowledged += 1

    async def run(self, cloud):
        """Until the process is killed."""
        work = [self.write(cloud, number) for number in range(4)]
        work += [self.transact(cloud, number // 2) for number in range(4)]
        work += [self.create_tasks(cloud), self.publish(cloud)]
        for outcome in await asyncio.gather(*work, return_exceptions=True):
            assert isinstance(outcome, exceptions.ServiceUnavailable), repr(outcome)


class Cloud:
    """The process, and clients to it."""

    def __init__(self, process, firestore, tasks, channel) -> None:
        self.process, self.firestore = process, firestore
        self.tasks = tasks_v2.CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=tasks))
        self.publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=channel))
        self.subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))

    async def documents(self, collection):
        """By id, the numbers of a collection, read by their index."""
        order = [{"field": {"field_path": "n"}}]
        query = types.StructuredQuery(from_=[{"collection_id": collection}], order_by=order)
        rows = await self.firestore.all("run_query", parent=self.firestore.documents, structured_query=query)
        found = [row.document for row in rows if row.document.name]
        return {one.name.rpartition("/")[2]: one.fields["n"].integer_value for one in found}


@asynccontextmanager
async def started(path, api_of):
    command = (sys.executable, "-c", SERVER, str(path), QUEUE)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        addresses = (await asyncio.wait_for(process.stdout.readline(), 40)).decode().split()
        async with (
            api_of(addresses[0]) as firestore,
            grpc.aio.insecure_channel(addresses[1]) as tasks,
            grpc.aio.insecure_channel(addresses[2]) as channel,
        ):
            yield Cloud(process, firestore, tasks, channel)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def check(cloud, load):
    """Every acknowledged write is there, no transaction by halves, no task or message gone."""
    written = await cloud.documents("c")
    for path, number in load.documents.items():
        assert written[path.removeprefix("c/")] >= number
        assert (await cloud.firestore.get(path)).fields["n"].integer_value == written[path.removeprefix("c/")]
    pairs = await cloud.documents("pairs")
    assert all(pairs[f"{id_[0]}-left"] == pairs[f"{id_[0]}-right"] for id_ in pairs)
    assert load.tasks <= {task.name async for task in await cloud.tasks.list_tasks(parent=QUEUE)}
    async with asyncio.timeout(60):
        while load.messages:
            pulled = (await cloud.subscriber.pull(subscription=SUBSCRIPTION, max_messages=1000)).received_messages
            ids = [one.ack_id for one in pulled]
            await cloud.subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=ids)
            load.messages -= {one.message.data.decode() for one in pulled}


async def test_what_was_acknowledged_is_there_after_each_of_many_kills(tmp_path, api_of):
    path, load, rng = tmp_path / "data.sqlite", Load(), random.Random("kills")
    async with started(path, api_of) as cloud:
        await cloud.publisher.create_topic(name=TOPIC)
        await cloud.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    for _ in range(KILLS):
        async with started(path, api_of) as cloud:
            await check(cloud, load)
            enough = load.acknowledged + 20
            running = asyncio.create_task(load.run(cloud))
            async with asyncio.timeout(60):
                while load.acknowledged < enough and not running.done():
                    await asyncio.sleep(0.001)
            await asyncio.sleep(rng.uniform(0, 0.2))
            cloud.process.kill()
            await running
    assert load.documents
    assert load.tasks
    assert load.messages
    async with started(path, api_of) as cloud:
        await check(cloud, load)
