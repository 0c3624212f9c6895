"""What was acknowledged survives the death of the process."""

import asyncio
import sys
from contextlib import asynccontextmanager

import pytest

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def process(folder):
    """``python -m local.firestore`` over a folder, killed at the end; its address."""
    command = (sys.executable, "-m", "local.firestore", "--port", "0", "--data", str(folder))
    started = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        line = await asyncio.wait_for(started.stdout.readline(), 20)
        yield line.decode().rpartition(" ")[2].strip()
    finally:
        started.kill()
        await started.wait()


async def test_every_acknowledged_write_survives_a_kill(tmp_path, connect, project):
    acknowledged: dict[str, int] = {}

    async def write(client, writer):
        for number in range(10_000):
            await client.document(f"c/{writer}").set({"n": number, "text": "x" * 500})
            acknowledged[str(writer)] = number

    async with process(tmp_path) as address:
        client = connect(address, project)
        writers = [asyncio.create_task(write(client, writer)) for writer in range(8)]
        async with asyncio.timeout(30):
            while sum(acknowledged.values()) < 400:
                await asyncio.sleep(0.001)
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)

    async with process(tmp_path) as address:
        client = connect(address, project)
        async for found in client.collection("c").stream():
            assert found.get("n") >= acknowledged[found.id]
        by_index = [found.get("n") async for found in client.collection("c").order_by("n").stream()]
        assert len(by_index) == 8
        assert by_index == sorted(by_index)


async def test_times_go_on_after_a_restart(tmp_path, connect, project):
    times = []
    for _ in range(2):
        async with process(tmp_path) as address:
            result = await connect(address, project).document("c/a").set({"run": len(times)})
            times.append(result.update_time)
    assert times[0] < times[1]
