"""Whoever is to be told is told once, by each way that they chose, whatever comes twice, late, or not at all."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.fcm import FcmService
from local.mail import MailService
from shared import config
from shared.domain import errors, signatures, store
from shared.domain.channels import Channel, State
from shared.domain.credit import Allowance, Used
from shared.domain.graph import UserId
from shared.domain.notices import Kind
from shared.firestore import client, commits, deliveries, devices, notification_settings, notifications
from shared.gcp import accounts, push
from shared.gcp.auth import Account
from shared.services import (
    audiences,
    credit,
    credit_notices,
    delivering,
    digests,
    inbox,
    noticing,
    outbox,
    senders,
    vault,
)
from shared.services import outgoing_webhooks as webhooks
from tests.engine import sending
from tests.engine.sending import People, Receiver, caller, notice
from tests.engine.stage import Stage


def forget_push() -> None:
    made = push._app  # pyright: ignore[reportPrivateUsage]
    if made.cache_info().currsize:
        push.firebase_admin.delete_app(made(config.settings().fcm_url))
        made.cache_clear()


@pytest.fixture
async def people(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[People]:
    async def account(user_id: str) -> Account | None:
        verified = not user_id.startswith("new")
        email = f"{user_id}@x.test"
        return Account(
            user_id=UserId(user_id), email=email, role=None, disabled=False, valid_after=0, email_verified=verified
        )

    mail, fcm = MailService(tmp_path / "mail"), FcmService(tmp_path / "push")
    monkeypatch.setenv("MAIL_URL", f"smtp://127.0.0.1:{await mail.start(0)}")
    monkeypatch.setenv("FCM_URL", f"http://127.0.0.1:{await fcm.start(0)}")
    monkeypatch.setenv("CREDENTIALS_KEY_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("MAX_EMAILS_PER_HOUR", "100000")
    config.settings.cache_clear()
    vault.real.cache_clear()
    monkeypatch.setattr(accounts, "find", account)
    receiver = Receiver(now=lambda: stage.now)
    stage.world = replace(stage.world, settings=config.settings(), http=receiver)
    yield People(stage, mail, fcm, receiver)
    await mail.stop()
    await fcm.stop()
    await asyncio.to_thread(forget_push)  # its client closes in a loop of its own
    vault.real.cache_clear()


ALL_ON = {kind: dict.fromkeys(Channel, True) for kind in Kind}


async def everything_on(people: People, *user_ids: str) -> dict[str, str]:
    """Users with a device and a webhook each, who want to be told of everything by every way: user -> webhook."""
    await people.join(*user_ids)
    made: dict[str, str] = {}
    for user_id in user_ids:
        await people.prefer(user_id, channels=ALL_ON)
        await people.device(user_id, f"token-{user_id}")
        made[user_id] = await people.webhook(user_id, f"{user_id}.example.com")
    return made


def subjects(people: People) -> Counter[tuple[str, str]]:
    return Counter((str(mail["To"]), str(mail["Subject"])) for mail in people.mail.kept.values())


async def test_each_gets_each_message_once_however_events_come(people: People) -> None:
    """Duplicated, reordered and failing deliveries of events and of tasks."""
    users = [f"user{number}" for number in range(int(os.environ.get("NOTIFIED_USERS", "3")))]
    await everything_on(people, *users)
    kinds = [Kind.REVIEW_WAITING, Kind.SUBMISSION_APPROVED, Kind.RATING_RECEIVED, Kind.EXECUTION_FAILED]
    told = [notice(kind, user, str(number)) for user in users for number, kind in enumerate(kinds)]
    await noticing.note(told)
    for host in users[::2]:
        people.receiver.answers[f"{host}.example.com"] = [500, 0, 429, 302, 503]
    await people.settle(trouble=0.4)
    for user in users:
        shown = await notifications.list_of(user, notifications.ALL, None, 100)
        assert sorted(one.kind for one in shown) == sorted(kinds)
    assert len(people.mail.kept) == len(told)
    assert set(Counter(str(mail["To"]) for mail in people.mail.kept.values()).values()) == {len(kinds)}
    assert len(people.fcm.shown) == len(told)
    assert {(token, tag) for token, tag in people.fcm.shown} == {(f"token-{one.user_id}", one.id) for one in told}
    assert sorted({(host, body["data"]["id"]) for (host, _), [body, *_] in people.receiver.got.items()}) == sorted(
        (f"{one.user_id}.example.com", one.id) for one in told
    )
    assert len(people.receiver.got) == len(told)  # under one webhook-id each, however often it came


async def test_who_dies_between_the_change_and_the_event_loses_nothing(people: People, stage: Stage) -> None:
    await people.join("ann")
    made = notice(Kind.RATING_RECEIVED, "ann", "1")
    await commits.commit(client.client(), [noticing.write(made)])
    assert stage.events == []
    stage.now += timedelta(minutes=2)
    assert await outbox.post_left(stage.now) == 1
    await people.settle()
    assert [one.id for one in await notifications.list_of("ann", notifications.ALL, None, 9)] == [made.id]
    assert await outbox.post_left(stage.now + timedelta(hours=1)) == 0


async def test_what_is_urgent_comes_at_once_and_the_rest_in_the_list_alone(people: People) -> None:
    await people.join("ann")
    await people.device("ann", "token")
    await noticing.note([notice(Kind.REVIEW_WAITING, "ann", "1"), notice(Kind.RATING_RECEIVED, "ann", "2")])
    await people.settle()
    assert (await inbox.counts("ann")) == {"total": 2, "unread": 2}
    assert [str(mail["Subject"]) for mail in people.mail.kept.values()] == ["x waits for your review"]
    assert [message["notification"]["title"] for message in people.fcm.shown.values()] == ["x waits for your review"]


async def test_what_is_turned_off_is_not_told(people: People) -> None:
    await people.join("ann")
    await people.device("ann", "token")
    hook = await people.webhook("ann", "ann.example.com", kinds=["rating_received"])
    off = dict.fromkeys(("in_app", "push", "email"), False)
    await people.prefer("ann", channels={"review_waiting": off})
    await noticing.note([notice(Kind.REVIEW_WAITING, "ann", "1"), notice(Kind.RATING_RECEIVED, "ann", "2")])
    await people.settle()
    assert [one.kind for one in await notifications.list_of("ann", notifications.ALL, None, 9)] == ["rating_received"]
    assert (people.mail.kept, people.fcm.shown) == ({}, {})
    assert [body["type"] for [body] in people.receiver.got.values()] == ["rating_received"]
    await webhooks.delete(caller("ann"), hook)


async def test_a_webhook_is_signed_and_its_receiver_can_check_it(people: People, stage: Stage) -> None:
    hooks = await everything_on(people, "ann")
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", "1", title="T", rating=4)])
    await people.settle()
    [headers] = people.receiver.headers
    [(_, id_)] = people.receiver.got
    [[body]] = people.receiver.got.values()
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    now = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert signatures.event("standard", sending.SECRETS[hooks["ann"]], headers, raw, now) == id_
    with pytest.raises(signatures.SignatureError):
        signatures.event("standard", sending.SECRETS[hooks["ann"]], headers, raw + b" ", now)
    assert body["type"] == "rating_received"
    assert body["timestamp"].endswith("Z")
    assert body["data"]["details"]["rating"] == 4


async def test_a_webhook_that_wants_no_more_is_turned_off(people: People) -> None:
    hook = (await everything_on(people, "ann"))["ann"]
    people.receiver.answers["ann.example.com"] = [410]
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", "1")])
    await people.settle()
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", "2")])
    await people.settle()
    assert people.receiver.got == {}
    assert not (await webhooks.get(caller("ann"), hook))["is_active"]


async def test_what_is_given_up_can_be_listed_and_sent_again(people: People, stage: Stage) -> None:
    hook = (await everything_on(people, "ann"))["ann"]
    await people.prefer("ann", channels={kind: {"email": False, "push": False} for kind in Kind})
    people.receiver.answers["ann.example.com"] = [500] * 18
    told = [notice(Kind.RATING_RECEIVED, "ann", str(number)) for number in range(2)]
    await noticing.note(told)
    await people.settle()
    assert people.receiver.got == {}
    me = caller("ann")
    dead, _ = await webhooks.sent(me, hook, State.DEAD, 10, None)
    assert [(one["attempts"], one["message"]) for one in dead] == [(9, "It answered 500.")] * 2
    kinds = [one.kind for one in await notifications.list_of("ann", notifications.ALL, None, 9)]
    assert Counter(kinds) == {Kind.RATING_RECEIVED: 2, Kind.WEBHOOK_FAILING: 1}  # once a day, not for each
    assert (await webhooks.replay(stage.world, me, hook, dead[0]["id"]))["state"] == State.PENDING
    with pytest.raises(errors.Conflict, match="only one that is DEAD"):
        await webhooks.replay(stage.world, me, hook, dead[0]["id"])
    assert await webhooks.replay_all(stage.world, me, hook) == {"replayed": 1, "more": False}
    await people.settle()
    assert {body["data"]["id"] for [body] in people.receiver.got.values()} == {one.id for one in told}
    assert {id_ for _, id_ in people.receiver.got} == {one["id"] for one in dead}
    assert await webhooks.sent(me, hook, State.DEAD, 10, None) == ([], None)


async def test_a_webhook_may_not_lead_inside_neither_now_nor_later(people: People, stage: Stage) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        await webhooks.create(stage.world, caller("ann"), {"url": "http://10.0.0.1/"}, "a" * 26)
    assert [one.field for one in refused.value.violations] == ["url"]
    for url in (
        "ftp://x.test/",
        "https://u:p@x.test/",
        "x",
        "https://",
        "https://x.test:99999/",
        "file:///etc/passwd",
    ):
        with pytest.raises(errors.InvalidArgument):
            await webhooks.create(stage.world, caller("ann"), {"url": url}, "a" * 26)
    await everything_on(people, "ann")

    async def moved(*_: Any, **__: Any) -> Any:
        raise errors.BlockError("It is a private address now.")

    people.receiver.request = moved
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", "1")])
    await people.settle()
    states = [one.state for one in await deliveries.documents.list_of("ann", None, 9) if one.channel == "webhook"]
    assert states == [State.DEAD]


async def test_a_device_that_is_gone_is_forgotten(people: People) -> None:
    await people.join("ann")
    for token in ("dead-1", "other-1", "alive"):
        await people.device("ann", token)
    await noticing.note([notice(Kind.REVIEW_WAITING, "ann", "1")])
    await people.settle()
    assert [one.token for one in await devices.documents.list_of("ann", None, 9)] == ["alive"]
    assert len(people.fcm.shown) == 1


async def test_a_device_is_of_who_registered_it_last(people: People) -> None:
    await people.join("ann", "bob")
    assert await people.device("ann", "shared") == await people.device("bob", "shared")
    assert await devices.documents.list_of("ann", None, 9) == []
    await noticing.note([notice(Kind.REVIEW_WAITING, "ann", "1")])
    await people.settle()
    assert people.fcm.shown == {}


async def test_no_e_mail_goes_to_an_address_that_nobody_has_proved_to_be_theirs(people: People) -> None:
    await people.join("new-ann", "ann")
    await noticing.note([notice(Kind.REVIEW_WAITING, user, "1") for user in ("new-ann", "ann")])
    await people.settle()
    assert [mail["To"] for mail in people.mail.kept.values()] == ["ann@x.test"]
    [dropped] = await deliveries.documents.list_of("new-ann", None, 9)
    assert (dropped.state, dropped.message) == (State.DROPPED, "The e-mail address is not verified.")


async def test_an_address_that_is_refused_for_good_is_given_up_at_once(people: People) -> None:
    await people.join("ann")
    people.mail.refused.add("ann@x.test")
    await noticing.note([notice(Kind.REVIEW_WAITING, "ann", "1")])
    await people.settle()
    [dead] = await deliveries.documents.list_of("ann", None, 9)
    assert (dead.state, dead.attempts) == (State.DEAD, 1)


async def test_of_two_tasks_for_one_attempt_one_sends(people: People, stage: Stage) -> None:
    await everything_on(people, "ann")
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", "1")])
    [(_, event)] = stage.events
    await people.push(event)
    await people.push(event)
    [hook] = [one for one in await deliveries.documents.list_of("ann", None, 9) if one.channel == "webhook"]
    for _ in range(3):
        await delivering.attempt(stage.world, hook.id, senders.send)
    assert [len(bodies) for bodies in people.receiver.got.values()] == [1]


async def test_too_many_e_mails_wait_for_the_digest(people: People, stage: Stage) -> None:
    await people.join("ann")
    settings = stage.world.settings.model_copy(update={"max_emails_per_hour": 2})
    stage.world = replace(stage.world, settings=settings)
    await people.prefer("ann", frequency="daily", hour=9, timezone="Europe/Berlin")
    for number in range(4):
        await noticing.note([notice(Kind.REVIEW_WAITING, "ann", str(number))])
        for _, event in stage.events:
            await people.push(event)
        stage.events.clear()
    assert len(await notifications.list_of("ann", notifications.DIGEST, None, 9)) == 2


@pytest.mark.parametrize(("frequency", "hours"), [("daily", 24), ("weekly", 7 * 24)])
async def test_a_digest_comes_at_its_hour_once_with_what_happened(
    people: People, stage: Stage, frequency: str, hours: int
) -> None:
    await people.join("ann")
    made = await people.prefer("ann", frequency=frequency, hour=9, weekday="SUN", timezone="Asia/Tokyo")
    due: datetime = made["next_digest_at"]
    assert due.hour == 0  # nine in Tokyo
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", str(n), title=f"Agent {n}") for n in range(3)])
    await people.settle()
    assert people.mail.kept == {}
    stage.now = due + timedelta(minutes=1)
    await people.settle(trouble=0.3)
    [mail] = people.mail.kept.values()
    text = mail.get_content()
    assert [f"Agent {n} was rated" in text for n in range(3)] == [True] * 3
    found = await notification_settings.documents.find("ann")
    assert found is not None
    assert found.digest_at == due + timedelta(hours=hours)
    stage.now = found.digest_at + timedelta(minutes=1)  # nothing happened: nothing comes
    await people.settle()
    assert len(people.mail.kept) == 1


async def test_of_two_ticks_that_make_one_digest_one_loses(people: People, stage: Stage) -> None:
    await people.join("ann")
    made = await people.prefer("ann", frequency="daily")
    await noticing.note([notice(Kind.RATING_RECEIVED, "ann", "1")])
    await people.settle()
    stage.now = made["next_digest_at"] + timedelta(minutes=1)
    sent = await asyncio.gather(*(digests.send_due(stage.world) for _ in range(4)))
    assert sum(sent) == 1
    await people.settle()
    assert len(people.mail.kept) == 1


async def test_all_who_have_a_listing_are_told_of_its_new_version_each_once(
    people: People, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiences, "PAGE", 2)
    users = [f"user{number}" for number in range(5)]
    await people.join(*users, "other")
    for user in [*users, "user0"]:  # one of them has it twice
        version = await stage.graph([], [])
        origin = {"source": "store", "listing_id": "l", "version": 1}
        head = client.client().collection("graphs").document(version.graph_id)
        await head.update({"origin": origin, "user_id": user})
    event = store.Event(
        id="e1", type=store.EventType.LISTING_UPDATED, at=stage.now, user_id="creator", actor_id="admin",
        listing_id="l", submission_id="s", title="Agent", version=2,
    )  # fmt: skip
    await outbox.post([outbox.letter(event)])
    await people.settle(trouble=0.3)
    for user in users:
        [one] = await notifications.list_of(user, notifications.ALL, None, 9)
        assert inbox.view(one)["title"] == "There is a new version of Agent"
    assert await notifications.count("other", notifications.ALL) == 0


async def test_who_has_spent_their_credit_or_nearly_is_told_so_once_a_month(people: People, stage: Stage) -> None:
    await people.join("ann", "bob")
    credit_notices._told.clear()  # pyright: ignore[reportPrivateUsage]
    allowance = Allowance(monthly=1_000_000_000, credit=0, node_executions=100)

    def stands(spent: int, nodes: int) -> credit.Standing:
        return credit.Standing(month="2026-01", allowance=allowance, used=Used(spent=spent, node_executions=nodes))

    async def check(spent: int, nodes: int) -> credit.Standing:
        if spent > 1_000_000_000:
            raise errors.CreditSpent("spent")
        return stands(spent, nodes)

    for spent, nodes in ((0, 79), (0, 80), (0, 95), (810_000_000, 95)):
        await credit_notices.watched(stage.world, "ann", check(spent, nodes))
    for _ in range(3):
        with pytest.raises(errors.CreditSpent):
            await credit_notices.watched(stage.world, "bob", check(2_000_000_000, 0))
    await people.settle()
    ann = [inbox.view(one)["text"] for one in await notifications.list_of("ann", notifications.ALL, None, 9)]
    assert sorted(ann) == [
        "$0.81 of $1.00 of this month are used.",
        "80 of 100 node executions of this month are used.",
    ]
    bob = [one.kind for one in await notifications.list_of("bob", notifications.ALL, None, 9)]
    assert bob == [Kind.CREDIT_SPENT]


async def test_who_has_left_is_told_nothing(people: People) -> None:
    await noticing.note([notice(Kind.REVIEW_WAITING, "nobody", "1")])
    await people.settle()
    assert people.mail.kept == {}
    assert await notifications.count("nobody", notifications.ALL) == 0
