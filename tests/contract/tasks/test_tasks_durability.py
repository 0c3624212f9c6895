"""An accepted task survives the end of the process, however it ends."""

import asyncio
import os
import signal
import sys
import textwrap

import grpc.aio
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from starlette.responses import Response

QUEUE = "projects/p/locations/us-central1/queues/work"

SERVER = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from local.database import Database
    from local.identity import Identity
    from local.routing import Routes
    from local.tasks import TasksService

    async def main():
        database = Database(pathlib.Path(sys.argv[1]))
        service = TasksService(database, Identity(database), Routes())
        port = await service.start(0)
        service.ensure_queue(sys.argv[2])
        print(port, flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
    """
)


async def test_tasks_left_at_a_stop_are_delivered_after_the_next_start(cloud, handler):
    tasks = await cloud.start()
    cloud.service.ensure_queue(QUEUE)
    await tasks.pause_queue(name=QUEUE)
    names = set()
    for _ in range(20):
        names.add((await tasks.create_task(parent=QUEUE, task={"http_request": {"url": handler.url}})).name)
    await cloud.stop()
    tasks = await cloud.start()
    assert handler.calls == []
    await tasks.resume_queue(name=QUEUE)
    calls = await handler.called(20)
    assert {call.headers["x-cloudtasks-taskname"] for call in calls} == {n.rsplit("/", 1)[1] for n in names}


async def test_every_task_accepted_before_a_kill_is_delivered(cloud, handler, tmp_path):
    hang = asyncio.Event()

    async def answer(_call, _number):
        await hang.wait()
        return Response(status_code=503)

    handler.answer = answer
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(tmp_path / "data.sqlite"), QUEUE,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    port = int(await process.stdout.readline())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        client = tasks_v2.CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        accepted = set()
        for number in range(30):
            task = tasks_v2.Task(name=f"{QUEUE}/tasks/t{number}", http_request={"url": handler.url})
            accepted.add((await client.create_task(parent=QUEUE, task=task)).name.rsplit("/", 1)[1])
        await handler.called(1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    under_way = {call.headers["x-cloudtasks-taskname"] for call in handler.calls}
    handler.calls.clear()
    handler.answer = lambda _call, _number: Response()
    hang.set()
    await cloud.start()
    await handler.called(30)
    assert {call.headers["x-cloudtasks-taskname"] for call in handler.calls} == accepted
    retried = {
        call.headers["x-cloudtasks-taskname"]
        for call in handler.calls
        if call.headers["x-cloudtasks-taskretrycount"] == "1"
    }
    assert under_way <= retried
