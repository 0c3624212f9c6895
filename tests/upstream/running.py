"""How are Google's own system tests run against a server?

They come with the source distribution of the client, not with the installed package: pip fetches it once into
``.local-upstream``. They run in a process of their own, whose settings are ``settings.ini`` beside this file.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from local.database import Database
from local.firestore.service import FirestoreService
from local.identity import Identity
from local.pubsub import PubSubService
from local.routing import Routes
from tests.upstream.suites import Suite

CACHE = Path(__file__).parents[2] / ".local-upstream"

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_PASSED = re.compile(r"(\d+) passed")


class NotFetchedError(Exception):
    """pip could not get the source distribution."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of a run: how many tests passed, and the ids of those that did not."""

    passed: int
    failed: frozenset[str]
    output: str


def fetch(suite: Suite) -> Path:
    """The folder of the tests. NotFetchedError."""
    name = f"{suite.package.replace('-', '_')}-{suite.version}"
    archive = CACHE / f"{name}.tar.gz"
    if not archive.exists():
        options = ["--no-deps", "--no-binary", ":all:", "--disable-pip-version-check", "--dest", str(CACHE)]
        command = [sys.executable, "-m", "pip", "download", *options, f"{suite.package}=={suite.version}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode or not archive.exists():
            raise NotFetchedError(done.stderr)
    if not (CACHE / name).exists():
        with tarfile.open(archive) as opened:
            opened.extractall(CACHE, filter="data")
    return CACHE / name / suite.folder


async def run(suite: Suite, address: str, *more: str) -> Outcome:
    """Run the suite against the server at ``address``; ``more`` goes to pytest. NotFetchedError."""
    folder = await asyncio.to_thread(fetch, suite)
    settings = Path(__file__).with_name("settings.ini")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-c", str(settings), "--rootdir", "."),
        *suite.arguments,
        *more,
        cwd=folder,
        env={**os.environ, **_environment(suite, address)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
    passed = _PASSED.search(output.rpartition("\n=")[2] or output.strip().rpartition("\n")[2])
    return Outcome(
        passed=int(passed.group(1)) if passed else 0, failed=frozenset(_FAILED.findall(output)), output=output
    )


def _environment(suite: Suite, address: str) -> dict[str, str]:
    """The clients ask for credentials even where an emulator looks at none: these open nothing."""
    credentials = CACHE / "credentials.json"
    user = {"type": "authorized_user", "client_id": "none", "client_secret": "none", "refresh_token": "none"}
    credentials.write_text(json.dumps(user))
    return {
        suite.variable: address,
        "GCLOUD_PROJECT": "upstream",
        "GOOGLE_CLOUD_PROJECT": "upstream",
        "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@asynccontextmanager
async def serving(suite: Suite) -> AsyncIterator[str]:
    """The address of a server of ours that the suite is meant for, for as long as the block runs."""
    database = Database(None)
    if suite.variable == "FIRESTORE_EMULATOR_HOST":
        service = FirestoreService(database)
    else:
        service = PubSubService(database, Identity(database), Routes())
    port = await service.start(0)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await service.stop()
        database.close()
