"""Which queues and tasks does Cloud Tasks refuse?

Rules: https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2 and
https://cloud.google.com/tasks/docs/quotas (1 MB a task, 30 days ahead).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from local.serving import Refused
from local.tasks import pacing, wire

MAX_TASK_BYTES = 1_000_000
MAX_AHEAD_SECONDS = 30 * 86400.0
MAX_URL_CHARACTERS = 2083
MAX_HEADER_BYTES = 80 * 1024
MIN_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS = 15.0, 1800.0
_LOCATION = r"projects/[a-zA-Z0-9.:\-]+/locations/[a-z0-9\-]+"
_QUEUE = re.compile(_LOCATION + r"/queues/[a-zA-Z0-9\-]{1,100}")
_FILTER = re.compile(r"""state\s*[:=]\s*"?([A-Z]+)"?""")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TASK = re.compile(_LOCATION + r"/queues/[a-zA-Z0-9\-]{1,100}/tasks/[a-zA-Z0-9_\-]{1,500}")


def check_queue_name(name: str, parent: str) -> None:
    """Refused (INVALID_ARGUMENT): ``name`` is not a queue of the location ``parent``."""
    if not _QUEUE.fullmatch(name) or name.rsplit("/queues/", 1)[0] != parent:
        raise invalid(f"Queue.name must be {parent}/queues/QUEUE_ID (letters, digits, -); got {name!r}.")


def check_task_name(name: str, queue: str) -> None:
    """Refused (INVALID_ARGUMENT): ``name`` is not a task of ``queue``."""
    if not _TASK.fullmatch(name) or name.rsplit("/tasks/", 1)[0] != queue:
        raise invalid(f"Task.name must be {queue}/tasks/TASK_ID (letters, digits, -, _); got {name!r}.")


def check_task(task: Any, now: float) -> None:
    """Refused (INVALID_ARGUMENT): the service would not accept the task."""
    request = task.http_request
    if not task.HasField("http_request"):
        raise invalid("Task.http_request must be set; App Engine tasks are not served here.")
    if not request.url.startswith(("http://", "https://")) or len(request.url) > MAX_URL_CHARACTERS:
        raise invalid(
            f"HttpRequest.url must start with http:// or https:// and have at most {MAX_URL_CHARACTERS} "
            f"characters; got {request.url[:100]!r}."
        )
    _check_headers(request.headers)
    if request.body and (request.http_method or wire.POST) not in wire.METHODS_WITH_BODY:
        raise invalid("HttpRequest.body is allowed only for POST, PUT and PATCH.")
    if request.HasField("oidc_token") and not request.oidc_token.service_account_email:
        raise invalid("OidcToken.service_account_email must be set.")
    if request.HasField("oauth_token") and not request.oauth_token.service_account_email:
        raise invalid("OAuthToken.service_account_email must be set.")
    _check_times(task, now)
    if task.ByteSize() > MAX_TASK_BYTES:
        raise invalid(f"Task size too large: {task.ByteSize()} bytes, at most {MAX_TASK_BYTES}.")


def _check_headers(headers: Mapping[str, str]) -> None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in headers.items())
    if size >= MAX_HEADER_BYTES:
        raise invalid(f"HttpRequest.headers must be less than 80KB; got {size} bytes.")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or "\n" in value or "\r" in value:
            raise invalid(f"HttpRequest.headers has an entry that is no header: {name[:100]!r}.")


def check_queue(queue: Any) -> None:
    """Refused (INVALID_ARGUMENT): a limit is out of its range; UNIMPLEMENTED: a setting that is not served here."""
    limits, retry = queue.rate_limits, queue.retry_config
    if not 0 <= limits.max_dispatches_per_second <= pacing.MAX_DISPATCHES_PER_SECOND:
        raise invalid("Queue.RateLimits.max_dispatches_per_second must be between 0 and 500.")
    if not 0 <= limits.max_concurrent_dispatches <= pacing.MAX_CONCURRENT_DISPATCHES:
        raise invalid("Queue.RateLimits.max_concurrent_dispatches must be between 0 and 5000.")
    if retry.max_attempts < -1:
        raise invalid("Queue.RetryConfig.max_attempts must be -1 or greater.")
    if retry.max_doublings < 0 or wire.seconds(retry.max_retry_duration) < 0:
        raise invalid("Queue.RetryConfig.max_doublings and max_retry_duration must not be negative.")
    smallest, largest = wire.seconds(retry.min_backoff), wire.seconds(retry.max_backoff)
    if not 0 <= smallest <= largest:
        raise invalid("Queue.RetryConfig.min_backoff must not be negative, nor greater than max_backoff.")
    if queue.HasField("app_engine_routing_override") or queue.HasField("http_target"):
        message = "Queues that override the target of their tasks are not served here; set it in each task."
        raise Refused(grpc.StatusCode.UNIMPLEMENTED, message)


def queue_filter(text: str) -> Callable[[Any], bool]:
    """Which queues ``state: PAUSED`` asks for, the one filter of queues; Refused (INVALID_ARGUMENT): another one."""
    if not text:
        return lambda _queue: True
    match = _FILTER.fullmatch(text.strip())
    if match is None or match.group(1) not in wire.QUEUE_STATES:
        raise invalid(f"Invalid filter: {text[:100]!r}; expected such as 'state: PAUSED'.")
    state = wire.QUEUE_STATES[match.group(1)]
    return lambda queue: queue.state == state


def _check_times(task: Any, now: float) -> None:
    if wire.seconds(task.schedule_time) - now > MAX_AHEAD_SECONDS:
        raise invalid("Task.scheduleTime must be no more than 30 days in the future.")
    deadline = wire.seconds(task.dispatch_deadline)
    if task.HasField("dispatch_deadline") and not MIN_DEADLINE_SECONDS <= deadline <= MAX_DEADLINE_SECONDS:
        raise invalid("Task.dispatchDeadline must be between [15s, 30m].")


def invalid(message: str) -> Refused:
    """An INVALID_ARGUMENT answer."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def no_queue_for_task(was_deleted: bool) -> Refused:
    """The answer for a task of a queue that is not there: unlike elsewhere FAILED_PRECONDITION, as seen in
    https://github.com/stackkit/laravel-google-cloud-tasks-queue/issues/103 and
    https://github.com/GoogleCloudPlatform/python-docs-samples/issues/4034"""
    gone = "The queue no longer exists, though a queue with this name existed recently."
    return Refused(grpc.StatusCode.FAILED_PRECONDITION, gone if was_deleted else "Queue does not exist.")


def missing_queue() -> Refused:
    """The answer for a queue that is not there."""
    return Refused(grpc.StatusCode.NOT_FOUND, "Queue does not exist.")


def missing_task() -> Refused:
    """The answer for a task that never was, or is gone."""
    return Refused(grpc.StatusCode.NOT_FOUND, "The task does not exist, was deleted, or has completed.")
