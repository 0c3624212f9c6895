"""Topics and subscriptions are created, listed, changed and refused as Pub/Sub does it."""

import pytest
from google.api_core import exceptions
from google.protobuf import field_mask_pb2

PROJECT = "projects/p"
TOPIC = f"{PROJECT}/topics/events"
SUBSCRIPTION = f"{PROJECT}/subscriptions/watch"
# To see that nothing is there, the tests pull without waiting, which the client calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated:DeprecationWarning")


async def test_topics_are_created_listed_and_deleted(cloud):
    for name in ("one", "two"):
        await cloud.publisher.create_topic(name=f"{PROJECT}/topics/{name}")
    pager = await cloud.publisher.list_topics(request={"project": PROJECT, "page_size": 1})
    assert [topic.name.rsplit("/", 1)[1] async for topic in pager] == ["events", "one", "two"]
    await cloud.publisher.delete_topic(topic=f"{PROJECT}/topics/one")
    with pytest.raises(exceptions.NotFound):
        await cloud.publisher.get_topic(topic=f"{PROJECT}/topics/one")
    with pytest.raises(exceptions.AlreadyExists):
        await cloud.publisher.create_topic(name=TOPIC)


async def test_a_topic_changes_only_what_the_mask_names(cloud):
    topic = {"name": TOPIC, "labels": {"a": "b"}, "kms_key_name": "k"}
    mask = field_mask_pb2.FieldMask(paths=["labels"])
    changed = await cloud.publisher.update_topic(request={"topic": topic, "update_mask": mask})
    assert (changed.labels, changed.kms_key_name) == ({"a": "b"}, "")
    cleared = await cloud.publisher.update_topic(request={"topic": {"name": TOPIC}, "update_mask": mask})
    assert cleared.labels == {}


async def test_topics_and_subscriptions_survive_a_restart(cloud):
    await cloud.subscribe(filter='attributes.a = "b"')
    await cloud.stop()
    await cloud.start()
    assert (await cloud.publisher.get_topic(topic=TOPIC)).name == TOPIC
    subscription = await cloud.subscriber.get_subscription(subscription=SUBSCRIPTION)
    assert (subscription.topic, subscription.filter) == (TOPIC, 'attributes.a = "b"')


async def test_a_new_subscription_gets_the_defaults(cloud):
    await cloud.subscribe(retry_policy={})
    subscription = await cloud.subscriber.get_subscription(subscription=SUBSCRIPTION)
    assert subscription.ack_deadline_seconds == 10
    assert subscription.message_retention_duration.total_seconds() == 7 * 86400
    assert subscription.retry_policy.minimum_backoff.total_seconds() == 10
    assert subscription.retry_policy.maximum_backoff.total_seconds() == 600
    pager = await cloud.publisher.list_topic_subscriptions(topic=TOPIC)
    assert [name async for name in pager] == [SUBSCRIPTION]


async def test_the_mask_decides_what_changes_in_a_subscription(cloud):
    await cloud.subscribe()
    changed = await cloud.subscriber.update_subscription(
        subscription={"name": SUBSCRIPTION, "ack_deadline_seconds": 60, "labels": {"a": "b"}},
        update_mask=field_mask_pb2.FieldMask(paths=["ack_deadline_seconds"]),
    )
    assert (changed.ack_deadline_seconds, changed.labels) == (60, {})
    with pytest.raises(exceptions.InvalidArgument):
        await cloud.subscriber.update_subscription(
            subscription={"name": SUBSCRIPTION, "filter": "attributes:x"},
            update_mask=field_mask_pb2.FieldMask(paths=["filter"]),
        )


async def test_a_subscription_outlives_its_topic_but_gets_no_more(cloud):
    await cloud.subscribe()
    await cloud.publish(b"before")
    await cloud.publisher.delete_topic(topic=TOPIC)
    subscription = await cloud.subscriber.get_subscription(subscription=SUBSCRIPTION)
    assert subscription.topic == "_deleted-topic_"
    cloud.service.ensure_topic(TOPIC)
    await cloud.publish(b"after")
    assert [each.message.data for each in await cloud.pull()] == [b"before"]


async def test_a_detached_subscription_has_nothing_more(cloud):
    await cloud.subscribe()
    await cloud.publish(b"x")
    await cloud.publisher.detach_subscription(request={"subscription": SUBSCRIPTION})
    with pytest.raises(exceptions.FailedPrecondition):
        await cloud.pull(wait=False)


async def test_a_topic_without_subscriptions_writes_nothing(cloud):
    ids = await cloud.publish(b"1", b"2")
    assert len(set(ids)) == 2
    count = cloud._database.connection.execute("SELECT count(*) FROM pubsub_backlog").fetchone()
    assert count == (0,)


@pytest.mark.parametrize(
    "name", ["projects/p/topics/1x", "projects/p/topics/goog-x", "topics/x", "projects/p/topics/a"]
)
async def test_a_name_out_of_the_rules_is_refused(cloud, name):
    with pytest.raises(exceptions.InvalidArgument):
        await cloud.publisher.create_topic(name=name)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"ack_deadline_seconds": 9}, id="deadline-too-short"),
        pytest.param({"ack_deadline_seconds": 601}, id="deadline-too-long"),
        pytest.param({"push_config": {"push_endpoint": "nowhere"}}, id="not-an-url"),
        pytest.param({"filter": "attributes.x"}, id="not-a-filter"),
        pytest.param(
            {"dead_letter_policy": {"dead_letter_topic": TOPIC, "max_delivery_attempts": 4}}, id="too-few-attempts"
        ),
    ],
)
async def test_a_subscription_out_of_the_rules_is_refused(cloud, settings):
    with pytest.raises(exceptions.InvalidArgument):
        await cloud.subscribe(**settings)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({}, id="empty"),
        pytest.param({"data": b"x", "attributes": {"googx": "1"}}, id="reserved-key"),
        pytest.param({"data": b"x", "attributes": {"k": "v" * 1025}}, id="long-value"),
        pytest.param({"data": b"x" * 10_000_001}, id="too-large"),
    ],
)
async def test_a_message_out_of_the_rules_is_refused(cloud, message):
    with pytest.raises(exceptions.InvalidArgument):
        await cloud.publisher.publish(topic=TOPIC, messages=[message])


async def test_what_is_not_there_is_told(cloud):
    with pytest.raises(exceptions.NotFound):
        await cloud.publish(b"x", topic=f"{PROJECT}/topics/none")
    with pytest.raises(exceptions.NotFound):
        await cloud.pull(name=f"{PROJECT}/subscriptions/none")
    with pytest.raises(exceptions.NotFound):
        await cloud.subscriber.create_subscription(name=SUBSCRIPTION, topic=f"{PROJECT}/topics/none")
