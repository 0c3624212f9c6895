"""Subscribers pull and stream messages, acknowledge them, and get again what they do not."""

import asyncio
import time

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1
from google.protobuf import timestamp_pb2

TOPIC = "projects/p/topics/events"
SUBSCRIPTION = "projects/p/subscriptions/watch"
# To see that nothing is there, the tests pull without waiting, which the client calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated:DeprecationWarning")


def texts(received) -> list[bytes]:
    return [each.message.data for each in received]


async def test_a_pulled_message_comes_once_when_acknowledged(cloud):
    await cloud.subscribe()
    (message_id,) = await cloud.publish(b"x", attributes={"a": "b"})
    (received,) = await cloud.pull()
    assert received.message.message_id == message_id
    assert received.message.attributes == {"a": "b"}
    assert received.message.publish_time is not None
    await cloud.ack(received)
    assert await cloud.pull(wait=False) == []


async def test_pull_waits_for_the_next_message(cloud):
    await cloud.subscribe()
    pulling = asyncio.create_task(cloud.pull())
    await cloud.publisher.get_topic(topic=TOPIC)
    assert not pulling.done()
    await cloud.publish(b"x")
    assert texts(await pulling) == [b"x"]


async def test_a_refused_message_comes_again_at_once(cloud):
    await cloud.subscribe()
    await cloud.publish(b"x")
    (first,) = await cloud.pull()
    await cloud.refuse(first)
    (second,) = await cloud.pull()
    assert second.message.message_id == first.message.message_id
    assert second.ack_id != first.ack_id


async def test_a_message_not_acknowledged_in_time_comes_again(cloud):
    await cloud.subscribe()
    await cloud.publish(b"x")
    (first,) = await cloud.pull()
    await cloud.subscriber.modify_ack_deadline(
        subscription=SUBSCRIPTION, ack_ids=[first.ack_id], ack_deadline_seconds=1
    )
    started = time.monotonic()
    (second,) = await cloud.pull()
    assert 0.5 < time.monotonic() - started < 5
    await cloud.ack(first)
    await cloud.refuse(second)
    assert texts(await cloud.pull()) == [b"x"]


async def test_a_late_subscription_gets_only_what_is_published_after_it(cloud):
    await cloud.publish(b"early")
    await cloud.subscribe()
    await cloud.publish(b"late")
    assert texts(await cloud.pull()) == [b"late"]


async def test_one_of_a_key_is_out_at_a_time(cloud):
    await cloud.subscribe(enable_message_ordering=True)
    await cloud.publish(b"a1", b"a2", ordering_key="a")
    await cloud.publish(b"b1", ordering_key="b")
    first = await cloud.pull()
    assert sorted(texts(first)) == [b"a1", b"b1"]
    await cloud.ack(*first)
    assert texts(await cloud.pull()) == [b"a2"]


async def test_messages_survive_a_restart(cloud):
    await cloud.subscribe()
    await cloud.publish(b"1", b"2")
    (taken, other) = await cloud.pull()
    await cloud.ack(taken)
    await cloud.stop()
    await cloud.start()
    assert texts(await cloud.pull()) == [other.message.data]


async def test_a_retry_policy_delays_the_next_delivery(cloud):
    await cloud.subscribe(retry_policy={"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 1}})
    await cloud.publish(b"x")
    await cloud.refuse(*await cloud.pull())
    assert await cloud.pull(wait=False) == []
    started = time.monotonic()
    assert texts(await cloud.pull()) == [b"x"]
    assert time.monotonic() - started > 0.5


async def test_seeking_to_a_time_acknowledges_what_came_before(cloud):
    await cloud.subscribe()
    await cloud.publish(b"old")
    now = timestamp_pb2.Timestamp()
    now.FromMilliseconds(int((time.time() + 1) * 1000))
    await cloud.subscriber.seek(request={"subscription": SUBSCRIPTION, "time": now})
    assert await cloud.pull(wait=False) == []


async def test_seeking_back_brings_acknowledged_messages_again(cloud):
    await cloud.subscribe(retain_acked_messages=True)
    before = timestamp_pb2.Timestamp(seconds=int(time.time()) - 5)
    await cloud.publish(b"x")
    await cloud.ack(*await cloud.pull())
    assert await cloud.pull(wait=False) == []
    await cloud.subscriber.seek(request={"subscription": SUBSCRIPTION, "time": before})
    assert texts(await cloud.pull()) == [b"x"]


async def test_seeking_to_a_snapshot_brings_its_messages_again(cloud):
    await cloud.subscribe()
    await cloud.publish(b"1", b"2")
    name = "projects/p/snapshots/before"
    snapshot = await cloud.subscriber.create_snapshot(name=name, subscription=SUBSCRIPTION)
    assert snapshot.topic == TOPIC
    await cloud.ack(*await cloud.pull())
    await cloud.subscriber.seek(request={"subscription": SUBSCRIPTION, "snapshot": name})
    assert sorted(texts(await cloud.pull())) == [b"1", b"2"]
    await cloud.subscriber.delete_snapshot(snapshot=name)
    with pytest.raises(exceptions.NotFound):
        await cloud.subscriber.get_snapshot(snapshot=name)


async def test_a_push_subscription_cannot_be_pulled(cloud):
    await cloud.subscribe(push_config={"push_endpoint": "http://127.0.0.1:9/"})
    with pytest.raises(exceptions.FailedPrecondition):
        await cloud.pull()


async def test_the_streaming_client_receives_and_acknowledges(cloud, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{cloud.port}")
    await cloud.subscribe()
    received: list[bytes] = []

    def note(message) -> None:
        received.append(message.data)
        if message.data == b"3" and received.count(b"3") == 1:
            message.nack()
        else:
            message.ack()

    def publish_and_receive() -> None:
        publisher = pubsub_v1.PublisherClient()
        subscriber = pubsub_v1.SubscriberClient()
        streaming = subscriber.subscribe(SUBSCRIPTION, note)
        for future in [publisher.publish(TOPIC, str(n).encode()) for n in range(20)]:
            future.result(10)
        deadline = time.monotonic() + 10
        while len(received) < 21 and time.monotonic() < deadline:
            time.sleep(0.01)
        streaming.cancel()
        streaming.result(10)
        subscriber.close()
        publisher.stop()
        publisher.transport.close()

    await asyncio.to_thread(publish_and_receive)
    assert sorted(received) == sorted([*(str(n).encode() for n in range(20)), b"3"])
    assert await cloud.pull(wait=False) == []


async def test_a_stream_gives_no_more_than_it_is_asked_to_have_out(cloud):
    await cloud.subscribe()
    await cloud.publish(*(str(n).encode() for n in range(5)))
    more: asyncio.Queue = asyncio.Queue()
    first = {"subscription": SUBSCRIPTION, "stream_ack_deadline_seconds": 10, "max_outstanding_messages": 2}
    await more.put(pubsub_v1.types.StreamingPullRequest(first))

    async def requests():
        while (request := await more.get()) is not None:
            yield request

    stream = await cloud.subscriber.streaming_pull(requests=requests())
    got = list((await stream.read()).received_messages)
    while len(got) < 2:
        got += (await stream.read()).received_messages
    assert len(got) == 2
    assert len(await cloud.pull(wait=False)) == 3
    await more.put(pubsub_v1.types.StreamingPullRequest(ack_ids=[each.ack_id for each in got]))
    await cloud.publish(b"next")
    assert texts((await stream.read()).received_messages) == [b"next"]
    await more.put(None)


async def test_a_stream_ends_when_its_subscription_is_deleted(cloud):
    await cloud.subscribe()
    first = pubsub_v1.types.StreamingPullRequest(subscription=SUBSCRIPTION, stream_ack_deadline_seconds=10)
    waiting = asyncio.Event()

    async def requests():
        yield first
        await waiting.wait()

    stream = await cloud.subscriber.streaming_pull(requests=requests())
    await cloud.publish(b"x")
    await stream.read()
    await cloud.subscriber.delete_subscription(subscription=SUBSCRIPTION)
    with pytest.raises(exceptions.NotFound):
        await stream.read()
    waiting.set()
