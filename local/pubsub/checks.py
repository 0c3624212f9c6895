"""Which names, messages and settings does Pub/Sub refuse?

Rules: https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names and https://cloud.google.com/pubsub/quotas
"""

import re
from collections.abc import Sequence
from typing import Any

import grpc
from google.rpc import error_details_pb2

from local.pubsub import filters, wire
from local.serving import Refused

MAX_MESSAGES_PER_PUBLISH = 1000
MAX_MESSAGE_BYTES = 10_000_000
MAX_ATTRIBUTES, MAX_KEY_BYTES, MAX_VALUE_BYTES = 100, 256, 1024
MAX_ORDERING_KEY_BYTES = 1024
MIN_RETENTION, MAX_RETENTION = 600, 31 * 86400
MIN_EXPIRATION, MAX_BACKOFF = 86400, 600
MIN_ACK_DEADLINE, MAX_ACK_DEADLINE = 10, 600
_ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")


def check_name(name: str, kind: str) -> None:
    """Refused (INVALID_ARGUMENT): ``name`` is not ``projects/P/KIND/ID``."""
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != kind or not _ID.fullmatch(parts[3]):
        raise invalid(
            f"Invalid resource name given (name={name}). It must be projects/PROJECT/{kind}/ID, the ID of 3 to 255 "
            "letters, digits and - _ . ~ + %, beginning with a letter and not with goog."
        )


def check_messages(messages: Sequence[Any]) -> None:
    """Refused (INVALID_ARGUMENT): not 1 to 1000 messages, or one is empty or over a limit."""
    if not 1 <= len(messages) <= MAX_MESSAGES_PER_PUBLISH:
        raise invalid(f"The value for message_count is {len(messages)}; it must be 1 to {MAX_MESSAGES_PER_PUBLISH}.")
    if sum(message.ByteSize() for message in messages) > MAX_MESSAGE_BYTES:
        raise invalid(f"The request is too large; at most {MAX_MESSAGE_BYTES} bytes may be published at once.")
    for message in messages:
        if not message.data and not message.attributes:
            raise invalid("Each message must have non-empty data or at least one attribute.")
        if len(message.attributes) > MAX_ATTRIBUTES or len(message.ordering_key.encode()) > MAX_ORDERING_KEY_BYTES:
            raise invalid(f"A message may have {MAX_ATTRIBUTES} attributes and an ordering key of 1024 bytes.")
        for key, value in message.attributes.items():
            _check_attribute(key, value)


def _check_attribute(key: str, value: str) -> None:
    if not key or len(key.encode()) > MAX_KEY_BYTES or key.startswith("goog"):
        raise invalid(f"Attribute key {key!r} must have 1 to {MAX_KEY_BYTES} bytes and not begin with goog.")
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise invalid(f"The value of attribute {key!r} has more than {MAX_VALUE_BYTES} bytes.")


def check_subscription(subscription: Any) -> None:
    """Refused (INVALID_ARGUMENT): a setting is out of its limits."""
    if not MIN_ACK_DEADLINE <= subscription.ack_deadline_seconds <= MAX_ACK_DEADLINE:
        raise invalid(f"Invalid ack deadline given (ack_deadline_secs={subscription.ack_deadline_seconds}).")
    endpoint = subscription.push_config.push_endpoint
    if endpoint and not endpoint.startswith(("https://", "http://")):
        raise invalid(f"Invalid push endpoint given (endpoint={endpoint}); it must be an absolute URL.")
    _check_durations(subscription)
    if subscription.HasField("dead_letter_policy"):
        attempts = subscription.dead_letter_policy.max_delivery_attempts
        if attempts and not 5 <= attempts <= 100:
            raise invalid(f"max_delivery_attempts must be 5 to 100; got {attempts}.")
    try:
        filters.compile_filter(subscription.filter)
    except filters.FilterError as error:
        raise invalid(f"Invalid filter given: {error}.") from error


def _check_durations(subscription: Any) -> None:
    retention = wire.seconds(subscription.message_retention_duration)
    if not MIN_RETENTION <= retention <= MAX_RETENTION:
        raise invalid(f"message_retention_duration must be 10 minutes to 31 days; got {retention:.0f} s.")
    ttl = wire.seconds(subscription.expiration_policy.ttl)
    if ttl and ttl < MIN_EXPIRATION:
        raise invalid(f"expiration_policy.ttl must be at least a day; got {ttl:.0f} s.")
    retry = subscription.retry_policy
    smallest, largest = wire.seconds(retry.minimum_backoff), wire.seconds(retry.maximum_backoff)
    if subscription.HasField("retry_policy") and not 0 <= smallest <= largest <= MAX_BACKOFF:
        raise invalid("retry_policy: minimum_backoff must not be above maximum_backoff, nor that above 600 s.")


def stale_acks(ack_ids: Sequence[str]) -> Refused:
    """The answer for messages of a subscription that delivers exactly once, whose time to be acknowledged is over:
    https://cloud.google.com/pubsub/docs/exactly-once-delivery"""
    reasons = dict.fromkeys(ack_ids, "PERMANENT_FAILURE_INVALID_ACK_ID")
    message = "Some acknowledgement ids in the request were invalid. This could be because they have expired."
    detail = error_details_pb2.ErrorInfo(
        reason="EXACTLY_ONCE_ACKID_FAILURE", domain="pubsub.googleapis.com", metadata=reasons
    )
    return Refused(grpc.StatusCode.FAILED_PRECONDITION, message, detail)


def invalid(message: str) -> Refused:
    """An INVALID_ARGUMENT answer."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def missing(name: str) -> Refused:
    """The answer for a resource that is not there."""
    return Refused(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name.rsplit('/', 1)[-1]}).")


def exists(name: str) -> Refused:
    """The answer for a name that is taken."""
    resource = name.rsplit("/", 1)[-1]
    return Refused(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={resource}).")
