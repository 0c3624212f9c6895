"""Tasks reach their handlers as Cloud Tasks delivers them."""

import asyncio
import datetime
import time

import jwt
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import duration_pb2, timestamp_pb2
from starlette.responses import Response

QUEUE = "projects/p/locations/us-central1/queues/work"
FUNCTION_URL = "https://us-central1-weftly-local.cloudfunctions.net/run_node"


def http_task(url: str, **fields) -> tasks_v2.Task:
    request = {key: fields.pop(key) for key in ("headers", "body", "http_method", "oidc_token") if key in fields}
    return tasks_v2.Task(http_request={"url": url, **request}, **fields)


async def gone(tasks, queue: str = QUEUE) -> None:
    async with asyncio.timeout(10):
        while [task async for task in await tasks.list_tasks(parent=queue)]:
            await asyncio.sleep(0.005)


async def test_a_task_is_delivered_at_once_with_its_body_and_headers(tasks, handler):
    created = await tasks.create_task(
        parent=QUEUE,
        task=http_task(handler.url + "/x", body=b"hello", headers={"Content-Type": "text/plain", "X-Mine": "1"}),
    )
    (call,) = await handler.called(1)
    assert (call.method, call.path, call.body) == ("POST", "/x", b"hello")
    assert call.headers["content-type"] == "text/plain"
    assert call.headers["x-mine"] == "1"
    assert call.headers["user-agent"] == "Google-Cloud-Tasks"
    assert call.headers["x-cloudtasks-queuename"] == "work"
    assert call.headers["x-cloudtasks-taskname"] == created.name.rsplit("/", 1)[1]
    assert call.headers["x-cloudtasks-taskretrycount"] == "0"
    assert call.headers["x-cloudtasks-taskexecutioncount"] == "0"
    assert abs(float(call.headers["x-cloudtasks-tasketa"]) - time.time()) < 10
    assert "x-cloudtasks-taskpreviousresponse" not in call.headers
    await gone(tasks)


async def test_the_oidc_token_names_the_service_account_and_the_url(tasks, cloud, handler):
    oidc = {"service_account_email": "tasks@p.iam.gserviceaccount.com"}
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url + "/f", oidc_token=oidc))
    (call,) = await handler.called(1)
    token = call.headers["authorization"].removeprefix("Bearer ")
    key = jwt.PyJWK(cloud.identity.jwks()["keys"][0])
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=handler.url + "/f")
    assert claims["email"] == "tasks@p.iam.gserviceaccount.com"
    assert claims["email_verified"] is True
    assert claims["iss"] == "https://accounts.google.com"


async def test_a_production_url_reaches_the_registered_function(tasks, cloud, handler):
    cloud.routes.register("run_node", handler.url)
    task = http_task(FUNCTION_URL + "/a?b=c", http_method="GET", oidc_token={"service_account_email": "e@x.com"})
    await tasks.create_task(parent=QUEUE, task=task)
    (call,) = await handler.called(1)
    assert (call.method, call.path) == ("GET", "/a")
    token = call.headers["authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == FUNCTION_URL + "/a?b=c"


async def test_a_task_for_a_function_that_is_not_up_yet_waits_for_it(tasks, cloud, handler):
    await tasks.create_task(parent=QUEUE, task=http_task(FUNCTION_URL))
    cloud.routes.register("run_node", handler.url)
    await handler.called(1)
    await gone(tasks)


async def test_a_failed_task_comes_again_with_counts_and_the_previous_answer(tasks, handler):
    statuses = [500, 404, 204]
    handler.answer = lambda _call, number: Response(status_code=statuses[number - 1])
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    first, second, third = await handler.called(3)
    assert "x-cloudtasks-taskretryreason" not in first.headers
    assert second.headers["x-cloudtasks-taskretrycount"] == "1"
    assert second.headers["x-cloudtasks-taskexecutioncount"] == "0"
    assert second.headers["x-cloudtasks-taskpreviousresponse"] == "500"
    assert third.headers["x-cloudtasks-taskretrycount"] == "2"
    assert third.headers["x-cloudtasks-taskexecutioncount"] == "1"
    assert third.headers["x-cloudtasks-taskpreviousresponse"] == "404"
    assert third.headers["x-cloudtasks-taskretryreason"]
    await gone(tasks)


async def test_a_task_is_given_up_after_its_attempts(tasks, cloud, handler):
    cloud.service.ensure_queue(QUEUE, max_attempts=3, min_backoff_seconds=0.001)
    handler.answer = lambda _call, _number: Response(status_code=500)
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    await handler.called(3)
    await gone(tasks)
    assert len(handler.calls) == 3


async def test_retry_after_is_honoured(tasks, handler):
    at = []

    def answer(_call, number):
        at.append(time.monotonic())
        return Response(status_code=429 if number == 1 else 200, headers={"Retry-After": "1"})

    handler.answer = answer
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    await handler.called(2)
    assert at[1] - at[0] >= 0.95


async def test_a_scheduled_task_waits_for_its_time(tasks, handler):
    due = time.time() + 0.4
    when = timestamp_pb2.Timestamp()
    when.FromDatetime(datetime.datetime.fromtimestamp(due, datetime.UTC))
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url + "/late", schedule_time=when))
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url + "/now"))
    calls = await handler.called(2)
    assert time.time() >= due
    assert [call.path for call in calls] == ["/now", "/late"]


async def test_no_more_run_at_once_than_the_queue_allows(tasks, cloud, handler):
    cloud.service.ensure_queue(QUEUE, max_concurrent_dispatches=2)
    running, most = 0, 0
    release = asyncio.Event()

    async def answer(_call, _number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        return Response()

    handler.answer = answer
    for _ in range(5):
        await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    await handler.called(2)
    await tasks.get_queue(name=QUEUE)
    assert len(handler.calls) == 2
    release.set()
    await handler.called(5)
    assert most == 2


async def test_the_rate_holds_once_the_burst_is_used(tasks, cloud, handler):
    cloud.service.ensure_queue(QUEUE, max_dispatches_per_second=20)
    started = time.monotonic()
    for _ in range(16):
        await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    await handler.called(16)
    assert time.monotonic() - started >= 5.5 / 20


async def test_a_paused_queue_keeps_its_tasks_until_it_resumes(tasks, handler):
    assert (await tasks.pause_queue(name=QUEUE)).state == tasks_v2.Queue.State.PAUSED
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    await tasks.get_queue(name=QUEUE)
    assert handler.calls == []
    await tasks.resume_queue(name=QUEUE)
    await handler.called(1)


async def test_run_task_dispatches_in_a_paused_queue(tasks, handler):
    await tasks.pause_queue(name=QUEUE)
    created = await tasks.create_task(parent=QUEUE, task=http_task(handler.url))
    await tasks.run_task(name=created.name)
    await handler.called(1)
    await gone(tasks)


async def test_a_handler_over_its_deadline_counts_as_failed(tasks, cloud, handler):
    hang = asyncio.Event()

    async def answer(_call, number):
        if number == 1:
            await hang.wait()
        return Response()

    handler.answer = answer
    created = await tasks.create_task(parent=QUEUE, task=http_task(handler.url, schedule_time=in_seconds(60)))
    shorten(cloud, created.name)
    await tasks.run_task(name=created.name)
    _, second = await handler.called(2)
    hang.set()
    assert second.headers["x-cloudtasks-taskretrycount"] == "1"
    assert second.headers["x-cloudtasks-taskretryreason"] == "DEADLINE_EXCEEDED"
    assert "x-cloudtasks-taskpreviousresponse" not in second.headers


def in_seconds(seconds: float) -> timestamp_pb2.Timestamp:
    when = timestamp_pb2.Timestamp()
    when.FromMilliseconds(int((time.time() + seconds) * 1000))
    return when


def shorten(cloud, name: str) -> None:
    """Give a stored task a deadline below the least that the service accepts, to have a quick test."""
    store = cloud.service._store
    task = store.find_task(name)
    task.dispatch_deadline.CopyFrom(duration_pb2.Duration(nanos=50_000_000))
    store.save_attempt(task)


async def test_a_deleted_task_is_not_delivered(tasks, handler):
    created = await tasks.create_task(
        parent=QUEUE, task=http_task(handler.url + "/no", schedule_time=in_seconds(0.3))
    )
    await tasks.delete_task(name=created.name)
    await tasks.create_task(parent=QUEUE, task=http_task(handler.url + "/yes", schedule_time=in_seconds(0.35)))
    assert [call.path for call in await handler.called(1)] == ["/yes"]
    try:
        await tasks.get_task(name=created.name)
        raise AssertionError("the task is still there")
    except exceptions.NotFound:
        pass


async def test_an_oauth_token_is_opaque_and_the_same_for_one_account(tasks, handler):
    for email in ("a@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com", "b@p.iam.gserviceaccount.com"):
        request = {"url": handler.url, "oauth_token": {"service_account_email": email}}
        await tasks.create_task(parent=QUEUE, task={"http_request": request})
    calls = await handler.called(3)
    tokens = [call.headers["authorization"].removeprefix("Bearer ") for call in calls]
    assert all(token.startswith("ya29.") for token in tokens)
    assert len(set(tokens)) == 2
