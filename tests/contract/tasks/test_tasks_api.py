"""Queues and tasks are created, listed, changed and refused as Cloud Tasks does it."""

import time

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2

PARENT = "projects/p/locations/us-central1"
QUEUE = f"{PARENT}/queues/work"


def later_task(url: str = "http://127.0.0.1:9/", seconds: float = 3600, **fields) -> tasks_v2.Task:
    when = timestamp_pb2.Timestamp(seconds=int(time.time() + seconds))
    return tasks_v2.Task(http_request={"url": url, **fields.pop("http", {})}, schedule_time=when, **fields)


async def test_a_new_queue_gets_the_defaults(tasks):
    queue = await tasks.create_queue(parent=PARENT, queue={"name": f"{PARENT}/queues/new"})
    assert queue.state == tasks_v2.Queue.State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 500
    assert queue.rate_limits.max_concurrent_dispatches == 1000
    assert queue.rate_limits.max_burst_size == 100
    assert queue.retry_config.max_attempts == 100
    assert queue.retry_config.max_doublings == 16
    assert queue.retry_config.max_backoff.total_seconds() == 3600


async def test_a_queue_cannot_be_created_twice(tasks):
    with pytest.raises(exceptions.AlreadyExists):
        await tasks.create_queue(parent=PARENT, queue={"name": QUEUE})


async def test_update_changes_only_what_the_mask_names(tasks):
    queue = await tasks.update_queue(
        queue={
            "name": QUEUE,
            "rate_limits": {"max_dispatches_per_second": 7, "max_concurrent_dispatches": 3},
        },
        update_mask=field_mask_pb2.FieldMask(paths=["rate_limits.max_dispatches_per_second"]),
    )
    assert queue.rate_limits.max_dispatches_per_second == 7
    assert queue.rate_limits.max_concurrent_dispatches == 1000


async def test_queues_are_listed_in_pages(tasks):
    for number in range(4):
        await tasks.create_queue(parent=PARENT, queue={"name": f"{PARENT}/queues/q{number}"})
    pager = await tasks.list_queues(request={"parent": PARENT, "page_size": 2})
    names = [queue.name.rsplit("/", 1)[1] async for queue in pager]
    assert names == ["q0", "q1", "q2", "q3", "work"]


async def test_a_deleted_queue_is_gone_with_its_tasks(tasks):
    created = await tasks.create_task(parent=QUEUE, task=later_task())
    await tasks.delete_queue(name=QUEUE)
    with pytest.raises(exceptions.NotFound):
        await tasks.get_queue(name=QUEUE)
    with pytest.raises(exceptions.NotFound):
        await tasks.get_task(name=created.name)
    with pytest.raises(exceptions.FailedPrecondition, match="existed recently"):
        await tasks.create_task(parent=QUEUE, task=later_task())


async def test_purge_removes_all_tasks(tasks):
    for _ in range(3):
        await tasks.create_task(parent=QUEUE, task=later_task())
    assert (await tasks.purge_queue(name=QUEUE)).purge_time is not None
    assert [task async for task in await tasks.list_tasks(parent=QUEUE)] == []


async def test_the_body_is_shown_only_in_the_full_view(tasks):
    created = await tasks.create_task(parent=QUEUE, task=later_task(http={"body": b"secret"}))
    assert created.http_request.body == b""
    basic = await tasks.get_task(name=created.name)
    full = await tasks.get_task(request={"name": created.name, "response_view": "FULL"})
    assert (basic.http_request.body, full.http_request.body) == (b"", b"secret")
    assert full.create_time is not None
    assert full.http_request.http_method == tasks_v2.HttpMethod.POST


async def test_tasks_are_listed_in_pages(tasks):
    created = {(await tasks.create_task(parent=QUEUE, task=later_task())).name for _ in range(5)}
    pager = await tasks.list_tasks(request={"parent": QUEUE, "page_size": 2})
    assert {task.name async for task in pager} == created


async def test_a_taken_name_is_refused(tasks):
    await tasks.create_task(parent=QUEUE, task=later_task(name=f"{QUEUE}/tasks/one"))
    with pytest.raises(exceptions.AlreadyExists):
        await tasks.create_task(parent=QUEUE, task=later_task(name=f"{QUEUE}/tasks/one"))


async def test_a_name_stays_taken_after_the_task_is_done(tasks, handler):
    task = tasks_v2.Task(name=f"{QUEUE}/tasks/once", http_request={"url": handler.url})
    await tasks.create_task(parent=QUEUE, task=task)
    await handler.called(1)
    with pytest.raises(exceptions.AlreadyExists):
        await tasks.create_task(parent=QUEUE, task=task)
    assert len(handler.calls) == 1


async def test_a_name_stays_taken_after_the_task_is_deleted(tasks):
    await tasks.create_task(parent=QUEUE, task=later_task(name=f"{QUEUE}/tasks/one"))
    await tasks.delete_task(name=f"{QUEUE}/tasks/one")
    with pytest.raises(exceptions.AlreadyExists):
        await tasks.create_task(parent=QUEUE, task=later_task(name=f"{QUEUE}/tasks/one"))


@pytest.mark.parametrize(
    "task",
    [
        pytest.param(later_task(url="ftp://x"), id="not-http"),
        pytest.param(later_task(seconds=31 * 86400), id="too-far-ahead"),
        pytest.param(later_task(dispatch_deadline=duration_pb2.Duration(seconds=14)), id="deadline-too-short"),
        pytest.param(later_task(dispatch_deadline=duration_pb2.Duration(seconds=1801)), id="deadline-too-long"),
        pytest.param(later_task(http={"body": b"x", "http_method": "GET"}), id="body-on-get"),
        pytest.param(later_task(http={"body": b"x" * 1_000_001}), id="too-large"),
        pytest.param(later_task(name=f"{QUEUE}/tasks/a b"), id="bad-name"),
        pytest.param(later_task(name=f"{PARENT}/queues/other/tasks/a"), id="other-queue"),
        pytest.param(tasks_v2.Task(), id="no-request"),
    ],
)
async def test_a_task_out_of_the_rules_is_refused(tasks, task):
    with pytest.raises(exceptions.InvalidArgument):
        await tasks.create_task(parent=QUEUE, task=task)


async def test_a_task_of_a_queue_that_never_was_is_refused_as_in_production(tasks):
    with pytest.raises(exceptions.FailedPrecondition, match="Queue does not exist"):
        await tasks.create_task(parent=f"{PARENT}/queues/never", task=later_task())


@pytest.mark.parametrize(
    "queue",
    [
        pytest.param({"rate_limits": {"max_dispatches_per_second": 501}}, id="rate"),
        pytest.param({"rate_limits": {"max_concurrent_dispatches": 5001}}, id="concurrency"),
        pytest.param({"retry_config": {"max_attempts": -2}}, id="attempts"),
        pytest.param({"retry_config": {"min_backoff": {"seconds": 9}, "max_backoff": {"seconds": 8}}}, id="backoff"),
    ],
)
async def test_a_queue_out_of_the_limits_is_refused(tasks, queue):
    with pytest.raises(exceptions.InvalidArgument):
        await tasks.create_queue(parent=PARENT, queue={"name": f"{PARENT}/queues/new", **queue})


async def test_a_mask_that_names_no_field_is_refused(tasks):
    mask = field_mask_pb2.FieldMask(paths=["rate_limits.nothing"])
    with pytest.raises(exceptions.InvalidArgument, match="update_mask"):
        await tasks.update_queue(queue={"name": QUEUE}, update_mask=mask)


async def test_queues_are_found_by_their_state(tasks):
    await tasks.create_queue(parent=PARENT, queue={"name": f"{PARENT}/queues/resting"})
    await tasks.pause_queue(name=f"{PARENT}/queues/resting")
    pager = await tasks.list_queues(request={"parent": PARENT, "filter": "state: PAUSED"})
    assert [queue.name.rsplit("/", 1)[1] async for queue in pager] == ["resting"]


@pytest.mark.parametrize("headers", [{"X-Big": "x" * 81 * 1024}, {"X-Two": "a\nb"}, {"not a name": "x"}])
async def test_headers_that_cannot_be_sent_are_refused(tasks, headers):
    with pytest.raises(exceptions.InvalidArgument, match="headers"):
        await tasks.create_task(parent=QUEUE, task=later_task(http={"headers": headers}))
