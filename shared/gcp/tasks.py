"""How is a function called later? By a Cloud Tasks task, one call of one function.

Queues: ``{kind}-{n}``, chosen by a hash of the execution, since one queue dispatches 500 a second
(https://cloud.google.com/tasks/docs/quotas). The client has no variable for an emulator, so the channel is built
here.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from google.api_core import exceptions, retry_async
from google.protobuf import duration_pb2, timestamp_pb2

from shared import caches, config, tracing
from shared.domain import errors
from shared.gcp import outages

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient

MAX_DISPATCH_DEADLINE = 1800
"""Seconds; the most that an HTTP task may have
(https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#task)."""

_RETRY = retry_async.AsyncRetry(
    predicate=retry_async.if_exception_type(*outages.PASSING), initial=0.1, maximum=2.0, multiplier=2.0, timeout=20.0
)
"""The client itself tries again only what cannot be applied twice."""


@caches.per_loop
def _client() -> "CloudTasksAsyncClient":
    import grpc.aio
    from google.cloud.tasks_v2 import CloudTasksAsyncClient
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

    host = config.settings().cloud_tasks_emulator_host
    if not host:
        return CloudTasksAsyncClient()
    return CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(host)))


def queue_path(queue: str) -> str:
    settings = config.settings()
    return f"projects/{settings.google_cloud_project}/locations/{settings.region}/queues/{queue}"


async def create(
    *, queue: str, function: str, body: bytes, deadline: float, at: datetime | None = None, name: str | None = None
) -> bool:
    """Have ``function`` called with ``body`` (JSON) by ``at``, or at once. ``deadline``: seconds that the call may
    take. False: a task of this ``name`` exists, or did within the last hour or so. Unavailable: not within 20 s.

    What does not answer is tried again, so a task without a name may come to exist twice; who is called twice loses
    the claim."""
    with tracing.span(f"create task {function}", "PRODUCER", queue=queue):
        return await _create(queue, function, body, deadline, at, name)


async def _create(
    queue: str, function: str, body: bytes, deadline: float, at: datetime | None, name: str | None
) -> bool:
    from google.cloud import tasks_v2  # with the first task: who only reads never loads it

    settings = config.settings()
    url = settings.function_url(function)
    task = tasks_v2.Task(
        http_request=tasks_v2.HttpRequest(
            url=url,
            http_method=tasks_v2.HttpMethod.POST,
            headers={"Content-Type": "application/json", **tracing.carried()},
            body=body,
            oidc_token=tasks_v2.OidcToken(service_account_email=settings.invoker, audience=url),
        ),
        dispatch_deadline=duration_pb2.Duration(seconds=min(int(deadline), MAX_DISPATCH_DEADLINE)),
    )
    if at is not None:
        stamp = timestamp_pb2.Timestamp()
        stamp.FromDatetime(at)
        task.schedule_time = stamp
    if name is not None:
        task.name = f"{queue_path(queue)}/tasks/{name}"
    try:
        await _client().create_task(parent=queue_path(queue), task=task, retry=_RETRY)
    except exceptions.AlreadyExists:
        return False
    except outages.PASSING as error:
        raise errors.Unavailable(
            f"The task queue did not answer ({type(error).__name__}); try again.", retry_after=1
        ) from error
    return True
