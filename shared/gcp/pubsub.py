"""How do others learn what happened? By messages on a Pub/Sub topic, ordered within their key.

The GAPIC client and not the batching publisher: a function answers only when its messages are accepted, so nothing
may wait in memory. It reads no variable for an emulator, so the channel is built here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc.aio
from google import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport

from shared import caches, config, tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    data: bytes
    attributes: Mapping[str, str]


@caches.per_loop
def _client() -> pubsub_v1.PublisherAsyncClient:
    host = config.settings().pubsub_emulator_host
    if not host:
        return pubsub_v1.PublisherAsyncClient()
    transport = PublisherGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(host))
    return pubsub_v1.PublisherAsyncClient(transport=transport)


async def publish(topic: str, ordering_key: str, messages: Sequence[Message]) -> None:
    """Accepted when this returns, in this order."""
    with tracing.span(f"publish {topic}", "PRODUCER", messages=len(messages)):
        carried = tracing.carried()
        await _client().publish(
            topic=f"projects/{config.settings().google_cloud_project}/topics/{topic}",
            messages=[
                pubsub_v1.PubsubMessage(
                    data=m.data, attributes={**m.attributes, **carried}, ordering_key=ordering_key
                )
                for m in messages
            ],
        )
