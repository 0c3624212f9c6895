"""A whole local cloud with faults, and clients of it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import grpc.aio
import pytest
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from local import faults
from local.cloud import Cloud
from local.database import Database

QUEUE = "projects/p/locations/us-central1/queues/work"


class Troubled:
    """A cloud that started with a specification; ``met`` counts what went wrong."""

    def __init__(self, spec: str, profile: str | None = None) -> None:
        self.disturbances = faults.Disturbances(faults.parse(spec), faults.PROFILES[profile] if profile else None)
        self.met = self.disturbances.met
        self._database = Database(None)
        self.cloud = Cloud(self._database, "p", disturbances=self.disturbances)

    async def start(self) -> None:
        await self.cloud.start()
        self._channel = grpc.aio.insecure_channel(self.cloud.address("tasks"))
        self.tasks = tasks_v2.CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=self._channel))
        self.cloud.tasks.ensure_queue(QUEUE, min_backoff_seconds=0.01, max_backoff_seconds=0.05)

    async def stop(self) -> None:
        await self._channel.close()
        await self.cloud.stop()
        self._database.close()


@pytest.fixture
async def troubled() -> AsyncIterator[Callable[..., Awaitable[Troubled]]]:
    started: list[Troubled] = []

    async def start(spec: str, profile: str | None = None) -> Troubled:
        made = Troubled(spec, profile)
        await made.start()
        started.append(made)
        return made

    yield start
    for made in started:
        await made.stop()
