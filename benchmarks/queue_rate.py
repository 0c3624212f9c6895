"""Does a local task queue hold 500 dispatches a second? ``python -m benchmarks.queue_rate``

Tasks are created in a paused queue over gRPC; then it is resumed, and a handler in a process of its own notes when
each call arrives. After the burst of 100 the rate has to stay within 5% of 500 a second, over ten seconds.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import grpc.aio
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from local.database import Database
from local.identity import Identity
from local.routing import Routes
from local.serving import HttpServer
from local.tasks import TasksService

QUEUE = "projects/p/locations/us-central1/queues/work"
RATE, SECONDS, ALLOWED = 500, 10, 0.05
AT_ONCE = 50


async def handle() -> None:
    """The handler: answers at once; told to stop, it prints the moments of all calls."""
    times: list[float] = []

    async def app(scope, receive, send) -> None:
        times.append(time.time())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    server = HttpServer(app)
    print(await server.start(0), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()
    print(" ".join(map(repr, times)), flush=True)


async def measure() -> list[float]:
    """The moments of the calls, in seconds since the first."""
    handler = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.queue_rate", "--handler"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=10_000_000,
    )
    assert handler.stdout is not None
    url = f"http://127.0.0.1:{int(await handler.stdout.readline())}/"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "cloud.sqlite3")
        service = TasksService(database, Identity(database), Routes())
        port = await service.start(0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            client = tasks_v2.CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
            await dispatch(client, url)
        await service.stop()
        database.close()
    said, _ = await handler.communicate(b"\n")
    times = sorted(map(float, said.split()))
    return [moment - times[0] for moment in times]


async def dispatch(client: tasks_v2.CloudTasksAsyncClient, url: str) -> None:
    """Fill the queue, let it run for the time that is measured, and pause it."""
    await client.create_queue(
        parent=QUEUE.rsplit("/queues/", 1)[0],
        queue={"name": QUEUE, "rate_limits": {"max_dispatches_per_second": RATE}},
    )
    await client.pause_queue(name=QUEUE)
    task = tasks_v2.Task(http_request={"url": url, "body": b"{}"})
    for _ in range(RATE * (SECONDS + 2) // AT_ONCE):
        await asyncio.gather(*[client.create_task(parent=QUEUE, task=task) for _ in range(AT_ONCE)])
    await client.resume_queue(name=QUEUE)
    await asyncio.sleep(SECONDS + 0.5)
    await client.pause_queue(name=QUEUE)
    await asyncio.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--handler", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().handler:
        asyncio.run(handle())
        return 0
    times = asyncio.run(measure())
    burst = 100
    within = [moment for moment in times[burst:] if moment <= SECONDS]
    rate = len(within) / SECONDS
    by_second = [len([moment for moment in within if second <= moment < second + 1]) for second in range(SECONDS)]
    print(f"after a burst of {burst}: {rate:.1f} a second over {SECONDS} s (each second: {by_second})")
    return int(abs(rate / RATE - 1) > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
