"""How is a Firestore of its own process started, and what does it take?"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc.aio

from local.firestore import messages

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A Firestore that runs. ``ready``: seconds until its first answer; ``megabytes``: resident, when empty."""

    name: str
    address: str
    ready: float
    megabytes: float


@contextlib.contextmanager
def running(name: str, command: list[str], port: int) -> Iterator[Server]:
    """A server in a process group of its own."""
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd=ROOT
    )
    try:
        address = f"127.0.0.1:{port}"
        asyncio.run(_first_answer(address))
        yield Server(name, address, time.perf_counter() - start, _megabytes(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def _first_answer(address: str) -> None:
    for _ in range(3000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) == 0:
                break
        await asyncio.sleep(0.02)
    name = "projects/p/databases/(default)"
    request = messages.BatchGetDocumentsRequest(database=name, documents=[f"{name}/documents/c/a"])
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_stream("/google.firestore.v1.Firestore/BatchGetDocuments")
        async for _ in call(request.SerializeToString()):
            pass


def _megabytes(group: int) -> float:
    """The resident memory of a process group (Linux)."""
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def free_port() -> int:
    """Of 127.0.0.1, now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
