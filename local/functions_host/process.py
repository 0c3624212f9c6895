"""Who keeps the functions running? The parent's side of the functions process.

It holds the listening socket, so the address is known before the process is, survives it, and a connection that
is made while the process starts again waits instead of being refused.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from local.functions_host.dispatch import READY_PATH
from local.serving import HOST

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 5.0
STABLE_SECONDS = 20.0
STOP_SECONDS = 4.0
LONGEST_LINE_BYTES = 1_000_000
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]

OnLine = Callable[[str, str], None]


class FunctionsFailedError(RuntimeError):
    """The functions process ended before it ever answered; its output says why."""


class FunctionsProcess:
    """One process that serves functions, started again whenever it dies: those of the manifest whose
    ``local_process`` is ``name``. ``on_line`` takes each line of its output: the stream's name (stdout, stderr) and
    the line."""

    def __init__(self, manifest_path: Path, on_line: OnLine, port: int = 0, name: str = "") -> None:
        self._manifest_path = manifest_path
        self._name = name
        self._on_line = on_line
        self._listener = socket.create_server((HOST, port), backlog=4096)
        # Inherited by accepted connections. asyncio sets it only on sockets that name their protocol, which these
        # do not; without it, each answer waits 40 ms for a delayed acknowledgement.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._environment: Mapping[str, str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._lifeline = -1
        self._readers: list[asyncio.Task[None]] = []
        self._supervising: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    def __str__(self) -> str:
        return f"The functions process {self._name}".rstrip()

    async def spawn(self) -> None:
        """Start the process, which imports what it can until it is told its environment."""
        reading, self._lifeline = os.pipe()
        command = [sys.executable, "-m", "local.functions_host"]
        options = {
            "--manifest": self._manifest_path,
            "--socket": self._listener.fileno(),
            "--lifeline": reading,
            "--parent": os.getpid(),
            **({"--name": self._name} if self._name else {}),
        }
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                *[str(part) for option in options.items() for part in option],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LONGEST_LINE_BYTES,
                pass_fds=(self._listener.fileno(), reading),
                env={**os.environ, "PYTHONPATH": _python_path(), "PYTHONUNBUFFERED": "1"},
            )
        finally:
            os.close(reading)
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._readers = [asyncio.create_task(self._read(name, stream)) for name, stream in streams.items() if stream]

    async def start(self, environment: Mapping[str, str]) -> None:
        """Give the spawned process its environment, wait until the functions answer, and keep them running from
        then on. FunctionsFailedError: they did not come up."""
        self._environment = environment
        self._send_environment()
        if not await self._becomes_ready():
            raise FunctionsFailedError("The functions cannot be started; see the lines above.")
        self._supervising = asyncio.create_task(self._supervise())

    async def keep(self, environment: Mapping[str, str]) -> None:
        """Start the process and keep it running, without waiting until it answers: calls of it wait in its socket."""
        self._environment = environment
        await self.spawn()
        self._send_environment()
        self._supervising = asyncio.create_task(self._supervise())

    async def wait_until_ready(self, seconds: float) -> bool:
        """Whether the functions answer, within ``seconds``."""
        if self._ready.is_set():
            return True
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End the process: what is under way has a moment to finish."""
        if self._supervising is not None:
            self._supervising.cancel()
            await asyncio.gather(self._supervising, return_exceptions=True)
        if self._process is not None:
            await _terminate(self._process)
            await self._clean_up()
        self._listener.close()

    def _send_environment(self) -> None:
        line = json.dumps(dict(self._environment or {})).encode() + b"\n"
        try:
            os.write(self._lifeline, line)
        except BrokenPipeError:
            log.debug("the functions process ended before it got its environment")

    async def _becomes_ready(self) -> bool:
        """Wait for the first answer or the end of the process, whichever comes first."""
        assert self._process is not None
        answer = asyncio.create_task(self._probe())
        end = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait({answer, end}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() or answer.exception() is not None:
                return False
            self._ready.set()
            return True
        finally:
            answer.cancel()
            end.cancel()
            await asyncio.gather(answer, end, return_exceptions=True)

    async def _probe(self) -> None:
        """One request, which waits in the socket's queue until the process accepts it."""
        reader, writer = await asyncio.open_connection(*self._listener.getsockname())
        try:
            writer.write(f"GET {READY_PATH} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
            if b" 200 " not in status:
                raise ConnectionError(f"the functions process answered {status!r}")
        finally:
            writer.close()

    async def _supervise(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            assert self._process is not None
            started = time.monotonic()
            code = await self._process.wait()
            self._ready.clear()
            await self._clean_up()
            if time.monotonic() - started > STABLE_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            log.warning("%s ended (%s); starting it again in %.1f s.", self, _cause(code), backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)
            await self.spawn()
            self._send_environment()
            if await self._becomes_ready():
                log.warning("%s answers again.", self)

    async def _read(self, name: str, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue
            if not line:
                return
            self._on_line(name, line.decode("utf-8", "replace").rstrip("\n"))

    async def _clean_up(self) -> None:
        os.close(self._lifeline)
        await asyncio.gather(*self._readers, return_exceptions=True)


def _python_path() -> str:
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(_PACKAGE_ROOT), *([inherited] if inherited else [])])


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


async def _terminate(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
