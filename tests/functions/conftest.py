"""Functions as real apps, over HTTP, against a Firestore and an Auth of this process."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from clamd_double import Clamd
from served import PROJECT, ROOT, Accounts, Cloud, MakeApi, User, app_of
from uploading import Uploads

from local.auth import AuthService, passwords
from local.database import Database
from local.firestore.index_file import IndexFile
from local.firestore.service import FirestoreService
from local.identity import Identity
from local.storage import StorageService
from shared import config
from shared.gcp import oidc, signing, storage
from shared.services import vault, world


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The servers on a thread of their own, so that they outlive the event loop of a test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), loop).result(30)

    async def start() -> tuple[Any, list[Any], Cloud]:
        database = Database(None)
        indexes = IndexFile.load(ROOT / "terraform" / "firestore.indexes.json")
        firestore = FirestoreService(database, indexes=indexes)
        identity = Identity(database)
        assert identity.key_id  # made here: the connection is this thread's
        auth = AuthService(database, identity, PROJECT)
        later = [0.0]
        objects = StorageService(database, lambda: time.time() + later[0], identity=identity)
        ports = await firestore.start(0), await auth.start(0), await objects.start(0)
        for bucket in ("files", "quarantine"):
            objects.ensure_bucket(f"{PROJECT}-{bucket}")

        def token(function: str, caller: str = "invoker") -> str:
            audience = f"https://us-central1-{PROJECT}.cloudfunctions.net/{function}"
            return identity.mint_oidc(audience, f"{caller}@{PROJECT}.iam.gserviceaccount.com")

        places = [f"127.0.0.1:{port}" for port in ports]
        return database, [firestore, auth, objects], Cloud(*places, token, later)

    database, services, started = run(start())
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(passwords, "COST", 2)  # nearly every test signs a user up
        yield started

    async def stop() -> None:
        for service in services:
            await service.stop()
        database.close()

    run(stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(autouse=True)
def environment(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    keys = tmp_path_factory.getbasetemp() / "credentials.key"
    monkeypatch.setenv("CREDENTIALS_KEY_FILE", str(keys))
    vault.real.cache_clear()
    world.real.cache_clear()
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", cloud.firestore)
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", cloud.auth)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{cloud.storage}")
    storage.client.cache_clear()
    signing.signer.cache_clear()
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "0")
    monkeypatch.setenv("MAX_STREAM_SECONDS", "0.1")  # an answer of this client is there when it is over
    config.settings.cache_clear()
    yield
    config.settings.cache_clear()


@pytest.fixture
async def accounts(cloud: Cloud) -> AsyncIterator[Accounts]:
    made = Accounts(cloud.auth)
    yield made
    await made.close()


@pytest.fixture
async def user(accounts: Accounts) -> User:
    return await accounts.user()


@pytest.fixture
async def make_api() -> AsyncIterator[MakeApi]:
    """A client of one function, signed in as a user or nobody. ``fresh``: an instance of its own, which reads the
    settings again."""
    made: list[httpx.AsyncClient] = []

    def make(function: str, user: User | None = None, *, fresh: bool = False) -> httpx.AsyncClient:
        app = app_of.__wrapped__(function) if fresh else app_of(function)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://weftly.test/api/v1",
            headers=user.headers if user else {},
            timeout=30,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def api(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    """The function ``graphs``, signed in as ``user``."""
    return make_api("graphs", user)


@pytest.fixture
def a_graph() -> Callable[..., dict[str, Any]]:
    """A graph of one input, one TEXT_PROCESSING and one output."""

    def make(**changes: Any) -> dict[str, Any]:
        graph: dict[str, Any] = {
            "name": "Shout",
            "nodes": [
                {
                    "id": "in",
                    "block_type": "AGENT_INPUT",
                    "input_data": {"name": "text", "description": "What to say"},
                },
                {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
                {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "loud"}},
            ],
            "links": [
                {"source_id": "in", "source_name": "result", "sink_id": "up", "sink_name": "text"},
                {"source_id": "up", "source_name": "processed_text", "sink_id": "out", "sink_name": "value"},
            ],
        }
        return {**graph, **changes}

    return make


@pytest.fixture
async def clamd(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clamd]:
    """A virus scanner, which the functions are told of."""
    made = Clamd()
    monkeypatch.setenv("CLAMD_URL", await made.start())
    config.settings.cache_clear()
    world.real.cache_clear()
    yield made
    await made.stop()


@pytest.fixture
def scan_api(cloud: Cloud, make_api: MakeApi, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """The function ``scan``, with the token of the platform's own caller."""
    monkeypatch.setenv("OIDC_CERTS_URL", f"http://{cloud.auth}/oauth2/v3/certs")
    config.settings.cache_clear()
    world.real.cache_clear()
    monkeypatch.setattr(oidc, "_keys", None)
    api = make_api("scan")
    api.headers["Authorization"] = f"Bearer {cloud.token('scan')}"
    return api


@pytest.fixture
async def uploads(make_api: MakeApi, user: User, clamd: Clamd, scan_api: httpx.AsyncClient) -> AsyncIterator[Uploads]:
    async with httpx.AsyncClient(timeout=20) as web:
        yield Uploads(api=make_api("users", user), scan=scan_api, web=web, user=user)
