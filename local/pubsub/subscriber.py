"""What does Pub/Sub answer to those who subscribe? (gRPC, google.pubsub.v1.Subscriber, all but StreamingPull)"""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from local.pubsub import checks, streaming, wire
from local.pubsub.backlog import Backlog, Delivery
from local.pubsub.broker import Broker
from local.pubsub.publisher import merge, page_of
from local.serving import Method, Refused

PULL_WAIT_SECONDS = 10.0
SNAPSHOT_SECONDS = 7 * 86400
MAX_PULL_BYTES = 10_000_000


class Subscriber:
    """Subscriptions, pulling from them, and snapshots."""

    def __init__(self, broker: Callable[[], Broker]) -> None:
        self._get_broker = broker

    @property
    def _broker(self) -> Broker:
        return self._get_broker()

    def methods(self) -> dict[str, Method]:
        """The calls by name."""

        def method(call: Callable[..., Any], request: Any, response: Any) -> Method:
            return Method(call=call, request=request, response=response)

        return {
            "CreateSubscription": method(self._create, wire.Subscription, wire.Subscription),
            "GetSubscription": method(
                lambda r: self._broker.backlog(r.subscription).subscription,
                wire.GetSubscriptionRequest,
                wire.Subscription,
            ),
            "UpdateSubscription": method(self._update, wire.UpdateSubscriptionRequest, wire.Subscription),
            "ListSubscriptions": method(self._list, wire.ListSubscriptionsRequest, wire.ListSubscriptionsResponse),
            "DeleteSubscription": method(self._delete, wire.DeleteSubscriptionRequest, wire.Empty),
            "ModifyPushConfig": method(self._modify_push, wire.ModifyPushConfigRequest, wire.Empty),
            "ModifyAckDeadline": method(self._extend, wire.ModifyAckDeadlineRequest, wire.Empty),
            "Acknowledge": method(self._acknowledge, wire.AcknowledgeRequest, wire.Empty),
            "Pull": method(self._pull, wire.PullRequest, wire.PullResponse),
            "StreamingPull": Method(
                call=lambda requests, _context: streaming.pull(self._broker.backlog, requests),
                request=wire.StreamingPullRequest,
                response=wire.StreamingPullResponse,
                streaming=True,
            ),
            "Seek": method(self._seek, wire.SeekRequest, wire.SeekResponse),
            "CreateSnapshot": method(self._create_snapshot, wire.CreateSnapshotRequest, wire.Snapshot),
            "GetSnapshot": method(lambda r: self._snapshot(r.snapshot)[0], wire.GetSnapshotRequest, wire.Snapshot),
            "ListSnapshots": method(self._list_snapshots, wire.ListSnapshotsRequest, wire.ListSnapshotsResponse),
            "UpdateSnapshot": method(self._update_snapshot, wire.UpdateSnapshotRequest, wire.Snapshot),
            "DeleteSnapshot": method(self._delete_snapshot, wire.DeleteSnapshotRequest, wire.Empty),
        }

    def _create(self, subscription: Any) -> Any:
        checks.check_name(subscription.name, "subscriptions")
        self._broker.topic(subscription.topic)
        if subscription.name in self._broker.backlogs:
            raise checks.exists(subscription.name)
        return self._broker.create_subscription(subscription)

    def _update(self, request: Any) -> Any:
        if not request.update_mask.paths:
            raise checks.invalid("The update_mask must name at least one field.")
        subscription = self._copy(request.subscription.name)
        if {"topic", "filter", "enable_message_ordering"} & set(request.update_mask.paths):
            raise checks.invalid("The topic, the filter and the ordering of a subscription cannot be changed.")
        merge(request.update_mask, request.subscription, subscription)
        return self._broker.change_subscription(subscription)

    def _copy(self, name: str) -> Any:
        subscription = wire.Subscription()
        subscription.CopyFrom(self._broker.backlog(name).subscription)
        return subscription

    def _list(self, request: Any) -> Any:
        prefix = f"{request.project}/subscriptions/"
        page, token = page_of(sorted(n for n in self._broker.backlogs if n.startswith(prefix)), request)
        found = [self._broker.backlogs[name].subscription for name in page]
        return wire.ListSubscriptionsResponse(subscriptions=found, next_page_token=token)

    def _delete(self, request: Any) -> Any:
        self._broker.delete_subscription(request.subscription)
        return wire.Empty()

    def _modify_push(self, request: Any) -> Any:
        subscription = self._copy(request.subscription)
        subscription.push_config.CopyFrom(request.push_config)
        self._broker.change_subscription(subscription)
        return wire.Empty()

    def _extend(self, request: Any) -> Any:
        if not 0 <= request.ack_deadline_seconds <= checks.MAX_ACK_DEADLINE:
            raise checks.invalid(f"Invalid ack deadline given (ack_deadline_secs={request.ack_deadline_seconds}).")
        backlog = self._broker.backlog(request.subscription)
        stale = backlog.stale(request.ack_ids)
        backlog.extend(request.ack_ids, request.ack_deadline_seconds)
        if stale:
            raise checks.stale_acks(stale)
        return wire.Empty()

    def _acknowledge(self, request: Any) -> Any:
        if not request.ack_ids:
            raise checks.invalid("No ack ids specified.")
        backlog = self._broker.backlog(request.subscription)
        stale = backlog.stale(request.ack_ids)
        backlog.acknowledge(request.ack_ids)
        if stale:
            raise checks.stale_acks(stale)
        return wire.Empty()

    async def _pull(self, request: Any) -> Any:
        """Waits for a message up to 10 s, then answers with none, as the service does after a while."""
        if request.max_messages < 1:
            raise checks.invalid(f"Invalid max_messages given (max_messages={request.max_messages}).")
        backlog = pullable(self._broker.backlog(request.subscription))
        until = asyncio.get_running_loop().time() + PULL_WAIT_SECONDS
        lease = backlog.subscription.ack_deadline_seconds
        while not (taken := backlog.take(request.max_messages, lease, MAX_PULL_BYTES)):
            left = until - asyncio.get_running_loop().time()
            if request.return_immediately or left <= 0 or backlog.closed:
                break
            await backlog.wait(left)
        return wire.PullResponse(received_messages=[received(backlog, delivery) for delivery in taken])

    def _seek(self, request: Any) -> Any:
        backlog = self._broker.backlog(request.subscription)
        name, store = backlog.subscription.name, self._broker.store
        if request.WhichOneof("target") == "snapshot":
            snapshot, taken = self._snapshot(request.snapshot)
            store.seek_snapshot(name, snapshot.name, taken)
        else:
            store.seek_time(name, wire.seconds(request.time), backlog.subscription.retain_acked_messages)
        backlog.load()
        return wire.SeekResponse()

    def _create_snapshot(self, request: Any) -> Any:
        checks.check_name(request.name, "snapshots")
        backlog = self._broker.backlog(request.subscription)
        if any(snapshot.name == request.name for snapshot, _ in self._broker.store.snapshots()):
            raise checks.exists(request.name)
        now = self._broker.clock()
        snapshot = wire.Snapshot(name=request.name, topic=backlog.subscription.topic, labels=request.labels)
        wire.set_time(snapshot.expire_time, now + SNAPSHOT_SECONDS)
        self._broker.store.take_snapshot(snapshot, backlog.subscription.name, now)
        return snapshot

    def _snapshot(self, name: str) -> tuple[Any, float]:
        for snapshot, taken in self._broker.store.snapshots():
            if snapshot.name == name:
                return snapshot, taken
        raise checks.missing(name)

    def _list_snapshots(self, request: Any) -> Any:
        prefix = f"{request.project}/snapshots/"
        snapshots = {s.name: s for s, _ in self._broker.store.snapshots() if s.name.startswith(prefix)}
        page, token = page_of(list(snapshots), request)
        return wire.ListSnapshotsResponse(snapshots=[snapshots[name] for name in page], next_page_token=token)

    def _update_snapshot(self, request: Any) -> Any:
        snapshot, taken = self._snapshot(request.snapshot.name)
        merge(request.update_mask, request.snapshot, snapshot)
        self._broker.store.put_snapshot(snapshot, taken)
        return snapshot

    def _delete_snapshot(self, request: Any) -> Any:
        self._snapshot(request.snapshot)
        self._broker.store.delete_snapshot(request.snapshot)
        return wire.Empty()


def pullable(backlog: Backlog) -> Backlog:
    """Refused (FAILED_PRECONDITION): the subscription is pushed or detached."""
    if backlog.subscription.push_config.push_endpoint:
        raise Refused(grpc.StatusCode.FAILED_PRECONDITION, "Pull is not allowed on a push subscription.")
    if backlog.subscription.detached:
        raise Refused(grpc.StatusCode.FAILED_PRECONDITION, "The subscription is detached from its topic.")
    return backlog


def received(backlog: Backlog, delivery: Delivery) -> Any:
    """A delivery as receivers see it."""
    counted = backlog.subscription.HasField("dead_letter_policy")
    return wire.ReceivedMessage(
        ack_id=delivery.ack_id,
        message=delivery.message,
        delivery_attempt=delivery.attempt if counted else 0,
    )
