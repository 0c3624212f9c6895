"""The stage on which the engine runs: each test has a Firestore of its own, in its own process."""

import functools
from collections.abc import AsyncIterator

import grpc.aio
import pytest

from local.database import Database
from local.firestore.service import FirestoreService
from shared import config
from shared.gcp import pubsub, storage, tasks
from tests.engine.stage import Calls, Stage


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    calls = Calls()
    database = Database(None)
    with monkeypatch.context() as patched:
        patched.setattr(grpc.aio, "server", functools.partial(grpc.aio.server, interceptors=[calls]))
        service = FirestoreService(database)
        port = await service.start(0)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    config.settings.cache_clear()
    made = Stage(calls=calls)
    monkeypatch.setattr(tasks, "create", made.create_task)
    monkeypatch.setattr(pubsub, "publish", made.publish)
    monkeypatch.setattr(storage, "put", made.put_object)
    monkeypatch.setattr(storage, "get", made.get_object)
    yield made
    await service.stop()
    database.close()
    config.settings.cache_clear()
