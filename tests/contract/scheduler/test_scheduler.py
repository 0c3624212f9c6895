"""Jobs are called on their cron, as Cloud Scheduler calls them."""

import asyncio
import datetime
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import pytest
from starlette.requests import Request
from starlette.responses import Response

from local.database import Database
from local.identity import Identity
from local.routing import Routes
from local.scheduler import SchedulerService
from local.scheduler.job import Job, Retries
from local.serving import HttpServer

URL = "https://us-central1-weftly-local.cloudfunctions.net/tick"
EMAIL = "cron@p.iam.gserviceaccount.com"
NOON = datetime.datetime(2026, 5, 4, 12, 0, tzinfo=datetime.UTC).timestamp()


@dataclass
class Target:
    answer: Callable[[], Awaitable[Response]] | None = None
    calls: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        assert request.method == "POST"
        self.calls.append(dict(request.headers))
        response = await self.answer() if self.answer else Response()
        await response(scope, receive, send)

    async def called(self, times: int) -> list[dict[str, str]]:
        async with asyncio.timeout(10):
            while len(self.calls) < times:
                await asyncio.sleep(0.005)
        return self.calls


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    target = Target()
    server = HttpServer(target)
    target.url = f"http://127.0.0.1:{await server.start(0)}"
    yield target
    await server.stop()


class Cloud:
    """A scheduler whose clock begins at ``start_at`` and may be moved on by ``jump`` seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.routes = Routes()
        self.jump = 0.0

    async def start(self, start_at: float) -> None:
        self._database = Database(self._path)
        self.identity = Identity(self._database)
        began = time.monotonic()
        self.clock = lambda: start_at + time.monotonic() - began + self.jump
        self.service = SchedulerService(self._database, self.identity, self.routes, self.clock)
        assert await self.service.start(0) == 0

    async def stop(self) -> None:
        await self.service.stop()
        self._database.close()


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    cloud = Cloud(tmp_path / "data.sqlite")
    yield cloud
    await cloud.stop()


async def test_a_job_is_called_when_its_minute_comes(cloud, target):
    cloud.routes.register("tick", target.url)
    await cloud.start(NOON - 0.5)
    cloud.service.ensure_job("tick", "* * * * *", "Etc/UTC", URL, EMAIL)
    assert target.calls == []
    (headers,) = await target.called(1)
    assert cloud.clock() >= NOON
    assert headers["user-agent"] == "Google-Cloud-Scheduler"
    assert headers["x-cloudscheduler"] == "true"
    assert headers["x-cloudscheduler-jobname"] == "tick"
    assert headers["x-cloudscheduler-scheduletime"] == "2026-05-04T12:00:00Z"
    key = jwt.PyJWK(cloud.identity.jwks()["keys"][0])
    token = headers["authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, key, algorithms=["RS256"], audience=URL, options=NO_TIMES)["email"] == EMAIL


# The scheduler's clock is set to a fixed day, the one that checks the token is not.
NO_TIMES = {"verify_exp": False, "verify_iat": False}


async def test_the_cron_is_read_in_its_time_zone(cloud, target):
    cloud.routes.register("tick", target.url)
    await cloud.start(NOON - 0.5)
    cloud.service.ensure_job("berlin", "0 14 * * *", "Europe/Berlin", URL, EMAIL)
    cloud.service.ensure_job("utc", "0 14 * * *", "Etc/UTC", URL, EMAIL)
    (headers,) = await target.called(1)
    assert headers["x-cloudscheduler-jobname"] == "berlin"


async def test_run_on_start_does_not_wait_for_the_cron_but_for_the_function(cloud, target):
    await cloud.start(NOON + 5)
    cloud.service.ensure_job("tick", "0 0 1 1 *", "Etc/UTC", URL, EMAIL, run_on_start=True)
    await asyncio.sleep(0)
    cloud.routes.register("tick", target.url)
    await target.called(1)


async def test_a_call_under_way_is_not_overlapped_and_what_it_missed_is_left_out(cloud, target):
    cloud.routes.register("tick", target.url)
    release = asyncio.Event()

    async def answer() -> Response:
        await release.wait()
        return Response()

    target.answer = answer
    await cloud.start(NOON - 0.5)
    cloud.service.ensure_job("tick", "* * * * *", "Etc/UTC", URL, EMAIL)
    await target.called(1)
    cloud.jump += NOON + 119.5 - cloud.clock()
    release.set()
    calls = await target.called(2)
    times = [call["x-cloudscheduler-scheduletime"] for call in calls]
    assert times == ["2026-05-04T12:00:00Z", "2026-05-04T12:02:00Z"]


async def test_a_failed_run_is_tried_again_as_often_as_the_job_says(cloud, target):
    cloud.routes.register("tick", target.url)

    async def answer() -> Response:
        return Response(status_code=500)

    target.answer = answer
    await cloud.start(NOON - 0.2)
    retries = Retries(retry_count=2, min_backoff=0.01)
    cloud.service.ensure_job("tick", "* * * * *", "Etc/UTC", URL, EMAIL, retries=retries)
    calls = await target.called(3)
    assert {call["x-cloudscheduler-scheduletime"] for call in calls} == {"2026-05-04T12:00:00Z"}
    cloud.service.ensure_job("other", "0 12 * * *", "Etc/UTC", URL, EMAIL)
    await asyncio.sleep(0)
    assert len(target.calls) == 3


@pytest.mark.parametrize(
    ("retries", "waits"),
    [
        (Retries(), [None]),
        (Retries(retry_count=3), [5.0, 10.0, 20.0, None]),
        (
            Retries(retry_count=5, min_backoff=10, max_backoff=60, max_doublings=1),
            [10.0, 20.0, 40.0, 60.0, 60.0, None],
        ),
        (Retries(retry_count=1, max_retry_duration=20, min_backoff=5, max_doublings=0), [5.0, 10.0, 15.0, None]),
        (Retries(max_retry_duration=20), [None]),
    ],
)
def test_retries_come_at_their_intervals(retries, waits):
    passed, found = 0.0, []
    while not found or found[-1] is not None:
        found.append(retries.wait(len(found) + 1, passed))
        passed += found[-1] or 0.0
    assert found == waits


@pytest.mark.parametrize(
    ("zone", "cron", "after", "due"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"),
        ("Europe/Berlin", "0 12 * * *", "2026-03-29T00:00+01:00", "2026-03-29T12:00+02:00"),
        ("America/New_York", "0 9 * * 1-5", "2026-10-30T10:00-04:00", "2026-11-02T09:00-05:00"),
    ],
)
def test_daylight_saving_is_that_of_the_time_zone(zone, cron, after, due):
    job = Job(name="job", cron=cron, time_zone=zone, url=URL, service_account_email="")
    moment = next(job.times(datetime.datetime.fromisoformat(after).timestamp()))
    assert moment == datetime.datetime.fromisoformat(due)


@pytest.mark.parametrize(
    "settings",
    [
        {"attempt_deadline": 14.0},
        {"attempt_deadline": 1801.0},
        {"retries": Retries(retry_count=6)},
        {"retries": Retries(min_backoff=10, max_backoff=9)},
    ],
)
async def test_settings_out_of_their_limits_are_refused(cloud, settings):
    await cloud.start(NOON)
    with pytest.raises(ValueError, match="job tick"):
        cloud.service.ensure_job("tick", "* * * * *", "Etc/UTC", URL, EMAIL, **settings)


async def test_jobs_run_again_after_a_restart(cloud, target):
    cloud.routes.register("tick", target.url)
    await cloud.start(NOON + 1)
    cloud.service.ensure_job("tick", "* * * * *", "Etc/UTC", URL, EMAIL)
    cloud.service.ensure_job("gone", "* * * * *", "Etc/UTC", URL, EMAIL)
    cloud.service.delete_job("gone")
    await cloud.stop()
    await cloud.start(NOON + 59.5)
    (headers,) = await target.called(1)
    assert headers["x-cloudscheduler-jobname"] == "tick"


async def test_what_is_not_a_cron_or_a_zone_is_refused(cloud):
    await cloud.start(NOON)
    for cron, zone in (("every day", "Etc/UTC"), ("* * * * *", "Nowhere/None"), ("61 * * * *", "Etc/UTC")):
        with pytest.raises(ValueError):
            cloud.service.ensure_job("bad", cron, zone, URL, EMAIL)
