"""``python -m benchmarks.cold_starts``: what does the start of an instance cost, against a hello world?

Each function is started from the unpacked bundle as the buildpack starts it (the console script functions-framework,
one worker), beside a hello world of functions-framework, several times in turn; both are asynchronous, so that the
buildpack serves both with the same worker. Firestore and Auth are this process's.

start       the processor time of all its processes until it has answered a request to a path that leads nowhere
memory      what its processes then hold for themselves (Linux, PSS: what is shared counts once)
first call  what both grow by with the request after that: of a user to the function's main route, or of the platform
            with its token

So neither what is imported before the first request is left out, nor what only the first request loads. Processor
time, since that is what a start costs wherever it runs; a busy machine changes it less than the time on the clock.
``--write`` puts the table into docs/cold-starts.md.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import serving
from deploy import bundle

HELLO = "hello"
SOURCE = """import functions_framework.aio


@functions_framework.aio.http
async def hello(request):
    return "Hello world!"
"""
CALLS = {
    HELLO: ("GET", "/", 200),
    "graphs": ("GET", "/api/v1/graphs", 200),
    "executions": ("GET", "/api/v1/executions", 200),
    "users": ("GET", "/api/v1/me", 200),
    "store": ("GET", "/api/v1/store/agents", 200),
    "webhooks": ("POST", "/api/v1/webhooks/nothing", 404),
    "stream": ("POST", "/api/v1/executions/events/cookie", 200),
    "tick": ("POST", "/", 200),
    "scan": ("POST", "/", 200),
}
"""What a function is asked first, by somebody who may, and what it answers. Others are sent what is no task and no
event: ``REFUSED``."""
REFUSED = ("POST", "/", 400)
NOWHERE = "/nowhere"
PAGE = bundle.ROOT / "docs" / "cold-starts.md"
READY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds of processor time and megabytes of memory, until the first answer and of the call after it."""

    seconds: float
    megabytes: float
    call_seconds: float
    call_megabytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``workspace``: the unpacked bundle. ``scripts``: bin of the environment. ``token``: of a user."""

    workspace: Path
    scripts: Path
    google: serving.Google
    token: str


async def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_starts")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument(
        "--scripts", type=Path, help="bin of an environment that has requirements.txt; made if not given"
    )
    parser.add_argument("--write", action="store_true", help="the page in docs")
    given = parser.parse_args(arguments)
    names = [HELLO, *bundle.functions()]
    starts: dict[str, list[Start]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        workspace = _unpack(Path(folder))
        scripts = given.scripts or _environment(Path(folder) / "venv", workspace)
        async with serving.google() as there:
            token, _ = await serving.user(there)
            place = Place(workspace=workspace, scripts=scripts, google=there, token=token)
            for name in names:
                await _start(place, name)  # compiles and caches, as the buildpack does
            for _ in range(given.times):
                for name in names:
                    starts[name].append(await _start(place, name))
    table = _table({name: _middle(found) for name, found in starts.items()})
    print(table)
    if given.write:
        _write(table, given.times)


def _unpack(folder: Path) -> Path:
    with zipfile.ZipFile(bundle.build(folder / "dist")) as archive:
        archive.extractall(folder / "workspace")
    (folder / "workspace" / bundle.starter(HELLO)).write_text(SOURCE)
    return folder / "workspace"


def _environment(folder: Path, workspace: Path) -> Path:
    """One that has only what the functions need: others' libraries are found, and imported, by ours."""
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "pip", "install", "--quiet", "--requirement", workspace / "requirements.txt"]
    subprocess.run(command, check=True)  # noqa: S603
    return folder / "bin"


async def _start(place: Place, name: str) -> Start:
    async with _running(place, name) as (process, http):
        await _await_answer(process, http, name)
        seconds, megabytes = _seconds(process.pid), _megabytes(process.pid)
        method, path, expected = CALLS.get(name, REFUSED)
        answer = await http.request(method, path, headers=_caller(place, name), json={} if method == "POST" else None)
        if answer.status_code != expected:
            raise SystemExit(f"{name} answers {answer.status_code}: {answer.text}")
        return Start(
            seconds=seconds,
            megabytes=megabytes,
            call_seconds=_seconds(process.pid) - seconds,
            call_megabytes=_megabytes(process.pid) - megabytes,
        )


@asynccontextmanager
async def _running(place: Place, name: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    port = _free_port()
    environment = {
        "PATH": f"{place.scripts}:/usr/bin:/bin",
        "HOME": str(place.workspace),
        "FUNCTION_SOURCE": bundle.starter(name),
        "FUNCTION_TARGET": name,
        "FUNCTION_SIGNATURE_TYPE": "http",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "GOOGLE_CLOUD_PROJECT": serving.PROJECT,
        "TELEMETRY": "otlp",
        **place.google.settings,
    }
    nowhere = subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        place.scripts / "functions-framework", cwd=place.workspace, env=environment, stdout=nowhere, stderr=nowhere
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            yield process, http
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 30)


async def _await_answer(process: asyncio.subprocess.Process, http: httpx.AsyncClient, name: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            await http.get(NOWHERE)
        except httpx.TransportError:
            if process.returncode is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} does not start.") from None
            await asyncio.sleep(0.02)
        else:
            return


def _caller(place: Place, name: str) -> dict[str, str]:
    functions = bundle.functions()
    if name == HELLO or functions[name]["public"]:
        return {"Authorization": f"Bearer {place.token}"}
    url = f"https://us-central1-{serving.PROJECT}.cloudfunctions.net/{name}"
    token = place.google.identity.mint_oidc(url, f"invoker@{serving.PROJECT}.iam.gserviceaccount.com")
    return {"Authorization": f"Bearer {token}"}


def _processes(pid: int) -> list[str]:
    """It and its children."""
    return [str(pid), *Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _seconds(pid: int) -> float:
    ticks = 0
    for one in _processes(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    kilobytes = 0
    for one in _processes(pid):
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return kilobytes / 1024


def _middle(found: list[Start]) -> Start:
    return Start(
        seconds=statistics.median(start.seconds for start in found),
        megabytes=statistics.median(start.megabytes for start in found),
        call_seconds=statistics.median(start.call_seconds for start in found),
        call_megabytes=statistics.median(start.call_megabytes for start in found),
    )


def _table(starts: dict[str, Start]) -> str:
    hello = starts[HELLO]
    rows = ["| function | start, s | × hello | memory, MB | × hello | first call, s | MB |", "| --- " * 7 + "|"]
    for name, start in starts.items():
        times = f"{start.seconds / hello.seconds:.1f}", f"{start.megabytes / hello.megabytes:.1f}"
        taken = f"{start.seconds:.2f} | {times[0]} | {start.megabytes:.0f} | {times[1]}"
        rows.append(f"| `{name}` | {taken} | +{start.call_seconds:.2f} | +{start.call_megabytes:.0f} |")
    return "\n".join(rows)


def _write(table: str, times: int) -> None:
    text = PAGE.read_text(encoding="utf-8")
    head = text[: text.index("| function |")]
    tail = text[text.rindex(" |\n") + 3 :]
    PAGE.write_text(f"{head}{table}\n{tail}", encoding="utf-8")
    print(f"{PAGE.name} is written, from {times} starts each.")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
