"""Which protobuf messages does Pub/Sub speak? The raw classes under google-cloud-pubsub's wrapped ones, which
cost a tenth of them to build and read."""

from typing import Any

from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import empty_pb2
from google.pubsub_v1 import types

PUBLISHER = "google.pubsub.v1.Publisher"
SUBSCRIBER = "google.pubsub.v1.Subscriber"
# What a subscription's topic is called once the topic is deleted.
DELETED_TOPIC = "_deleted-topic_"

Empty = empty_pb2.Empty
Topic: Any = types.Topic.pb()
Subscription: Any = types.Subscription.pb()
Snapshot: Any = types.Snapshot.pb()
PubsubMessage: Any = types.PubsubMessage.pb()
ReceivedMessage: Any = types.ReceivedMessage.pb()
PublishRequest: Any = types.PublishRequest.pb()
PublishResponse: Any = types.PublishResponse.pb()
GetTopicRequest: Any = types.GetTopicRequest.pb()
UpdateTopicRequest: Any = types.UpdateTopicRequest.pb()
ListTopicsRequest: Any = types.ListTopicsRequest.pb()
ListTopicsResponse: Any = types.ListTopicsResponse.pb()
ListTopicSubscriptionsRequest: Any = types.ListTopicSubscriptionsRequest.pb()
ListTopicSubscriptionsResponse: Any = types.ListTopicSubscriptionsResponse.pb()
ListTopicSnapshotsRequest: Any = types.ListTopicSnapshotsRequest.pb()
ListTopicSnapshotsResponse: Any = types.ListTopicSnapshotsResponse.pb()
DeleteTopicRequest: Any = types.DeleteTopicRequest.pb()
DetachSubscriptionRequest: Any = types.DetachSubscriptionRequest.pb()
DetachSubscriptionResponse: Any = types.DetachSubscriptionResponse.pb()
GetSubscriptionRequest: Any = types.GetSubscriptionRequest.pb()
UpdateSubscriptionRequest: Any = types.UpdateSubscriptionRequest.pb()
ListSubscriptionsRequest: Any = types.ListSubscriptionsRequest.pb()
ListSubscriptionsResponse: Any = types.ListSubscriptionsResponse.pb()
DeleteSubscriptionRequest: Any = types.DeleteSubscriptionRequest.pb()
ModifyPushConfigRequest: Any = types.ModifyPushConfigRequest.pb()
ModifyAckDeadlineRequest: Any = types.ModifyAckDeadlineRequest.pb()
AcknowledgeRequest: Any = types.AcknowledgeRequest.pb()
PullRequest: Any = types.PullRequest.pb()
PullResponse: Any = types.PullResponse.pb()
StreamingPullRequest: Any = types.StreamingPullRequest.pb()
StreamingPullResponse: Any = types.StreamingPullResponse.pb()
SeekRequest: Any = types.SeekRequest.pb()
SeekResponse: Any = types.SeekResponse.pb()
GetSnapshotRequest: Any = types.GetSnapshotRequest.pb()
ListSnapshotsRequest: Any = types.ListSnapshotsRequest.pb()
ListSnapshotsResponse: Any = types.ListSnapshotsResponse.pb()
CreateSnapshotRequest: Any = types.CreateSnapshotRequest.pb()
UpdateSnapshotRequest: Any = types.UpdateSnapshotRequest.pb()
DeleteSnapshotRequest: Any = types.DeleteSnapshotRequest.pb()

IAM_POLICY = "google.iam.v1.IAMPolicy"
Policy: Any = policy_pb2.Policy
GetIamPolicyRequest: Any = iam_policy_pb2.GetIamPolicyRequest
SetIamPolicyRequest: Any = iam_policy_pb2.SetIamPolicyRequest
TestIamPermissionsRequest: Any = iam_policy_pb2.TestIamPermissionsRequest
TestIamPermissionsResponse: Any = iam_policy_pb2.TestIamPermissionsResponse

ACTIVE_TOPIC = int(types.Topic.State.ACTIVE)
ACTIVE_SUBSCRIPTION = int(types.Subscription.State.ACTIVE)


def seconds(value: Any) -> float:
    """A protobuf timestamp or duration in seconds."""
    return value.seconds + value.nanos / 1e9


def set_time(timestamp: Any, at: float) -> None:
    """Write ``at`` (seconds since 1970) into a protobuf timestamp, to the microsecond."""
    micros = int(at * 1e6)
    timestamp.seconds = micros // 1_000_000
    timestamp.nanos = micros % 1_000_000 * 1000
