"""How is one function served for a measurement? In a process of its own, as functions-framework serves it, against a
local Firestore and Auth in this one."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import httpx

from local.auth import AuthService
from local.database import Database
from local.firestore.index_file import IndexFile
from local.firestore.service import FirestoreService
from local.identity import Identity
from shared import config

ROOT = Path(__file__).parents[1]
PROJECT = "weftly-local"
_SERVE = """
import functions_framework.aio, sys, uvicorn
app = functions_framework.aio.create_asgi_app(sys.argv[1], f"functions/{sys.argv[1]}.py")
uvicorn.run(app, port=0, log_level="info", access_log=False)
"""


@dataclass(frozen=True)
class Served:
    """A function that answers at ``port`` of 127.0.0.1, and a user who may call it."""

    port: int
    pid: int
    token: str
    user_id: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Google:
    """Servers of this process in the place of Google's. ``settings``: what leads a function to them."""

    identity: Identity
    settings: Mapping[str, str]


@asynccontextmanager
async def google(interceptors: Sequence[grpc.aio.ServerInterceptor] = ()) -> AsyncGenerator[Google]:
    """A Firestore and an Auth. ``interceptors``: of the Firestore."""
    database = Database(None)
    identity = Identity(database)
    indexes = IndexFile.load(ROOT / "terraform" / "firestore.indexes.json")
    firestore = FirestoreService(database, indexes=indexes, interceptors=interceptors)
    auth = AuthService(database, identity, PROJECT)
    ports = await firestore.start(0), await auth.start(0)
    settings = {
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{ports[0]}",
        "FIREBASE_AUTH_EMULATOR_HOST": f"127.0.0.1:{ports[1]}",
        "OIDC_CERTS_URL": f"http://127.0.0.1:{ports[1]}/oauth2/v3/certs",
        "RATE_LIMIT_PER_MINUTE": "0",
    }
    try:
        yield Google(identity, settings)
    finally:
        await firestore.stop()
        await auth.stop()
        database.close()


@asynccontextmanager
async def function(name: str, interceptors: Sequence[grpc.aio.ServerInterceptor] = ()) -> AsyncGenerator[Served]:
    """Without a limit of requests. ``interceptors``: of its Firestore, which this process uses too."""
    async with google(interceptors) as there:
        os.environ.update(there.settings)
        config.settings.cache_clear()
        command = (sys.executable, "-c", _SERVE, name)
        served = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        assert served.stderr is not None
        try:
            port = await _port(served.stderr)
            rest = asyncio.create_task(_passed_on(served.stderr))
            yield Served(port, served.pid, *await user(there))
            rest.cancel()
        finally:
            if served.returncode is None:
                served.send_signal(signal.SIGTERM)
            await served.wait()


async def _port(log: asyncio.StreamReader) -> int:
    said = ""
    while line := (await log.readline()).decode():
        if "running on http://" in line:
            return int(line.partition("running on http://")[2].split()[0].rpartition(":")[2])
        said += line
    raise RuntimeError(f"the function did not start: {said}")


async def _passed_on(log: asyncio.StreamReader) -> None:
    """What it says goes on to ours: a pipe that nobody reads would stop it."""
    while line := await log.readline():
        sys.stderr.write(line.decode(errors="replace"))


async def user(there: Google) -> tuple[str, str]:
    """Token and id of a new one."""
    host = there.settings["FIREBASE_AUTH_EMULATOR_HOST"]
    url = f"http://{host}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=x"
    body = {"email": "many@weftly.example", "password": "correct horse", "returnSecureToken": True}
    async with httpx.AsyncClient() as http:
        made = (await http.post(url, json=body)).json()
    return made["idToken"], made["localId"]
