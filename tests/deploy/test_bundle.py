"""Does the bundle run where the repository is not, and is it the same whenever it is built?"""

import asyncio
import os
import subprocess
import sys
import threading
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from started import PROJECT, serving, unpack

from deploy import bundle, smoke
from local.auth import AuthService
from local.database import Database
from local.firestore.index_file import IndexFile
from local.firestore.service import FirestoreService
from local.identity import Identity

FUNCTIONS = bundle.functions()
CHOSEN = list(FUNCTIONS) if os.environ.get("BUNDLE") else ["graphs", "tick"]
"""BUNDLE=1 (``make long``): every function, in an environment that has only requirements.txt. Otherwise one of each
kind, in the environment that is there."""


Mint = Callable[[str, str], str]
"""Audience and e-mail -> the platform's token."""
Google = tuple[Mint, dict[str, str]]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("far")
    return unpack(bundle.build(folder / "dist"), folder / "workspace")


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory, workspace: Path) -> Path:
    if not os.environ.get("BUNDLE"):
        return Path(sys.executable).parent
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "pip", "install", "--quiet", "--requirement", workspace / "requirements.txt"]
    subprocess.run(command, check=True, timeout=900)
    return folder / "bin"


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    """A Firestore and an Auth, on a thread of their own: what signs tokens, and the settings that lead there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stop = asyncio.Event()
    started: Future[tuple[Identity, dict[str, str]]] = Future()
    served = asyncio.run_coroutine_threadsafe(_serve(started, stop), loop)
    served.add_done_callback(lambda done: done.exception() and started.set_exception(done.exception()))
    identity, settings = started.result(30)

    async def minted(audience: str, email: str) -> str:
        return identity.mint_oidc(audience, email)

    def mint(audience: str, email: str) -> str:
        """On that thread: the key that signs is in its database."""
        return asyncio.run_coroutine_threadsafe(minted(audience, email), loop).result(30)

    yield mint, settings
    loop.call_soon_threadsafe(stop.set)
    served.result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


async def _serve(started: "Future[tuple[Identity, dict[str, str]]]", stop: asyncio.Event) -> None:
    database = Database(None)
    identity = Identity(database)
    indexes = IndexFile.load(bundle.ROOT / "terraform" / "firestore.indexes.json")
    firestore, auth = FirestoreService(database, indexes=indexes), AuthService(database, identity, PROJECT)
    ports = await firestore.start(0), await auth.start(0)
    settings = {
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{ports[0]}",
        "FIREBASE_AUTH_EMULATOR_HOST": f"127.0.0.1:{ports[1]}",
        "OIDC_CERTS_URL": f"http://127.0.0.1:{ports[1]}/oauth2/v3/certs",
    }
    started.set_result((identity, settings))
    await stop.wait()
    await firestore.stop()
    await auth.stop()
    database.close()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("function", CHOSEN)
def test_a_function_starts_from_the_bundle_and_answers(
    function: str, workspace: Path, scripts: Path, google: Google
) -> None:
    mint, settings = google
    with serving(workspace, scripts, function, settings) as client:
        answered = _public(client, function) if FUNCTIONS[function]["public"] else _signed(client, function, mint)
        assert answered.headers["X-Content-Type-Options"] == "nosniff", "the app answered, not the framework"


def _public(client: httpx.Client, function: str) -> httpx.Response:
    """What is asked of it when it is deployed, too."""
    smoke.ask(str(client.base_url).rstrip("/"), FUNCTIONS[function]["paths"])
    return client.get("/api/v1/never-there")


def _signed(client: httpx.Client, function: str, mint: Mint) -> httpx.Response:
    """Without the platform's token 401; with it, whatever the body is worth."""
    assert client.post("/", json={}).status_code == 401
    url = f"https://us-central1-{PROJECT}.cloudfunctions.net/{function}"
    token = mint(url, f"invoker@{PROJECT}.iam.gserviceaccount.com")
    answer = client.post("/", json={}, headers={"Authorization": f"Bearer {token}"})
    expected = {"schedule": {200}, "tasks": {400}}.get(FUNCTIONS[function]["trigger"], {200, 204, 400})
    assert answer.status_code in expected, answer.text
    return answer


def test_two_builds_have_the_same_bytes_and_name(tmp_path: Path) -> None:
    first, second = bundle.build(tmp_path / "a"), bundle.build(tmp_path / "b")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_its_name_changes_with_its_content() -> None:
    contents = bundle.files()
    changed = contents | {"shared/clock.py": contents["shared/clock.py"] + b"\n"}
    assert bundle.name_of(bundle.pack(contents)) != bundle.name_of(bundle.pack(changed))


def test_it_holds_what_runs_and_nothing_else() -> None:
    contents = bundle.files()
    assert {name.partition("/")[0] for name in contents} == {
        "functions",
        "shared",
        "requirements.txt",
        *(bundle.starter(name) for name in FUNCTIONS),
    }
    assert not [name for name in contents if "__pycache__" in name or name.endswith((".md", ".pyc"))]
    assert not bundle.OPERATORS - {path.relative_to(bundle.ROOT).as_posix() for path in bundle.ROOT.glob("*/*.py")}
