"""``python -m benchmarks.firestore``: how fast is the local Firestore beside Google's emulator?

Both run at once and take turns, so that what else the machine does meets both: five rounds, medians, and the ratio of
the medians. Needs ``gcloud`` with its Firestore emulator, and Java; without them the local one is measured alone.

The client is ``benchmarks/wire.py``, which costs little; ``--client grpc`` puts Google's in its place, over raw
messages: it takes most of the time of a call itself, so that the servers differ less.

``--documents N`` also fills a local database with N documents (a million takes some minutes), opens it anew, and asks
for 10 of them by equality.
"""

import argparse
import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc.aio

from benchmarks import large, servers, wire
from benchmarks.servers import Server
from local.firestore import messages

ROOT = Path(__file__).parents[1]
_SERVICE = "/google.firestore.v1.Firestore/"
_COMMIT, _BEGIN, _GET = (_SERVICE + name for name in ("Commit", "BeginTransaction", "BatchGetDocuments"))
_CLIENTS = 16
_OWNER = (("authorization", "Bearer owner"),)

Operation = Callable[[int], Awaitable[None]]

Call = Callable[[str, bytes], Awaitable[bytes]]
"""From a method and a request to the messages of the answer, with five bytes before each."""


class Load:
    """The operations that are measured, on one server. A client writes and reads documents of its own."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._database = f"projects/p{time.time_ns()}/databases/(default)"
        self._number = 0

    def _write(self, path: str, transaction: bytes = b"") -> bytes:
        self._number += 1
        request = messages.CommitRequest(database=self._database, transaction=transaction)
        document = request.writes.add().update
        document.name = f"{self._database}/documents/{path}"
        document.fields["name"].string_value = f"somebody {self._number}"
        document.fields["rank"].integer_value = self._number
        document.fields["active"].boolean_value = True
        for tag in "ab":
            document.fields["tags"].array_value.values.add().string_value = tag
        return request.SerializeToString()

    async def write(self, client: int) -> None:
        """Write a document that may be there."""
        await self._call(_COMMIT, self._write(f"c/{client}-{self._number % 100}"))

    async def read(self, client: int) -> None:
        """Read a document that is there."""
        await self._read(f"r/{client}")

    async def _read(self, path: str, **options: Any) -> None:
        documents = [f"{self._database}/documents/{path}"]
        request = messages.BatchGetDocumentsRequest(database=self._database, documents=documents, **options)
        await self._call(_GET, request.SerializeToString())

    async def transact(self, client: int) -> None:
        """Begin a transaction, read a document in it, write it and commit."""
        request = messages.BeginTransactionRequest(database=self._database)
        begun = await self._call(_BEGIN, request.SerializeToString())
        id_ = messages.BeginTransactionResponse.FromString(begun[5:]).transaction
        await self._read(f"t/{client}", transaction=id_)
        await self._call(_COMMIT, self._write(f"t/{client}", id_))

    async def prepare(self) -> None:
        """Write what is read."""
        for path in [f"{collection}/{client}" for collection in "rt" for client in range(_CLIENTS)]:
            await self._call(_COMMIT, self._write(path))

    def operations(self) -> dict[str, tuple[Operation, int]]:
        """By name, what is done by how many clients."""
        found: dict[str, tuple[Operation, int]] = {}
        for name, operation in (("writes", self.write), ("reads", self.read), ("transactions", self.transact)):
            found[f"sequential {name}"] = (operation, 1)
            found[f"concurrent {name}"] = (operation, _CLIENTS)
        return found


async def rate(operation: Operation, clients: int, seconds: float) -> float:
    """How often a second it is done."""
    count, start = 0, time.perf_counter()

    async def go_on(client: int) -> None:
        nonlocal count
        while time.perf_counter() < start + seconds:
            await operation(client)
            count += 1

    await asyncio.gather(*map(go_on, range(clients)))
    return count / (time.perf_counter() - start)


@contextlib.contextmanager
def both(data: str, *, fsync: bool) -> Iterator[list[Server]]:
    """The local Firestore over a file, and Google's emulator where there is one."""
    with contextlib.ExitStack() as stack:
        port = servers.free_port()
        local = [sys.executable, "-m", "local.firestore", "--port", str(port), "--data", data]
        local += ["--fsync"] if fsync else []
        found = [stack.enter_context(servers.running("local", local, port))]
        if shutil.which("gcloud") and shutil.which("java"):
            port = servers.free_port()
            google = ["gcloud", "emulators", "firestore", "start", f"--host-port=127.0.0.1:{port}"]
            found.append(stack.enter_context(servers.running("Google's", google, port)))
        yield found


async def connect(stack: contextlib.AsyncExitStack, address: str, client: str) -> Call:
    """A client of a server: our own, or Google's."""
    if client == "wire":
        opened = await wire.connect(address)
        stack.callback(opened.close)
        return opened.call
    channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
    methods = {name: channel.unary_unary(name) for name in (_COMMIT, _BEGIN)}
    get = channel.unary_stream(_GET)

    async def call(method: str, message: bytes) -> bytes:
        if method == _GET:
            return b"".join([found async for found in get(message, metadata=_OWNER)])
        return bytes(5) + await methods[method](message, metadata=_OWNER)

    return call


async def compare(beside: list[Server], rounds: int, seconds: float, client: str) -> dict[str, dict[str, float]]:
    """By operation and server, the median rate of the rounds, after one that does not count."""
    rates: dict[str, dict[str, list[float]]] = {}
    async with contextlib.AsyncExitStack() as stack:
        loads: dict[str, Load] = {}
        for server in beside:
            loads[server.name] = Load(await connect(stack, server.address, client))
            await loads[server.name].prepare()
        for turn in range(rounds + 1):
            for operation in loads["local"].operations():
                for name, load in loads.items():
                    found = await rate(*load.operations()[operation], seconds)
                    if turn:
                        rates.setdefault(operation, {}).setdefault(name, []).append(found)
    return {o: {name: statistics.median(found) for name, found in of.items()} for o, of in rates.items()}


def table(beside: list[Server], medians: dict[str, dict[str, float]]) -> str:
    """A row for each thing that is measured; the last column: how many times better the local one is."""
    names = [server.name for server in beside]
    lines = [f"{'':<26}" + "".join(f"{name:>12}" for name in (*names, "ratio"))]
    rows = {f"{operation}/s": [of[name] for name in names] for operation, of in medians.items()}
    for label, values in rows.items():
        lines.append(_row(label, values, values[0] / values[-1]))
    for label, values in (
        ("seconds until ready", [server.ready for server in beside]),
        ("MB when empty", [server.megabytes for server in beside]),
    ):
        lines.append(_row(label, values, values[-1] / values[0]))
    return "\n".join(lines)


def _row(label: str, values: list[float], ratio: float) -> str:
    return f"{label:<26}" + "".join(f"{value:>12.1f}" for value in values) + f"{ratio:>12.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.firestore", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--client", choices=("wire", "grpc"), default="wire", help="grpc: Google's, which costs more")
    parser.add_argument("--fsync", action="store_true", help="the local one answers writes once the disk has them")
    parser.add_argument("--documents", type=int, default=0, help="of a large database, to open and to query")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, both(data, fsync=arguments.fsync) as beside:
        print(
            table(beside, asyncio.run(compare(beside, arguments.rounds, arguments.seconds, arguments.client))),
            flush=True,
        )
    if arguments.documents:
        print(large.measure(arguments.documents))


if __name__ == "__main__":
    main()
