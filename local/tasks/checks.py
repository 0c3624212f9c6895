"""Which queues and tasks does Cloud Tasks refuse?

Rules: https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2 and
https://cloud.google.com/tasks/docs/quotas (1 MB a task, 30 days ahead).
"""

import re
from typing import Any

import grpc

from local.serving import Refused
from local.tasks import wire

MAX_TASK_BYTES = 1_000_000
MAX_AHEAD_SECONDS = 30 * 86400.0
MAX_URL_CHARACTERS = 2083
MIN_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS = 15.0, 1800.0
_LOCATION = r"projects/[a-zA-Z0-9.:\-]+/locations/[a-z0-9\-]+"
_QUEUE = re.compile(_LOCATION + r"/queues/[a-zA-Z0-9\-]{1,100}")
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
    if request.body and (request.http_method or wire.POST) not in wire.METHODS_WITH_BODY:
        raise invalid("HttpRequest.body is allowed only for POST, PUT and PATCH.")
    if request.HasField("oidc_token") and not request.oidc_token.service_account_email:
        raise invalid("OidcToken.service_account_email must be set.")
    _check_times(task, now)
    if task.ByteSize() > MAX_TASK_BYTES:
        raise invalid(f"Task size too large: {task.ByteSize()} bytes, at most {MAX_TASK_BYTES}.")


def _check_times(task: Any, now: float) -> None:
    if wire.seconds(task.schedule_time) - now > MAX_AHEAD_SECONDS:
        raise invalid("Task.scheduleTime must be no more than 30 days in the future.")
    deadline = wire.seconds(task.dispatch_deadline)
    if task.HasField("dispatch_deadline") and not MIN_DEADLINE_SECONDS <= deadline <= MAX_DEADLINE_SECONDS:
        raise invalid("Task.dispatchDeadline must be between [15s, 30m].")


def invalid(message: str) -> Refused:
    """An INVALID_ARGUMENT answer."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def missing_queue() -> Refused:
    """The answer for a queue that is not there."""
    return Refused(grpc.StatusCode.NOT_FOUND, "Queue does not exist.")


def missing_task() -> Refused:
    """The answer for a task that never was, or is gone."""
    return Refused(grpc.StatusCode.NOT_FOUND, "The task does not exist, was deleted, or has completed.")
