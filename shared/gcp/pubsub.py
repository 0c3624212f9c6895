"""How do others learn what happened? By messages on a Pub/Sub topic, ordered within their key.

The GAPIC client and not the batching publisher: a function answers only when its messages are accepted, so nothing
may wait in memory. It reads no variable for an emulator, so the channel is built here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import caches, config, tracing

if TYPE_CHECKING:
    from google.pubsub_v1 import PublisherAsyncClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    data: bytes
    attributes: Mapping[str, str]


@caches.per_loop
def _client() -> "PublisherAsyncClient":
    import grpc.aio
    from google.pubsub_v1 import PublisherAsyncClient
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport

    host = config.settings().pubsub_emulator_host
    if not host:
        return PublisherAsyncClient()
    return PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(host)))


async def publish(topic: str, ordering_key: str, messages: Sequence[Message]) -> None:
    """Accepted when this returns, in this order."""
    from google import pubsub_v1  # with the first event: who only reads never loads it

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
