"""What do a thousand open event streams cost one instance? python -m benchmarks.streams

The function ``stream`` in a process of its own, as functions-framework serves it, against a local Firestore and Auth
in this one. Every stream follows an execution of its own, of four node executions; then each execution ends. Printed:
memory of the process, and how long after its commit each stream told the end. ``--streams`` (1000).
"""

import argparse
import asyncio
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks import serving
from shared.domain.identity import derive
from shared.domain.records import Execution, NodeExecution
from shared.domain.statuses import Status
from shared.firestore import client, commits, executions, node_executions

NODES = 4


async def made(user_id: str, number: int) -> str:
    """An execution that runs."""
    now = datetime.now(UTC)
    execution = Execution(
        id=derive("benchmark", str(number)),
        user_id=user_id,
        graph_id="g" * 26,
        graph_version=1,
        status=Status.RUNNING,
        queue="interactive",
        constants={},
        absent=(),
        created_at=now,
        started_at=now,
    )
    writes = [commits.Write(ref=executions.ref(execution.id), data=executions.encode(execution))]
    writes += [node_executions.new(_node(execution.id, node, now)) for node in range(NODES)]
    await commits.commit(client.client(), writes)
    return execution.id


def _node(execution_id: str, number: int, now: datetime) -> NodeExecution:
    return NodeExecution(
        id=derive(execution_id, str(number)),
        execution_id=execution_id,
        node_id=f"node-{number}",
        block_type="TEXT_PROCESSING",
        label=(),
        order=str(number),
        status=Status.QUEUED,
        hops=1,
        inputs={},
        created_at=now,
        active=True,
    )


async def follow(port: int, token: str, execution_id: str, begun: asyncio.Semaphore) -> float:
    """When its end was told. ``begun`` is released once the first events have come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"GET /api/v1/executions/{execution_id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    writer.write(head.encode())
    seen = b""
    while b"event: node_execution" not in seen:
        seen += await _some(reader, seen)
    begun.release()
    while b'"COMPLETED"' not in seen:
        seen += await _some(reader, seen)
    at = time.perf_counter()
    writer.close()
    return at


async def _some(reader: asyncio.StreamReader, seen: bytes) -> bytes:
    data = await reader.read(65_536)
    if not data:
        raise ConnectionError(f"the stream ended after {seen[-500:]!r}")
    return data


def megabytes(pid: int) -> float:
    """The memory of a process that is its own (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def measure(streams: int) -> None:
    async with serving.function("stream") as served:
        ids = [await made(served.user_id, number) for number in range(streams)]
        await _first(served)
        idle = megabytes(served.pid)
        begun = asyncio.Semaphore(0)
        following = [asyncio.create_task(follow(served.port, served.token, id_, begun)) for id_ in ids]
        started = time.perf_counter()
        for _ in ids:
            await asyncio.wait_for(begun.acquire(), 300)
        print(f"{streams} streams were open after {time.perf_counter() - started:.1f} s")
        print(f"memory: {idle:.0f} MB before, {megabytes(served.pid):.0f} MB with all of them")
        ended = [await _end(id_) for id_ in ids]
        told = await asyncio.wait_for(asyncio.gather(*following), 300)
        late = sorted(at - since for at, since in zip(told, ended, strict=True))
        print(f"told after: {statistics.median(late) * 1000:.0f} ms (median), {late[-1] * 1000:.0f} ms (latest)")


async def _first(served: serving.Served) -> None:
    """A call, so that everything is imported."""
    async with httpx.AsyncClient() as http:
        url = f"http://127.0.0.1:{served.port}/api/v1/executions/{'0' * 26}/events"
        assert (await http.get(url, headers=served.headers)).status_code == 404


async def _end(execution_id: str) -> float:
    found = await executions.find(execution_id)
    assert found is not None
    changes = {"status": Status.COMPLETED, "completed_at": datetime.now(UTC)}
    await executions.update(execution_id, changes, found.update_time)
    return time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    asyncio.run(measure(parser.parse_args().streams))


if __name__ == "__main__":
    main()
