"""What a subscription promises beyond delivery: retention, expiration, exactly once; and who may use it."""

import time

import pytest
from google.api_core import exceptions
from google.iam.v1 import policy_pb2
from google.rpc import error_details_pb2

TOPIC = "projects/p/topics/events"
SUBSCRIPTION = "projects/p/subscriptions/watch"
DAY = 86400
pytestmark = pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated:DeprecationWarning")


@pytest.fixture
def ahead(cloud) -> None:
    """Moves the service's clock on: ``cloud.ahead = seconds``."""
    cloud.ahead = 0.0
    clock = lambda: time.time() + cloud.ahead  # noqa: E731
    cloud.service._broker.clock = clock


async def test_messages_older_than_the_retention_are_gone(cloud, ahead):
    await cloud.subscribe(message_retention_duration={"seconds": 600})
    await cloud.publish(b"old")
    cloud.ahead = 601.0
    await cloud.publish(b"new")
    assert [each.message.data for each in await cloud.pull(wait=False)] == [b"new"]


async def test_a_subscription_that_nobody_uses_expires(cloud, ahead):
    await cloud.subscribe(expiration_policy={"ttl": {"seconds": DAY}})
    await cloud.subscribe("projects/p/subscriptions/eternal", expiration_policy={})
    cloud.ahead = 0.9 * DAY
    await cloud.pull(wait=False)
    cloud.ahead = 1.8 * DAY
    assert cloud.service.expire() == []
    cloud.ahead = 2.0 * DAY
    assert cloud.service.expire() == [SUBSCRIPTION]
    with pytest.raises(exceptions.NotFound):
        await cloud.pull(wait=False)
    await cloud.subscriber.get_subscription(subscription="projects/p/subscriptions/eternal")


async def test_the_last_use_survives_a_restart(cloud, ahead):
    await cloud.subscribe(expiration_policy={"ttl": {"seconds": DAY}})
    cloud.service.expire()
    await cloud.stop()
    await cloud.start()
    cloud.service._broker.clock = lambda: time.time() + 1.1 * DAY
    assert cloud.service.expire() == [SUBSCRIPTION]


async def test_where_delivery_is_exactly_once_a_late_acknowledgement_is_told(cloud):
    await cloud.subscribe(enable_exactly_once_delivery=True)
    await cloud.publish(b"x")
    (first,) = await cloud.pull()
    await cloud.refuse(first)
    (second,) = await cloud.pull()
    with pytest.raises(exceptions.FailedPrecondition) as raised:
        await cloud.ack(first)
    (info,) = [detail for detail in raised.value.details if isinstance(detail, error_details_pb2.ErrorInfo)]
    assert dict(info.metadata) == {first.ack_id: "PERMANENT_FAILURE_INVALID_ACK_ID"}
    await cloud.ack(second)
    assert await cloud.pull(wait=False) == []


async def test_elsewhere_a_late_acknowledgement_is_no_error(cloud):
    await cloud.subscribe()
    await cloud.publish(b"x")
    (first,) = await cloud.pull()
    await cloud.refuse(first)
    await cloud.ack(first)
    assert len(await cloud.pull()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"message_retention_duration": {"seconds": 599}},
        {"message_retention_duration": {"seconds": 31 * DAY + 1}},
        {"expiration_policy": {"ttl": {"seconds": DAY - 1}}},
        {"retry_policy": {"minimum_backoff": {"seconds": 20}, "maximum_backoff": {"seconds": 10}}},
        {"retry_policy": {"maximum_backoff": {"seconds": 601}}},
    ],
)
async def test_durations_out_of_their_limits_are_refused(cloud, settings):
    with pytest.raises(exceptions.InvalidArgument):
        await cloud.subscribe(**settings)


async def test_a_policy_is_kept_until_its_resource_goes(cloud):
    policy = await cloud.publisher.get_iam_policy({"resource": TOPIC})
    assert list(policy.bindings) == []
    policy.bindings.add(role="roles/pubsub.viewer", members=["user:a@b.example"])
    kept = await cloud.publisher.set_iam_policy({"resource": TOPIC, "policy": policy})
    assert await cloud.publisher.get_iam_policy({"resource": TOPIC}) == kept
    stale = policy_pb2.Policy(etag=b"another")
    with pytest.raises(exceptions.Aborted):
        await cloud.publisher.set_iam_policy({"resource": TOPIC, "policy": stale})
    asked = {"resource": TOPIC, "permissions": ["pubsub.topics.publish"]}
    assert list((await cloud.publisher.test_iam_permissions(asked)).permissions) == ["pubsub.topics.publish"]
    await cloud.publisher.delete_topic(topic=TOPIC)
    with pytest.raises(exceptions.NotFound):
        await cloud.publisher.get_iam_policy({"resource": TOPIC})
