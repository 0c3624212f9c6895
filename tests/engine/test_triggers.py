"""Each entry of a feed starts at most one execution, however often it is looked at and wherever that dies."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain import errors, polling
from shared.domain.graph import UserId
from shared.domain.permissions import caller
from shared.domain.polling import State
from shared.firestore import executions
from shared.firestore import triggers as stored
from shared.gcp import auth
from shared.gcp.auth import Account
from shared.services import noticing
from shared.services import polling as looking
from shared.services import triggers as service
from tests.crash.deaths import Deaths, Died, Mode
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output

ANN, BOB = (caller(UserId(name), "", None) for name in ("ann", "bob"))
URL = "https://news.example.com/feed.xml"
QUARTER = timedelta(minutes=15)


@dataclass
class Feed:
    """A server of one feed, whose entries are its ``ids``, newest first. ``asked``: the headers of each request."""

    ids: list[str] = field(default_factory=list[str])
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        assert (method, url) == ("GET", URL)
        self.asked.append(options["headers"])
        etag = f'"{"-".join(self.ids)}"'
        if options["headers"].get("If-None-Match") == etag:
            return httpx.Response(304)
        items = "".join(f"<item><guid>{id_}</guid><title>About {id_}</title></item>" for id_ in self.ids)
        text = f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
        return httpx.Response(self.status, headers={"ETag": etag, **self.headers}, content=text.encode())

    async def addresses(self, host: str, port: int) -> list[str]:
        raise AssertionError("a feed is read by HTTP")


@pytest.fixture(autouse=True)
def accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def account(user_id: str) -> Account:
        return Account(user_id=UserId(user_id), email="", role=None, disabled=False, valid_after=0)

    monkeypatch.setattr(auth, "account", account)


@pytest.fixture
def feed(stage: Stage) -> Iterator[Feed]:
    made = Feed(ids=["old2", "old1"])
    stage.world = replace(stage.world, http=made)
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    notes: list[Any] = []

    async def note(notices: list[Any]) -> None:
        notes.extend(notices)

    monkeypatch.setattr(noticing, "note", note)
    return notes


async def a_trigger(stage: Stage, **body: Any) -> str:
    settings = stage.world.settings.model_copy(update={"max_concurrent_executions": 0})
    stage.world = replace(stage.world, settings=settings)
    version = await stage.graph([agent_input("in", "entry"), agent_output("out")], ["in.result -> out.value"])
    id_ = (stage.world.random_id() + "0" * 26)[:26]
    given = {"kind": "rss", "url": URL, **body}
    return (await service.create(stage.world, ANN, version.graph_id, given, id_))["id"]


async def look(stage: Stage, times: int = 1) -> None:
    for _ in range(times):
        await looking.look_all(stage.world)
        stage.now += QUARTER


async def titles(stage: Stage) -> list[str]:
    """Of the entries that executions got, each execution run to its end."""
    await stage.run()
    found = await executions.list_of("ann", None, None, 1_000)
    return sorted((one.output or {})["out"][0]["title"] for one in found)


async def state(id_: str) -> polling.Trigger:
    trigger = await stored.documents.find(id_)
    assert trigger is not None
    return trigger


async def test_each_new_entry_starts_one_execution_and_old_ones_none(stage: Stage, feed: Feed) -> None:
    id_ = await a_trigger(stage)
    await look(stage)
    feed.ids = ["b", "a", *feed.ids]
    await look(stage, 3)
    assert await titles(stage) == ["About a", "About b"]
    assert [headers.get("If-None-Match") for headers in feed.asked[1:]] == ['"old2-old1"', *['"b-a-old2-old1"'] * 2]
    page, _ = await service.history(ANN, id_, 9, None)
    assert sorted((one["title"], one["result"]) for one in page) == [("About a", "STARTED"), ("About b", "STARTED")]


async def test_five_ticks_at_once_look_once(stage: Stage, feed: Feed) -> None:
    await a_trigger(stage)
    await look(stage)
    feed.ids = ["a", *feed.ids]
    await asyncio.gather(*(looking.look_all(stage.world) for _ in range(5)))
    assert await titles(stage) == ["About a"]
    assert len(feed.asked) == 2


async def test_a_flood_comes_a_few_at_a_time_and_all_of_it(stage: Stage, feed: Feed) -> None:
    await a_trigger(stage, max_items=2)
    await look(stage)
    feed.ids = [f"n{n}" for n in range(5)]
    for expected in (2, 4, 5, 5):
        await look(stage)
        assert len(await titles(stage)) == expected


async def test_wherever_a_look_dies_the_next_starts_what_is_missing_and_nothing_twice(
    stage: Stage, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = Deaths(monkeypatch)
    await a_trigger(stage)
    await look(stage)
    feed.ids = ["a", *feed.ids]
    begun = deaths.count
    await look(stage)
    effects = deaths.count - begun
    assert effects >= 4
    number = 0
    for at in range(effects):
        for mode in Mode:
            number += 1
            feed.ids = [f"x{number}", *feed.ids][:100]
            deaths.arm(at, mode)
            try:
                await looking.look_all(stage.world)
            except Died:
                pass
            deaths.at = -1
            stage.now += QUARTER
            await look(stage)
            assert f"About x{number}" in await titles(stage), (at, mode)
    assert len(await titles(stage)) == 1 + number


async def test_a_source_that_fails_is_left_alone_for_longer_and_its_user_is_told(
    stage: Stage, feed: Feed, told: list[Any]
) -> None:
    id_ = await a_trigger(stage)
    feed.status = 404
    for failures, minutes in ((1, 15), (2, 30), (3, 60)):
        stage.now = max(stage.now, (await state(id_)).next_at or stage.now)
        await looking.look_all(stage.world)
        trigger = await state(id_)
        assert trigger.failures == failures
        assert trigger.next_at == stage.now + timedelta(minutes=minutes)
        assert "404" in trigger.last_error
    assert [(notice.user_id, notice.details["trigger_id"]) for notice in told] == [("ann", id_)]
    feed.status = 200
    stage.now += timedelta(hours=1)
    await looking.look_all(stage.world)
    assert ((await state(id_)).failures, (await state(id_)).last_error) == (0, "")


@pytest.mark.parametrize(("status", "minutes"), [(429, 120), (503, 120), (500, 120), (404, 15)])
async def test_a_server_that_is_busy_is_asked_again_when_it_says(
    stage: Stage, feed: Feed, status: int, minutes: int
) -> None:
    id_ = await a_trigger(stage)
    feed.status, feed.headers = status, {"Retry-After": "7200"}
    await looking.look_all(stage.world)
    assert (await state(id_)).next_at == stage.now + timedelta(minutes=minutes)


async def test_what_the_user_has_to_mend_is_told_and_what_passes_is_tried_again(
    stage: Stage, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await a_trigger(stage)
    await look(stage)
    feed.ids = ["a", *feed.ids]
    account = auth.account

    async def down(user_id: str) -> Account:
        raise errors.Unavailable("Auth does not answer.")

    monkeypatch.setattr(auth, "account", down)
    await look(stage)
    assert await titles(stage) == []
    monkeypatch.setattr(auth, "account", account)
    await look(stage)
    assert await titles(stage) == ["About a"]

    async def disabled(user_id: str) -> Account:
        raise errors.Unauthenticated("Your account is disabled.")

    monkeypatch.setattr(auth, "account", disabled)
    feed.ids = ["b", *feed.ids]
    await look(stage)
    page, _ = await service.history(ANN, id_, 9, None)
    assert (page[0]["result"], page[0]["title"]) == ("FAILED", "About b")
    assert "disabled" in page[0]["message"]


async def test_paused_it_does_not_look_and_elsewhere_it_begins_anew(stage: Stage, feed: Feed) -> None:
    id_ = await a_trigger(stage)
    await look(stage)
    await service.turn(stage.world, ANN, id_, State.PAUSED)
    await look(stage)
    assert len(feed.asked) == 1
    feed.ids = ["missed", *feed.ids]
    await service.turn(stage.world, ANN, id_, State.ACTIVE)
    await look(stage)
    changed = await service.update(stage.world, ANN, id_, {"url": URL + "?"}, None)
    assert (changed["last_polled_at"], changed["status"]) == (None, "ACTIVE")
    assert await titles(stage) == []


async def test_a_trigger_goes_with_its_graph_and_is_its_users_alone(stage: Stage, feed: Feed) -> None:
    id_ = await a_trigger(stage)
    graph_id = (await state(id_)).graph_id
    for attempt in (
        service.get(BOB, id_),
        service.update(stage.world, BOB, id_, {"name": "x"}, None),
        service.turn(stage.world, BOB, id_, State.PAUSED),
        service.history(BOB, id_, 9, None),
        service.list_of(BOB, graph_id, 9, None),
        service.delete(BOB, id_, None),
    ):
        with pytest.raises(errors.NotFound):
            await attempt
    await stored.documents.erase("ann", graph_id=graph_id)
    assert await stored.documents.find(id_) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"url": ""}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "https://ann:secret@example.com/"}, "url"),
        ({"url": "http://[/"}, "url"),
        ({"every_minutes": 4}, "every_minutes"),
        ({"max_items": 51}, "max_items"),
        ({"host": "imap.example.com"}, "host"),
        ({"input_name": "nowhere"}, "input_name"),
        ({"input_data": {"nowhere": 1}}, "input_data.nowhere"),
        ({"kind": "email", "url": None, "host": "a b", "credentials_id": "c"}, "host"),
        ({"kind": "email", "host": "imap.example.com", "credentials_id": "0" * 26}, "url"),
    ],
)
async def test_what_is_not_valid_is_refused_by_its_field(
    stage: Stage, feed: Feed, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.InvalidArgument) as error:
        await a_trigger(stage, **body)
    assert field in {violation.field for violation in error.value.violations}
