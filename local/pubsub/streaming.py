"""How does a stream of messages run? (google.pubsub.v1.Subscriber.StreamingPull)"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from local.pubsub import checks, wire
from local.pubsub.backlog import Backlog, Delivery
from local.serving import Refused

_BATCH = 100
_NO_LIMIT = 1_000_000


class _Stream:
    """What one stream has been given and has yet to acknowledge; its limits hold over both ways to acknowledge."""

    def __init__(self, backlog: Backlog, first: Any) -> None:
        self.backlog = backlog
        self.lease_seconds = first.stream_ack_deadline_seconds
        self._max_messages = first.max_outstanding_messages if first.max_outstanding_messages > 0 else _NO_LIMIT
        self._max_bytes = first.max_outstanding_bytes if first.max_outstanding_bytes > 0 else 0
        self._outstanding: dict[str, int] = {}
        self.ended = False

    def take(self) -> list[Delivery]:
        """What may be sent now."""
        leased = self.backlog.is_leased
        self._outstanding = {ack_id: size for ack_id, size in self._outstanding.items() if leased(ack_id)}
        room = min(_BATCH, self._max_messages - len(self._outstanding))
        bytes_left = self._max_bytes - sum(self._outstanding.values())
        if room <= 0 or (self._max_bytes and bytes_left <= 0):
            return []
        taken = self.backlog.take(room, self.lease_seconds, max(0, bytes_left))
        for delivery in taken:
            self._outstanding[delivery.ack_id] = delivery.message.ByteSize()
        return taken

    async def read(self, requests: AsyncIterator[Any]) -> None:
        """Apply what the receiver sends, until it sends no more."""
        try:
            async for request in requests:
                self.apply(request)
        finally:
            self.ended = True
            self.backlog.notify()

    def apply(self, request: Any) -> None:
        """Acknowledgements and deadlines of one request."""
        if request.stream_ack_deadline_seconds:
            self.lease_seconds = request.stream_ack_deadline_seconds
        if request.ack_ids:
            self.backlog.acknowledge(request.ack_ids)
        if len(request.modify_deadline_ack_ids) != len(request.modify_deadline_seconds):
            raise checks.invalid("modify_deadline_seconds and modify_deadline_ack_ids must be of one length.")
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            self.backlog.extend([ack_id], seconds)


async def pull(find_backlog: Callable[[str], Backlog], requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Send messages as they come, until the receiver ends the stream or the subscription goes."""
    first = await anext(requests)
    backlog = find_backlog(first.subscription)
    if backlog.subscription.push_config.push_endpoint or backlog.subscription.detached:
        raise Refused(grpc.StatusCode.FAILED_PRECONDITION, "Only an attached pull subscription can be streamed from.")
    if not checks.MIN_ACK_DEADLINE <= first.stream_ack_deadline_seconds <= checks.MAX_ACK_DEADLINE:
        raise checks.invalid("stream_ack_deadline_seconds must be 10 to 600.")
    stream = _Stream(backlog, first)
    stream.apply(first)
    reading = asyncio.create_task(stream.read(requests))
    try:
        async for response in _responses(stream):
            yield response
        if reading.done() and not reading.cancelled():
            reading.result()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _responses(stream: _Stream) -> AsyncIterator[Any]:
    backlog = stream.backlog
    while not stream.ended:
        if backlog.closed:
            raise checks.missing(backlog.subscription.name)
        taken = stream.take()
        if taken:
            yield _response(backlog, taken)
        else:
            await backlog.wait()


def _response(backlog: Backlog, taken: list[Delivery]) -> Any:
    counted = backlog.subscription.HasField("dead_letter_policy")
    messages = [
        wire.ReceivedMessage(ack_id=d.ack_id, message=d.message, delivery_attempt=d.attempt if counted else 0)
        for d in taken
    ]
    response = wire.StreamingPullResponse(received_messages=messages)
    response.subscription_properties.message_ordering_enabled = backlog.subscription.enable_message_ordering
    exactly_once = backlog.subscription.enable_exactly_once_delivery
    response.subscription_properties.exactly_once_delivery_enabled = exactly_once
    return response
