"""The Firebase JS SDK (npm package firebase) signs up, signs in, refreshes and signs out, in Node and in a browser.

npm installs the package once into a cache of the user's; then this takes seconds. Without node, npm, a registry or
Chromium the tests are skipped, and say what is missing.
"""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from local.serving import HttpServer

# npm takes under 20 s for it where nothing else runs.
pytestmark = pytest.mark.timeout(300)
VERSION = "12.19.0"
OLDEST_NODE = 20
JS = Path(__file__).parent / "js"
EXPECTED = [
    "anonymous: true",
    "linked keeps its id: true",
    "signed out: null",
    'signed up: "ada@weftly.example"',
    'name: "Ada"',
    "refreshed: true",
    'claims: ["Ada","ada@weftly.example","password"]',
    'methods: ["password"]',
    "no methods: []",
    "verified: true",
    'taken: "auth/email-already-in-use"',
    'weak: "auth/weak-password"',
    'wrong password: "auth/wrong-password"',
    'reset is for: "ada@weftly.example"',
    'used code: "auth/invalid-action-code"',
    "signed in: true",
    'changed address: "lovelace@weftly.example"',
    "is a link: true",
    'by link: ["link@weftly.example",true]',
    'link methods: ["emailLink"]',
    'by token: ["custom-1","gold"]',
    "deleted: null",
    "password rules: false",
]


@pytest.fixture(scope="session")
def modules() -> Path:
    """A folder with the package in its node_modules."""
    if shutil.which("npm") is None or _node_version() < OLDEST_NODE:
        pytest.skip(f"node {OLDEST_NODE} or newer, and npm, are not there")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weftly" / f"firebase-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "installed").exists():
            (cache / "package.json").write_text('{"private": true}')
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"firebase@{VERSION}"]
            done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode:
                pytest.skip(f"npm cannot install firebase: {done.stderr[-500:]}")
            (cache / "installed").touch()
    return cache


def _node_version() -> int:
    node = shutil.which("node")
    if node is None:
        return 0
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    return int(said.removeprefix("v").split(".")[0])


async def test_in_node(cloud, modules):
    process = await asyncio.create_subprocess_exec(
        *("node", str(JS / "node.mjs"), str(modules), str(cloud.http.base_url)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, complained.decode()
    assert json.loads(said) == EXPECTED


class Page:
    """Serves the scenario to a browser, and takes what comes of it. Its origin is another than that of Auth."""

    def __init__(self, modules: Path) -> None:
        self._firebase = modules / "node_modules" / "firebase"
        self.result: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        routes = [Route("/result", self._take, methods=["POST"]), Route("/{name}", self._serve)]
        self.server = HttpServer(Starlette(routes=routes))

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name in ("firebase-app.js", "firebase-auth.js"):
            # The bundle is made for Google's own host, from which it loads the other one.
            text = (self._firebase / name).read_text()
            text = text.replace(f"https://www.gstatic.com/firebasejs/{VERSION}/", "/")
            return Response(text, media_type="text/javascript")
        if name in ("page.html", "scenario.mjs"):
            return FileResponse(JS / name, media_type="text/html" if name == "page.html" else "text/javascript")
        return Response(status_code=404)

    async def _take(self, request: Request) -> Response:
        self.result.set_result(json.loads(await request.body()))
        return Response()


@pytest.fixture
async def page(modules: Path) -> AsyncIterator[Page]:
    page = Page(modules)
    page.url = f"http://127.0.0.1:{await page.server.start(0)}/page.html"
    yield page
    await page.server.stop()


async def test_in_chromium(cloud, page, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("chromium is not there (Debian: apt-get install chromium)")
    process = await asyncio.create_subprocess_exec(
        *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--no-first-run", "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"),
        f"{page.url}?auth={str(cloud.http.base_url).rstrip('/')}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        lines = await asyncio.wait_for(page.result, 100)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert lines == EXPECTED
