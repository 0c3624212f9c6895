"""``python -m benchmarks.cold_starts``: what does the start of an instance cost, against a hello world?

Each function is started from the unpacked bundle as the buildpack starts it (the console script functions-framework,
one worker), beside a hello world of functions-framework, several times in turn; both are asynchronous, so that the
buildpack serves both with the same worker. Counted is the processor time of all its processes until it has answered
its first request, which is to a route of its own, from nobody; and the memory that they then hold for themselves
(Linux, PSS: what is shared counts once). Processor time, since that is what a start costs wherever it runs; a busy
machine changes it less than the time on the clock. ``--write`` puts the table into docs/cold-starts.md.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy import bundle

HELLO = "hello"
SOURCE = """import functions_framework.aio


@functions_framework.aio.http
async def hello(request):
    return "Hello world!"
"""
ROUTES = {
    "graphs": "/api/v1/graphs",
    "executions": "/api/v1/executions",
    "users": "/api/v1/me",
    "store": "/api/v1/library/agents",
    "webhooks": "/api/v1/webhooks/nothing",
    "stream": "/api/v1/executions/events",
}
"""What a function is first asked for; that it answers 401 (or 405) costs all but the reading. Others: ``/``."""
PAGE = bundle.ROOT / "docs" / "cold-starts.md"
READY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """``seconds`` of processor time, ``megabytes`` of memory."""

    seconds: float
    megabytes: float


def main(arguments: list[str]) -> None:
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
        for name in names:
            _start(scripts, workspace, name)  # compiles and caches, as the buildpack does
        for _ in range(given.times):
            for name in names:
                starts[name].append(_start(scripts, workspace, name))
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


def _start(scripts: Path, workspace: Path, name: str) -> Start:
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603
        [scripts / "functions-framework"],
        cwd=workspace,
        env={
            "PATH": f"{scripts}:/usr/bin:/bin",
            "HOME": str(workspace),
            "FUNCTION_SOURCE": bundle.starter(name),
            "FUNCTION_TARGET": name,
            "FUNCTION_SIGNATURE_TYPE": "http",
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "TELEMETRY": "otlp",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_answer(process, port, name)
        return _measured(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _await_answer(process: "subprocess.Popen[bytes]", port: int, name: str) -> None:
    deadline, pause = time.monotonic() + READY_SECONDS, threading.Event()
    method, url = "GET" if name in ROUTES else "POST", f"http://127.0.0.1:{port}{ROUTES.get(name, '/')}"
    while True:
        try:
            httpx.request(method, url, timeout=30)
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} does not start.") from None
            pause.wait(0.02)
        else:
            return


def _measured(pid: int) -> Start:
    """The process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks, kilobytes = 0, 0
    for one in (str(pid), *children):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return Start(seconds=ticks / os.sysconf("SC_CLK_TCK"), megabytes=kilobytes / 1024)


def _middle(found: list[Start]) -> Start:
    return Start(
        seconds=statistics.median(start.seconds for start in found),
        megabytes=statistics.median(start.megabytes for start in found),
    )


def _table(starts: dict[str, Start]) -> str:
    hello = starts[HELLO]
    rows = ["| function | processor, s | × hello | memory, MB | × hello |", "| --- | --- | --- | --- | --- |"]
    for name, start in starts.items():
        times = start.seconds / hello.seconds, start.megabytes / hello.megabytes
        rows.append(f"| `{name}` | {start.seconds:.2f} | {times[0]:.1f} | {start.megabytes:.0f} | {times[1]:.1f} |")
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
    main(sys.argv[1:])
