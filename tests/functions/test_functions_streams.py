"""Event streams over HTTP: who may open one, how it is resumed, and that a browser needs no token in an address."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of

from shared import clock, config
from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import executions
from shared.gcp import auth
from shared.http import logs
from shared.services import streams

Make = Callable[[Status], Awaitable[str]]


@pytest.fixture
def stream(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("stream", user)


@pytest.fixture
def make(user: User) -> Make:
    """An execution of ``user`` in a status."""

    async def made(status: Status) -> str:
        now = clock.now()
        execution = Execution(
            id=clock.random_id(),
            user_id=user.id,
            graph_id="g" * 26,
            graph_version=1,
            status=Status.QUEUED,
            queue="interactive",
            constants={},
            absent=(),
            created_at=now,
        )
        written = await executions.create(execution)
        if status is not Status.QUEUED:
            changes = {"status": status, "started_at": now, "completed_at": now}
            await executions.update(execution.id, changes, getattr(written, "update_time", ""))
        return execution.id

    return made


def ids_of(text: str) -> list[str]:
    return [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")]


async def test_a_stream_is_resumed_after_any_event_and_has_an_end(stream: httpx.AsyncClient, make: Make) -> None:
    path = f"/executions/{await make(Status.COMPLETED)}/events"
    whole = await stream.get(path)
    assert whole.headers["content-type"].startswith("text/event-stream")
    ids = ids_of(whole.text)
    assert whole.text.count("event: execution.status") == len(ids) == 3
    for number, id_ in enumerate(ids[:-1]):
        assert ids_of((await stream.get(path, headers={"Last-Event-ID": id_})).text)[-1:] == ids[-1:]
        rest = (await stream.get(path, params={"last_event_id": id_})).text
        assert rest.count("event: ") == len(ids) - number - 1
    over = await stream.get(path, headers={"Last-Event-ID": ids[-1]})
    assert (over.status_code, over.content) == (204, b"")  # which tells a browser not to come back


async def test_what_goes_on_is_told_until_the_stream_has_lasted_long_enough(
    stream: httpx.AsyncClient, make: Make
) -> None:
    id_ = await make(Status.RUNNING)
    for path in (f"/executions/{id_}/events", "/executions/events"):
        text = (await stream.get(path)).text
        assert id_ in text
        assert '"status":"RUNNING"' in text


@pytest.mark.parametrize("text", ["x", "9-8-1", "99999999999999999", "1-2", "-1", "1;2"])
async def test_what_is_no_id_of_an_event_is_refused(stream: httpx.AsyncClient, make: Make, text: str) -> None:
    answer = await stream.get(f"/executions/{await make(Status.RUNNING)}/events", headers={"Last-Event-ID": text})
    [violation] = error_of(answer, 400)["BadRequest"]["fieldViolations"]
    assert violation["field"] == "Last-Event-ID"


async def test_a_browser_is_let_in_by_a_cookie_that_nothing_else_believes(
    make_api: MakeApi, stream: httpx.AsyncClient, user: User, make: Make
) -> None:
    granted = await stream.post("/executions/events/cookie")
    cookie = granted.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/api/v1/executions"))
    header = {"Cookie": cookie.partition(";")[0]}
    path = f"/executions/{await make(Status.COMPLETED)}/events"
    assert (await make_api("stream").get(path, headers=header)).status_code == 200
    for function, method, other in (
        ("executions", "GET", "/executions"),
        ("executions", "GET", path.removesuffix("/events")),
        ("executions", "POST", path.replace("events", "cancel")),
        ("stream", "POST", "/executions/events/cookie"),
        ("users", "GET", "/me"),
    ):
        assert (await make_api(function).request(method, other, headers=header)).status_code == 401, other
    forged = {"Cookie": "__session=forged"}
    assert (await make_api("stream").get(path, headers=forged)).status_code == 401


async def test_a_cookie_is_anothers_as_its_token_is(
    make_api: MakeApi, accounts: Accounts, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    other = await accounts.user()
    path = f"/executions/{await make(Status.COMPLETED)}/events"
    with caplog.at_level("INFO", logger=logs.access.name):
        answer = await make_api("stream").get(path, headers={"Cookie": f"__session={other.token}"})
    error_of(answer, 404)
    assert other.token not in caplog.text


async def test_an_api_key_gets_no_cookie(make_api: MakeApi, user: User) -> None:
    made = await make_api("users", user).post("/me/api-keys", json={"name": "k", "scopes": ["agent.read"]})
    headers = {"X-API-Key": made.json()["key"]}
    error_of(await make_api("stream").post("/executions/events/cookie", headers=headers), 403)
    assert (await make_api("stream").get("/executions/events", headers=headers)).status_code == 200


async def test_a_stream_ends_soon_after_its_reader_may_hear_no_more(
    accounts: Accounts, make_api: MakeApi, make: Make, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = make_api("stream", user)
    path = f"/executions/{await make(Status.RUNNING)}/events"
    monkeypatch.setenv("MAX_STREAM_SECONDS", "60")
    monkeypatch.setenv("STREAM_HEARTBEAT_SECONDS", "0.05")
    monkeypatch.setattr(auth, "TRUST_SECONDS", 0.0)
    config.settings.cache_clear()
    auth.verifier().forget(user.id)
    following = asyncio.create_task(stream.get(path))
    while not streams._open[user.id]:
        await asyncio.sleep(0)
    await accounts.change(user.id, disableUser=True)
    text = (await asyncio.wait_for(following, 30)).text
    assert "this is a stream" in text
    error_of(await stream.get(path), 401)
