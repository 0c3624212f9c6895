"""What does Pub/Sub offer to the program that starts it?"""

import time
from collections.abc import Callable, Mapping

from local import faults
from local.database import Database
from local.faults import over_grpc, over_http
from local.identity import Identity
from local.pubsub import wire
from local.pubsub.access import Access
from local.pubsub.broker import Broker
from local.pubsub.publisher import Publisher
from local.pubsub.store import PubSubStore
from local.pubsub.subscriber import Subscriber
from local.routing import Routes
from local.serving import GrpcServer


class PubSubService:
    """A server of topics and subscriptions; pushes from ``start`` to ``stop``."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        routes: Routes,
        clock: Callable[[], float] = time.time,
        disturbance: faults.Disturbance = faults.CALM,
    ) -> None:
        self._broker = Broker(
            PubSubStore(database), identity, routes, clock, lambda: over_http.caller(disturbance, "Push")
        )
        services = {
            wire.PUBLISHER: Publisher(lambda: self._broker).methods(),
            wire.SUBSCRIBER: Subscriber(lambda: self._broker).methods(),
            wire.IAM_POLICY: Access(lambda: self._broker).methods(),
        }
        self._server = GrpcServer(services, database, over_grpc.interceptors(disturbance))

    async def start(self, port: int) -> int:
        """Listen, and push what an earlier run left. OSError: the port is taken."""
        bound = await self._server.start(port)
        await self._broker.start()
        return bound

    def expire(self) -> list[str]:
        """Delete the subscriptions that nobody has used for as long as their expiration policy says; their names."""
        return self._broker.expire()

    async def stop(self) -> None:
        """Close; what is under way is delivered again after the next start."""
        await self._broker.stop()
        await self._server.stop()

    def ensure_topic(self, name: str) -> None:
        """Have a topic ``projects/P/topics/T``. Call after ``start`` or before."""
        if name not in self._broker.topics:
            self._broker.put_topic(wire.Topic(name=name))

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """As a service of the cloud publishes: accepted when this returns; dropped where there is no such topic."""
        if topic in self._broker.topics:
            self._broker.publish(topic, [wire.PubsubMessage(data=data, attributes=dict(attributes))])

    def ensure_push_subscription(
        self,
        name: str,
        topic: str,
        endpoint: str,
        service_account_email: str,
        *,
        ack_deadline_seconds: int = 10,
        message_filter: str = "",
        enable_message_ordering: bool = False,
        min_backoff_seconds: float = 0.0,
        max_backoff_seconds: float = 0.0,
        dead_letter_topic: str = "",
        max_delivery_attempts: int = 5,
    ) -> None:
        """Have a push subscription of these settings; what it has yet to deliver stays. ``endpoint`` is the URL as
        production has it. A backoff of 0 leaves the service's own; no e-mail sends no token."""
        subscription = wire.Subscription(
            name=name,
            topic=topic,
            ack_deadline_seconds=ack_deadline_seconds,
            filter=message_filter,
            enable_message_ordering=enable_message_ordering,
        )
        subscription.push_config.push_endpoint = endpoint
        if service_account_email:
            subscription.push_config.oidc_token.service_account_email = service_account_email
        if min_backoff_seconds or max_backoff_seconds:
            retry = subscription.retry_policy
            retry.minimum_backoff.FromMilliseconds(round(min_backoff_seconds * 1000))
            retry.maximum_backoff.FromMilliseconds(round((max_backoff_seconds or 600.0) * 1000))
        if dead_letter_topic:
            subscription.dead_letter_policy.dead_letter_topic = dead_letter_topic
            subscription.dead_letter_policy.max_delivery_attempts = max_delivery_attempts
        if name in self._broker.backlogs:
            self._broker.change_subscription(subscription)
        else:
            self._broker.create_subscription(subscription)
