"""``python -m benchmarks.grpc_servers``: what does an empty call cost, by the server that answers it?

Each server runs in a process of its own; the columns are calls a second of one client, and the server's CPU a call.
"""

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from local.database import Database
from local.grpc_server.server import Server

_SERVICE = "test.Service"
_SECONDS = 2.0


async def _echo(request: bytes, _context: Any) -> bytes:
    return request


async def _serve(kind: str) -> None:
    handlers = {"Echo": grpc.unary_unary_rpc_method_handler(_echo, bytes, bytes)}
    if kind == "own":
        port = await Server({_SERVICE: handlers}, largest=1 << 20, durable=Database(None)).start(0)
    elif kind == "aio":
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
    else:
        threads = grpc.server(ThreadPoolExecutor(4))
        handlers = {"Echo": grpc.unary_unary_rpc_method_handler(lambda request, _: request)}
        threads.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
        port = threads.add_insecure_port("127.0.0.1:0")
        threads.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def _load(port: int, clients: int, seconds: float) -> int:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call, end, count = channel.unary_unary(f"/{_SERVICE}/Echo"), time.perf_counter() + seconds, 0

        async def one() -> None:
            nonlocal count
            while time.perf_counter() < end:
                await call(bytes(100))
                count += 1

        await asyncio.gather(*(one() for _ in range(clients)))
        return count


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    print(f"{'server':<10}{'clients':>10}{'calls/s':>10}{'µs CPU':>10}")
    for kind in ("aio", "threads", "own"):
        command = [sys.executable, "-m", "benchmarks.grpc_servers", kind]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdout is not None
            port = int(process.stdout.readline())
            asyncio.run(_load(port, 1, 0.5))
            for clients in (1, 16):
                before = _cpu_seconds(process.pid)
                count = asyncio.run(_load(port, clients, _SECONDS))
                spent = (_cpu_seconds(process.pid) - before) / count * 1e6
                print(f"{kind:<10}{clients:>10}{count / _SECONDS:>10.0f}{spent:>10.0f}")
            process.kill()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(_serve(sys.argv[1]))
    else:
        main()
