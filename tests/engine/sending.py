"""A stage on which people are told: the real fan-out and senders, a mail server and an FCM of this process, and a
receiver of webhooks. Events come twice, in any order and fail, as the test says."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.fcm import FcmService
from local.mail import MailService
from shared.domain import errors, notices
from shared.domain.graph import UserId
from shared.domain.notices import Kind, Notice
from shared.domain.permissions import Caller
from shared.firestore import users, values
from shared.services import delivering, digests, fan_out, outbox, senders
from shared.services import devices as device_service
from shared.services import notification_settings as preferences
from shared.services import outgoing_webhooks as webhooks
from tests.engine.stage import Stage

AT = datetime(2026, 1, 1, tzinfo=UTC)
SECRETS: dict[str, str] = {}
"""Of the webhooks that were made, by their id."""


@dataclass
class Receiver:
    """Where webhooks lead. ``got``: (host, webhook-id) -> bodies; ``answers``: host -> the next statuses, then 200;
    0: none."""

    now: Callable[[], Any]
    got: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, list[int]] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        host = httpx.URL(url).host
        status = self.answers[host].pop(0) if self.answers.get(host) else 200
        if status == 0:
            raise errors.Retryable("it did not answer")
        if status < 300:
            self.headers.append(options["headers"])
            id_ = options["headers"]["webhook-id"]
            self.got.setdefault((host, id_), []).append(json.loads(options["content"]))
        return httpx.Response(status, headers={"retry-after": "7"} if status == 429 else {})

    async def addresses(self, host: str, port: int) -> list[str]:
        if host.startswith("10."):
            raise errors.BlockError("It is a private address.")
        return ["93.184.216.34"]


@dataclass
class People:
    """Who is told, and what they get."""

    stage: Stage
    mail: MailService
    fcm: FcmService
    receiver: Receiver

    async def join(self, *user_ids: str) -> None:
        for user_id in user_ids:
            email = f"{user_id}@x.test"
            await users.create(
                UserId(user_id), email=email, name=user_id, picture="", role="user", now=self.stage.now
            )

    async def prefer(self, user_id: str, **changes: Any) -> dict[str, Any]:
        return await preferences.update(self.stage.world, caller(user_id), changes, None)

    async def device(self, user_id: str, token: str) -> str:
        return (await device_service.register(self.stage.world, caller(user_id), {"token": token}))["id"]

    async def webhook(self, user_id: str, host: str, **more: Any) -> str:
        body = {"url": f"https://{host}/hook", **more}
        id_ = (self.stage.world.random_id() + "0" * 26)[:26]
        made = await webhooks.create(self.stage.world, caller(user_id), body, id_)
        SECRETS[made["id"]] = made["secret"]
        return made["id"]

    async def push(self, message: bytes) -> None:
        """What Pub/Sub does with one event."""
        event = fan_out.read(values.load(message.decode()))
        if event is not None:
            await fan_out.take(self.stage.world, event)

    async def settle(self, *, trouble: float = 0.0, rounds: int = 60) -> None:
        """Deliver every event in random order, some twice, until nothing is left; ``trouble``: how often a call dies
        before or after its work, and comes again."""
        random = self.stage.random
        for _ in range(rounds):
            events = [data for _, data in self.stage.events]
            self.stage.events.clear()
            random.shuffle(events)
            for data in events + random.sample(events, len(events) // 3):
                if not await self._survives(self.push(data), trouble):
                    self.stage.events.append(("", data))
            await self._tasks(trouble)
            if not self.stage.events and not self._waiting() and not await self.tick():
                return
        raise AssertionError("it goes on for ever")

    async def tick(self) -> int:
        self.stage.now += timedelta(minutes=3)
        world = self.stage.world
        return await delivering.recover(world) + await outbox.post_left(world.now()) + await digests.send_due(world)

    def _waiting(self) -> list[Any]:
        return [task for task in self.stage.tasks if task.queue.startswith("deliveries")]

    async def _tasks(self, trouble: float) -> None:
        while waiting := self._waiting():
            due = [task for task in waiting if task.at <= self.stage.now]
            if not due:
                self.stage.now = min(task.at for task in waiting)
                continue
            task = self.stage.random.choice(due)
            self.stage.tasks.remove(task)
            id_ = json.loads(task.body)["delivery_id"]
            if not await self._survives(delivering.attempt(self.stage.world, id_, senders.send), trouble):
                self.stage.tasks.append(replace(task, at=self.stage.now + timedelta(seconds=1)))

    async def _survives(self, work: Any, trouble: float) -> bool:
        """Whether a call was answered: not, where it dies before its work, or after it."""
        fate = self.stage.random.random()
        if fate < trouble / 2:
            work.close()
            return False
        try:
            await work
        except errors.Unavailable:
            return False
        return fate >= trouble


def caller(user_id: str) -> Caller:
    return Caller(user_id=UserId(user_id), email="", role="user", permissions=frozenset())


def notice(kind: Kind, user_id: str, *causes: str, **details: Any) -> Notice:
    needed = dict.fromkeys(notices.needed(kind), "x") | details
    return notices.of(kind, user_id, *causes, at=AT, user_id=user_id, **needed)
