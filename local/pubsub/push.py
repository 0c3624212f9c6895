"""How does a message reach a push endpoint?

The wrapped form, the answers that acknowledge and the unwrapped form follow
https://cloud.google.com/pubsub/docs/push and https://cloud.google.com/pubsub/docs/payload-unwrapping
"""

import asyncio
import base64
import logging
from typing import Any

import orjson

from local import calling
from local.identity import Identity
from local.pubsub.backlog import Backlog, Delivery
from local.routing import NotRoutedError, Routes

MAX_OUTSTANDING = 100
ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
_USER_AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google)"
_log = logging.getLogger(__name__)


class Pusher:
    """Pushes one subscription's messages while it runs, up to 100 at a time."""

    def __init__(self, backlog: Backlog, caller: calling.Calls, identity: Identity, routes: Routes) -> None:
        self._backlog = backlog
        self._caller = caller
        self._identity = identity
        self._routes = routes
        self._sending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while not self._backlog.closed:
            room = MAX_OUTSTANDING - len(self._sending)
            deadline = self._backlog.subscription.ack_deadline_seconds
            # The lease outlives the request, whose own time limit decides.
            deliveries = self._backlog.take(room, deadline + 5) if room else []
            for delivery in deliveries:
                sending = asyncio.create_task(self._send(delivery, deadline))
                self._sending.add(sending)
                sending.add_done_callback(self._sent)
            if not deliveries:
                await self._backlog.wait()

    def _sent(self, sending: asyncio.Task[None]) -> None:
        self._sending.discard(sending)
        if not sending.cancelled() and sending.exception() is not None:
            name = self._backlog.subscription.name
            _log.error("a push of %s broke off", name, exc_info=sending.exception())
        self._backlog.notify()

    async def _send(self, delivery: Delivery, deadline: float) -> None:
        subscription = self._backlog.subscription
        endpoint = subscription.push_config.push_endpoint
        headers, body = self._request(subscription, delivery)
        try:
            url = self._routes.resolve(endpoint)
            async with asyncio.timeout(deadline):
                response = await self._caller.call("POST", url, headers, body)
            accepted = response.status in ACKNOWLEDGING
        except (TimeoutError, NotRoutedError, calling.CallFailedError):
            accepted = False
        if accepted:
            self._backlog.acknowledge([delivery.ack_id])
        else:
            self._backlog.extend([delivery.ack_id], 0)

    def _request(self, subscription: Any, delivery: Delivery) -> tuple[dict[str, str], bytes]:
        push = subscription.push_config
        headers = {"User-Agent": _USER_AGENT}
        if push.HasField("oidc_token"):
            audience = push.oidc_token.audience or push.push_endpoint
            token = self._identity.mint_oidc(audience, push.oidc_token.service_account_email)
            headers["Authorization"] = f"Bearer {token}"
        if push.HasField("no_wrapper"):
            if push.no_wrapper.write_metadata:
                headers.update(_metadata(subscription, delivery.message))
            return headers, delivery.message.data
        headers["Content-Type"] = "application/json"
        return headers, orjson.dumps(wrapped(subscription, delivery))

    def cancel(self) -> None:
        """Break off what is under way; it is delivered again when its lease ends."""
        for task in (self._loop, *self._sending):
            task.cancel()

    async def stop(self) -> None:
        """As ``cancel``, and wait for it."""
        self.cancel()
        await asyncio.gather(self._loop, *self._sending, return_exceptions=True)


def wrapped(subscription: Any, delivery: Delivery) -> dict[str, Any]:
    """The JSON body of a push request."""
    message = delivery.message
    published = message.publish_time.ToJsonString()
    inner: dict[str, Any] = {
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": published,
        "publish_time": published,
    }
    if message.data:
        inner["data"] = base64.b64encode(message.data).decode()
    if message.attributes:
        inner["attributes"] = dict(message.attributes)
    if message.ordering_key:
        inner["orderingKey"] = message.ordering_key
    body: dict[str, Any] = {"message": inner, "subscription": subscription.name}
    if subscription.HasField("dead_letter_policy"):
        body["deliveryAttempt"] = delivery.attempt
    return body


def _metadata(subscription: Any, message: Any) -> dict[str, str]:
    headers = {
        "x-goog-pubsub-subscription-name": subscription.name,
        "x-goog-pubsub-message-id": message.message_id,
        "x-goog-pubsub-publish-time": message.publish_time.ToJsonString(),
    }
    if message.ordering_key:
        headers["x-goog-pubsub-ordering-key"] = message.ordering_key
    return {**headers, **message.attributes}
