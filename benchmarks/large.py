"""How does a database of a million documents open and answer?

``python -m benchmarks.firestore --documents N`` runs this.
The database is filled by commits of 500 documents through the engine itself, and measured over the wire.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import grpc.aio
from google.cloud.firestore_v1 import types

from benchmarks import servers
from local.database import Database
from local.firestore import messages
from local.firestore.engine import Engine

_DATABASE = "projects/large/databases/(default)"
_ALIKE = 10
_COMMIT = 500


def measure(documents: int) -> str:
    """A line for each thing that is measured."""
    with tempfile.TemporaryDirectory() as data:
        start = time.perf_counter()
        asyncio.run(_fill(Path(data), documents))
        filled = time.perf_counter() - start
        size = sum(file.stat().st_size for file in Path(data).iterdir()) / 1e6
        port = servers.free_port()
        command = [sys.executable, "-m", "local.firestore", "--port", str(port), "--data", data]
        with servers.running("local", command, port) as server:
            times = asyncio.run(_ask(server.address, documents))
    return (
        f"{documents:,} documents ({size:,.0f} MB on disk, filled in {filled:.0f} s): ready in {server.ready:.2f} s, "
        f"{server.megabytes:.0f} MB in memory;\n{_ALIKE} of them by equality: {median(times) * 1000:.2f} ms, "
        f"median of {len(times)} queries, slowest {max(times) * 1000:.2f} ms"
    )


async def _fill(data: Path, documents: int) -> None:
    database = Database(data / "firestore.sqlite3")
    engine = Engine(database)
    for first in range(0, documents, _COMMIT):
        request = messages.CommitRequest(database=_DATABASE)
        for number in range(first, min(first + _COMMIT, documents)):
            update = request.writes.add().update
            update.name = f"{_DATABASE}/documents/c/{number:08}"
            update.fields["group"].integer_value = number // _ALIKE
            update.fields["name"].string_value = f"document {number}"
            update.fields["active"].boolean_value = number % 2 == 0
        await engine.commit(request)
        await asyncio.sleep(0)  # a turn of the loop, which commits
    engine.store.move_all()
    database.close()


async def _ask(address: str, documents: int) -> list[float]:
    """Seconds that each of some queries takes, each for others of the documents."""
    times: list[float] = []
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_stream("/google.firestore.v1.Firestore/RunQuery")
        for turn in range(50):
            group = turn * (documents // _ALIKE) // 50
            request = types.RunQueryRequest(parent=f"{_DATABASE}/documents", structured_query=_query(group))
            start = time.perf_counter()
            found = [response async for response in call(types.RunQueryRequest.serialize(request))]
            times.append(time.perf_counter() - start)
            assert len(found) == _ALIKE
    return times


def _query(group: int) -> types.StructuredQuery:
    where = {"field": {"field_path": "group"}, "op": "EQUAL", "value": {"integer_value": group}}
    return types.StructuredQuery(from_=[{"collection_id": "c"}], where={"field_filter": where})
