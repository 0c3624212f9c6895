"""One suite over two servers: the local Firestore, in this process, and Google's own emulator, where there is one.

Each test has a project of its own, so that one emulator serves them all.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
import pytest
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreAsyncClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from wire_values import value_of

from local.database import Database
from local.firestore.index_file import IndexFile
from local.firestore.service import FirestoreService
from tests.differential.emulator import emulating

OWNER = (("authorization", "Bearer owner"),)


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The address of Google's emulator, started once."""
    with emulating() as address:
        if address is None:
            pytest.skip("Google's Firestore emulator needs gcloud with its component, and Java")
        yield address


@pytest.fixture(params=["local", pytest.param("google", marks=pytest.mark.emulator)])
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Of the server under test."""
    if request.param == "google":
        yield request.getfixturevalue("emulator")
        return
    async with serving() as served:
        yield served


@asynccontextmanager
async def serving(database: Database | None = None, **options: Any) -> AsyncIterator[str]:
    """The address of a local server, for as long as the block runs."""
    kept = database or Database(None)
    service = FirestoreService(kept, **options)
    try:
        yield f"127.0.0.1:{await service.start(0)}"
    finally:
        await service.stop()
        if database is None:
            kept.close()


@pytest.fixture
def project() -> str:
    return f"p-{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def connect(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str, str], firestore.AsyncClient]]:
    """Clients by address and project, closed after the test."""
    clients: list[firestore.AsyncClient] = []

    def make(address: str, project: str) -> firestore.AsyncClient:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        clients.append(firestore.AsyncClient(project=project))
        return clients[-1]

    yield make
    for client in clients:
        if client._firestore_api_internal is not None:
            await client._firestore_api_internal.transport.close()


@pytest.fixture
def client(address: str, project: str, connect: Callable[[str, str], firestore.AsyncClient]) -> firestore.AsyncClient:
    """The client that the product uses."""
    return connect(address, project)


@dataclass(frozen=True)
class Api:
    """The generated client: each call as it is on the wire, with nothing tried again."""

    client: FirestoreAsyncClient
    database: str

    @property
    def documents(self) -> str:
        return f"{self.database}/documents"

    def name(self, path: str) -> str:
        return f"{self.documents}/{path}"

    def call(self, method: str, **request: Any) -> Awaitable[Any]:
        return getattr(self.client, method)(request=request, retry=None, metadata=OWNER)

    async def all(self, method: str, **request: Any) -> list[Any]:
        """Every response of a streaming call."""
        return [response async for response in await self.call(method, **request)]

    def commit(self, *writes: Any, **request: Any) -> Awaitable[types.CommitResponse]:
        return self.call("commit", database=self.database, writes=list(writes), **request)

    def get(self, path: str, **request: Any) -> Awaitable[types.Document]:
        return self.call("get_document", name=self.name(path), **request)

    async def begin(self, **options: Any) -> bytes:
        response = await self.call("begin_transaction", database=self.database, options=options)
        return response.transaction

    def update(self, path: str, mask: list[str] | None = None, **fields: Any) -> types.Write:
        """A Write of integers, booleans, strings and Values; with a mask only of what it names."""
        document = types.Document(name=self.name(path), fields={key: value_of(v) for key, v in fields.items()})
        write = types.Write(update=document)
        if mask is not None:
            write.update_mask = types.DocumentMask(field_paths=mask)
        return write

    def value(self, value: Any) -> types.Value:
        """Of a plain Python value."""
        return value_of(value)

    def delete(self, path: str) -> types.Write:
        return types.Write(delete=self.name(path))


@pytest.fixture
def api_of(project: str) -> Callable[[str], AbstractAsyncContextManager[Api]]:
    """``async with api_of(address) as api``."""

    @asynccontextmanager
    async def connect(address: str) -> AsyncIterator[Api]:
        async with grpc.aio.insecure_channel(address) as channel:
            transport = FirestoreGrpcAsyncIOTransport(channel=channel)
            yield Api(FirestoreAsyncClient(transport=transport), f"projects/{project}/databases/(default)")

    return connect


@pytest.fixture
async def api(address: str, api_of: Callable[[str], AbstractAsyncContextManager[Api]]) -> AsyncIterator[Api]:
    async with api_of(address) as connected:
        yield connected


@pytest.fixture
def serve() -> Callable[..., AbstractAsyncContextManager[str]]:
    """``async with serve(database, indexes=..., clock=...) as address``: a local server with these options."""
    return serving


@pytest.fixture
def index_file() -> Callable[..., IndexFile]:
    """From the entries of an index file, for the project ``indexed``."""

    def make(indexes: list[Any] | None = None, overrides: list[Any] | None = None) -> IndexFile:
        content = {"project": "indexed", "indexes": indexes or [], "fieldOverrides": overrides or []}
        return IndexFile.parse(content)

    return make
