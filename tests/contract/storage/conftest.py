"""A Cloud Storage server of this process, the real client to it, and plain HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from local.database import Database
from local.identity import Identity
from local.storage import StorageService

BUCKET = "weftly-files"


class Cloud:
    """Starts Cloud Storage over one database file, any number of times one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def start(self) -> None:
        self.database = Database(self._path)
        self.offset = 0.0
        self.published: list[tuple[str, bytes, dict[str, str]]] = []
        self.identity = Identity(self.database)
        self._service = StorageService(
            self.database,
            lambda: time.time() + self.offset,
            identity=self.identity,
            publish=lambda topic, data, attributes: self.published.append((topic, data, dict(attributes))),
        )
        port = await self._service.start(0)
        self._service.ensure_bucket(BUCKET)
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.AsyncClient(base_url=self.url, timeout=20, verify=False)
        self._client: storage.Client | None = None

    @property
    def client(self) -> storage.Client:
        if self._client is None:
            options = {"api_endpoint": self.url}
            self._client = storage.Client(project="p", credentials=AnonymousCredentials(), client_options=options)
        return self._client

    def sweep(self) -> int:
        """Apply the lifecycles now."""
        return self._service.sweep()

    async def do(self, call: Callable[[storage.Bucket], Any]) -> Any:
        """Run the blocking client off the event loop."""
        return await asyncio.to_thread(lambda: call(self.client.bucket(BUCKET)))

    async def stop(self) -> None:
        await self.http.aclose()
        if self._client is not None:
            self._client.close()
        await self._service.stop()
        self.database.close()


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    cloud = Cloud(tmp_path / "data.sqlite")
    await cloud.start()
    yield cloud
    await cloud.stop()
