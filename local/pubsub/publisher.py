"""What does Pub/Sub answer to those who publish? (gRPC, google.pubsub.v1.Publisher)"""

from collections.abc import Callable
from typing import Any

from local.pubsub import checks, wire
from local.pubsub.broker import Broker
from local.serving import Method

MAX_PAGE = 1000


class Publisher:
    """Topics, and publishing to them."""

    def __init__(self, broker: Callable[[], Broker]) -> None:
        self._get_broker = broker

    @property
    def _broker(self) -> Broker:
        return self._get_broker()

    def methods(self) -> dict[str, Method]:
        """The calls by name."""

        def method(call: Callable[[Any], Any], request: Any, response: Any) -> Method:
            return Method(call=call, request=request, response=response)

        return {
            "CreateTopic": method(self._create, wire.Topic, wire.Topic),
            "UpdateTopic": method(self._update, wire.UpdateTopicRequest, wire.Topic),
            "Publish": method(self._publish, wire.PublishRequest, wire.PublishResponse),
            "GetTopic": method(lambda r: self._broker.topic(r.topic), wire.GetTopicRequest, wire.Topic),
            "ListTopics": method(self._list, wire.ListTopicsRequest, wire.ListTopicsResponse),
            "ListTopicSubscriptions": method(
                self._list_subscriptions, wire.ListTopicSubscriptionsRequest, wire.ListTopicSubscriptionsResponse
            ),
            "ListTopicSnapshots": method(
                self._list_snapshots, wire.ListTopicSnapshotsRequest, wire.ListTopicSnapshotsResponse
            ),
            "DeleteTopic": method(self._delete, wire.DeleteTopicRequest, wire.Empty),
            "DetachSubscription": method(
                self._detach, wire.DetachSubscriptionRequest, wire.DetachSubscriptionResponse
            ),
        }

    def _create(self, topic: Any) -> Any:
        checks.check_name(topic.name, "topics")
        if topic.name in self._broker.topics:
            raise checks.exists(topic.name)
        return self._broker.put_topic(topic)

    def _update(self, request: Any) -> Any:
        if not request.update_mask.paths:
            raise checks.invalid("The update_mask must name at least one field.")
        topic = wire.Topic()
        topic.CopyFrom(self._broker.topic(request.topic.name))
        merge(request.update_mask, request.topic, topic)
        return self._broker.put_topic(topic)

    def _publish(self, request: Any) -> Any:
        self._broker.topic(request.topic)
        checks.check_messages(request.messages)
        return wire.PublishResponse(message_ids=self._broker.publish(request.topic, request.messages))

    def _list(self, request: Any) -> Any:
        names = (name for name in self._broker.topics if name.startswith(f"{request.project}/topics/"))
        page, token = page_of(sorted(names), request)
        return wire.ListTopicsResponse(topics=[self._broker.topics[name] for name in page], next_page_token=token)

    def _list_subscriptions(self, request: Any) -> Any:
        self._broker.topic(request.topic)
        names = [backlog.subscription.name for backlog in self._broker.subscribed(request.topic)]
        page, token = page_of(names, request)
        return wire.ListTopicSubscriptionsResponse(subscriptions=page, next_page_token=token)

    def _list_snapshots(self, request: Any) -> Any:
        snapshots = self._broker.store.snapshots()
        page, token = page_of([s.name for s, _ in snapshots if s.topic == request.topic], request)
        return wire.ListTopicSnapshotsResponse(snapshots=page, next_page_token=token)

    def _delete(self, request: Any) -> Any:
        self._broker.delete_topic(request.topic)
        return wire.Empty()

    def _detach(self, request: Any) -> Any:
        backlog = self._broker.backlog(request.subscription)
        subscription = wire.Subscription()
        subscription.CopyFrom(backlog.subscription)
        subscription.detached = True
        self._broker.change_subscription(subscription)
        self._broker.store.expire(subscription.name, self._broker.clock() + 1)
        backlog.load()
        return wire.DetachSubscriptionResponse()


def merge(mask: Any, source: Any, target: Any) -> None:
    """Copy the fields ``mask`` names, lists and messages as a whole. Refused: a path is none."""
    try:
        for path in mask.paths:
            if "." not in path and not source.DESCRIPTOR.fields_by_name[path].has_presence:
                target.ClearField(path)
        mask.MergeMessage(source, target, True, True)
    except (ValueError, KeyError) as error:
        raise checks.invalid(f"Invalid update_mask: {list(mask.paths)}.") from error


def page_of(names: list[str], request: Any) -> tuple[list[str], str]:
    """The page of sorted ``names`` that the request asks for, and the token of the next."""
    size = min(request.page_size or MAX_PAGE, MAX_PAGE)
    rest = [name for name in names if name > request.page_token]
    return rest[:size], rest[size - 1] if len(rest) > size else ""
