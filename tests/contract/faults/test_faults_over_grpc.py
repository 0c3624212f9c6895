"""What a specification says happens to the calls of Google's own clients over gRPC."""

import time

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

QUEUE = "projects/p/locations/us-central1/queues/work"
LATER = {"http_request": {"url": "http://127.0.0.1:9/"}, "schedule_time": {"seconds": int(time.time()) + 3600}}


async def created(troubled) -> int:
    return len([task async for task in await troubled.tasks.list_tasks(parent=QUEUE)])


async def create(troubled, **named) -> None:
    await troubled.tasks.create_task(parent=QUEUE, task={**LATER, **named}, retry=None)


async def test_a_dropped_call_is_not_applied(troubled):
    cloud = await troubled("tasks.CreateTask: drop=1")
    with pytest.raises(exceptions.ServiceUnavailable, match=r"drop of tasks\.CreateTask"):
        await create(cloud)
    assert await created(cloud) == 0


async def test_an_aborted_call_is_not_applied_and_says_so(troubled):
    cloud = await troubled("tasks.CreateTask: abort=1@RESOURCE_EXHAUSTED")
    with pytest.raises(exceptions.ResourceExhausted):
        await create(cloud)
    assert await created(cloud) == 0


async def test_a_lost_answer_was_applied(troubled):
    cloud = await troubled("tasks.CreateTask: lose=1")
    with pytest.raises(exceptions.ServiceUnavailable, match=r"lose of tasks\.CreateTask"):
        await create(cloud)
    assert await created(cloud) == 1


async def test_a_lost_refusal_looks_like_a_lost_answer(troubled):
    cloud = await troubled("tasks.CreateTask: lose=1")
    for _ in range(2):
        with pytest.raises(exceptions.ServiceUnavailable, match="lose"):
            await create(cloud, name=f"{QUEUE}/tasks/one")
    assert await created(cloud) == 1


async def test_a_duplicated_call_is_applied_twice_and_answered_once(troubled):
    cloud = await troubled("tasks.CreateTask: duplicate=1")
    await create(cloud)
    assert await created(cloud) == 2


async def test_the_second_application_may_be_refused_unheard(troubled):
    cloud = await troubled("tasks.CreateTask: duplicate=1")
    await create(cloud, name=f"{QUEUE}/tasks/one")
    assert await created(cloud) == 1


async def test_a_profile_makes_calls_take_their_time(troubled):
    cloud = await troubled("", profile="gcp")
    started = time.monotonic()
    for _ in range(5):
        await create(cloud)
    assert time.monotonic() - started > 0.03


async def test_a_stream_breaks_off_in_the_middle(troubled, monkeypatch):
    cloud = await troubled("seed=3; firestore.RunQuery: lose=1")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", cloud.cloud.address("firestore"))
    database = firestore.AsyncClient(project="p", credentials=AnonymousCredentials())
    seen: list[str] = []

    async def read() -> None:
        async for snapshot in database.collection("c").stream(retry=None):
            seen.append(snapshot.id)  # noqa: PERF401 - what came before the break counts

    try:
        for number in range(30):
            await database.document(f"c/{number:02}").set({"n": number})
        with pytest.raises(exceptions.ServiceUnavailable):
            await read()
    finally:
        database.close()
    assert seen == [f"{number:02}" for number in range(len(seen))]
    assert 0 < len(seen) < 30


async def test_faults_do_not_reach_a_service_that_is_not_named(troubled):
    cloud = await troubled("firestore: drop=1; tasks.GetTask: drop=1")
    await create(cloud)
    assert await created(cloud) == 1
    assert cloud.met == {}
