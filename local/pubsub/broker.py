"""Which topics and subscriptions are there, and which message belongs to which of them?"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from local import calling
from local.identity import Identity
from local.pubsub import checks, filters, wire
from local.pubsub.backlog import Backlog
from local.pubsub.push import Pusher
from local.pubsub.store import PubSubStore
from local.routing import Routes

DEFAULT_ACK_DEADLINE_SECONDS = 10
DEFAULT_RETENTION_SECONDS = 7 * 86400
DEFAULT_EXPIRATION_SECONDS = 31 * 86400
EXPIRE_EACH_SECONDS = 3600.0


class Broker:
    """Topics and subscriptions in memory, as they are on disk. Pushes from ``start`` to ``stop``."""

    def __init__(
        self,
        store: PubSubStore,
        identity: Identity,
        routes: Routes,
        clock: Callable[[], float] = time.time,
        make_caller: Callable[[], calling.Calls] = calling.Caller,
    ) -> None:
        self.store = store
        self.clock = clock
        self._identity = identity
        self._routes = routes
        self._make_caller = make_caller
        self._caller: calling.Calls | None = None
        self._pushers: dict[str, Pusher] = {}
        self._expiring: asyncio.Task[None] | None = None
        self._last_id = 0
        self.topics = {topic.name: topic for topic in store.topics()}
        self.backlogs: dict[str, Backlog] = {}
        self._routes_of: dict[str, list[tuple[filters.Matcher, Backlog]]] = {}
        for subscription in store.subscriptions():
            self.backlogs[subscription.name] = self._backlog(subscription)
        self._index()

    def _backlog(self, subscription: Any) -> Backlog:
        return Backlog(subscription, self.store, self.clock, self._move_to_dead_letters)

    def _index(self) -> None:
        """Which subscriptions get a topic's messages, and by which filter."""
        self._routes_of = {}
        for backlog in self.backlogs.values():
            subscription = backlog.subscription
            if not subscription.detached:
                matcher = filters.compile_filter(subscription.filter)
                self._routes_of.setdefault(subscription.topic, []).append((matcher, backlog))

    async def start(self) -> None:
        self._caller = self._make_caller()
        used = self.store.activities()
        for name, backlog in self.backlogs.items():
            backlog.load()
            backlog.used_at = used.get(name, backlog.used_at)
            self._push(backlog)
        self._expiring = asyncio.create_task(self._expire_for_ever())

    async def _expire_for_ever(self) -> None:
        while True:
            self.expire()
            await asyncio.sleep(EXPIRE_EACH_SECONDS)

    def expire(self) -> list[str]:
        """Note which subscriptions were in use, and delete those that were not for as long as their policy says; the
        names of these. https://cloud.google.com/pubsub/docs/subscription-properties#expiration_period"""
        now = self.clock()
        expired: list[str] = []
        for name, backlog in list(self.backlogs.items()):
            ttl = wire.seconds(backlog.subscription.expiration_policy.ttl)
            if ttl > 0 and now - backlog.used_at > ttl:
                self.delete_subscription(name)
                expired.append(name)
            else:
                self.store.put_activity(name, backlog.used_at)
        return expired

    async def stop(self) -> None:
        if self._expiring is not None:
            self._expiring.cancel()
            await asyncio.gather(self._expiring, return_exceptions=True)
        self._expiring = None
        for pusher in self._pushers.values():
            await pusher.stop()
        self._pushers.clear()
        for backlog in self.backlogs.values():
            backlog.close()
        if self._caller is not None:
            await self._caller.close()
        self._caller = None

    def _push(self, backlog: Backlog) -> None:
        """Have the subscription pushed as long as it has an endpoint and the broker runs. A pusher reads the
        settings anew for each message, so one that runs takes changed ones over."""
        name = backlog.subscription.name
        wanted = bool(backlog.subscription.push_config.push_endpoint) and not backlog.subscription.detached
        if not wanted:
            self._unpush(name)
        elif self._caller is not None and name not in self._pushers:
            self._pushers[name] = Pusher(backlog, self._caller, self._identity, self._routes)

    def _unpush(self, name: str) -> None:
        pusher = self._pushers.pop(name, None)
        if pusher is not None:
            pusher.cancel()

    def topic(self, name: str) -> Any:
        """Refused (NOT_FOUND): there is none."""
        topic = self.topics.get(name)
        if topic is None:
            raise checks.missing(name)
        return topic

    def backlog(self, name: str) -> Backlog:
        """Of a subscription. Refused (NOT_FOUND): there is none."""
        backlog = self.backlogs.get(name)
        if backlog is None:
            raise checks.missing(name)
        return backlog

    def put_topic(self, topic: Any) -> Any:
        """Create or replace."""
        topic.state = wire.ACTIVE_TOPIC
        self.topics[topic.name] = topic
        self.store.put_topic(topic)
        return topic

    def delete_topic(self, name: str) -> None:
        """Its subscriptions stay, with what they have, and get no more. Refused (NOT_FOUND)."""
        self.topic(name)
        del self.topics[name]
        self.store.delete_topic(name)
        for backlog in self.subscribed(name):
            backlog.subscription.topic = wire.DELETED_TOPIC
            self.store.put_subscription(backlog.subscription)
        self._index()

    def subscribed(self, topic: str) -> list[Backlog]:
        """The subscriptions of a topic by name."""
        found = [backlog for backlog in self.backlogs.values() if backlog.subscription.topic == topic]
        return sorted(found, key=lambda backlog: backlog.subscription.name)

    def create_subscription(self, subscription: Any) -> Any:
        """From now on it gets its topic's messages. Refused: a setting is not valid."""
        complete_subscription(subscription)
        checks.check_subscription(subscription)
        backlog = self._backlog(subscription)
        self.backlogs[subscription.name] = backlog
        self.store.put_subscription(subscription)
        self._index()
        self._push(backlog)
        return subscription

    def change_subscription(self, subscription: Any) -> Any:
        """Replace the settings; what is to be delivered stays. Refused: a setting is not valid."""
        complete_subscription(subscription)
        checks.check_subscription(subscription)
        backlog = self.backlog(subscription.name)
        backlog.subscription = subscription
        self.store.put_subscription(subscription)
        self._index()
        self._push(backlog)
        backlog.notify()
        return subscription

    def delete_subscription(self, name: str) -> None:
        """With everything it had to deliver. Refused (NOT_FOUND)."""
        backlog = self.backlog(name)
        del self.backlogs[name]
        backlog.close()
        self._unpush(name)
        self.store.delete_subscription(name)
        self._index()

    def publish(self, topic: str, messages: Sequence[Any]) -> list[str]:
        """The new ids, in order. Written to disk for each subscription whose filter lets a message through; a topic
        without subscriptions writes nothing."""
        now = self.clock()
        routes = self._routes_of.get(topic, ())
        rows: list[tuple[str, int, float, bytes]] = []
        arrived: list[tuple[Backlog, int, str]] = []
        ids: list[str] = []
        for message in messages:
            message_id = self._next_id(now)
            message.message_id = str(message_id)
            wire.set_time(message.publish_time, now)
            ids.append(message.message_id)
            targets = [backlog for matches, backlog in routes if matches(message.attributes)]
            proto = message.SerializeToString() if targets else b""
            for backlog in targets:
                rows.append((backlog.subscription.name, message_id, now, proto))
                arrived.append((backlog, message_id, message.ordering_key))
        if rows:
            self.store.add_messages(rows)
        for backlog, message_id, ordering_key in arrived:
            backlog.add(message_id, ordering_key)
        return ids

    def _next_id(self, now: float) -> int:
        """Ids rise, over restarts too, as the microseconds of the clock do."""
        self._last_id = max(self._last_id + 1, int(now * 1e6))
        return self._last_id

    def _move_to_dead_letters(self, subscription: Any, message: Any, attempts: int) -> bool:
        """https://cloud.google.com/pubsub/docs/handling-failures#how_dead_letter_topics_work"""
        target = subscription.dead_letter_policy.dead_letter_topic
        if target not in self.topics:
            return False
        _, project, _, name = subscription.name.split("/")
        moved = wire.PubsubMessage(data=message.data, ordering_key=message.ordering_key)
        moved.attributes.update(message.attributes)
        moved.attributes["CloudPubSubDeadLetterSourceSubscription"] = name
        moved.attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] = project
        moved.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] = str(attempts)
        moved.attributes["CloudPubSubDeadLetterSourceTopicPublishTime"] = message.publish_time.ToJsonString()
        self.publish(target, [moved])
        return True


def complete_subscription(subscription: Any) -> None:
    """Fill in what the caller left open (in place)."""
    subscription.state = wire.ACTIVE_SUBSCRIPTION
    subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or DEFAULT_ACK_DEADLINE_SECONDS
    if not subscription.HasField("message_retention_duration"):
        subscription.message_retention_duration.FromSeconds(DEFAULT_RETENTION_SECONDS)
    if not subscription.HasField("expiration_policy"):
        subscription.expiration_policy.ttl.FromSeconds(DEFAULT_EXPIRATION_SECONDS)
    policy = subscription.dead_letter_policy
    if subscription.HasField("dead_letter_policy") and not policy.max_delivery_attempts:
        policy.max_delivery_attempts = 5
    if subscription.HasField("retry_policy"):
        retry = subscription.retry_policy
        if not retry.HasField("minimum_backoff"):
            retry.minimum_backoff.FromSeconds(10)
        if not retry.HasField("maximum_backoff"):
            retry.maximum_backoff.FromSeconds(600)
