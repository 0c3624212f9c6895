"""Which protobuf messages does Cloud Tasks speak? The raw classes under google-cloud-tasks' wrapped ones,
which cost a tenth of them to build and read."""

from typing import Any

from google.cloud import tasks_v2
from google.protobuf import empty_pb2, timestamp_pb2

SERVICE = "google.cloud.tasks.v2.CloudTasks"

Task: Any = tasks_v2.Task.pb()
Queue: Any = tasks_v2.Queue.pb()
Empty = empty_pb2.Empty
CreateQueueRequest: Any = tasks_v2.CreateQueueRequest.pb()
GetQueueRequest: Any = tasks_v2.GetQueueRequest.pb()
ListQueuesRequest: Any = tasks_v2.ListQueuesRequest.pb()
ListQueuesResponse: Any = tasks_v2.ListQueuesResponse.pb()
UpdateQueueRequest: Any = tasks_v2.UpdateQueueRequest.pb()
DeleteQueueRequest: Any = tasks_v2.DeleteQueueRequest.pb()
PurgeQueueRequest: Any = tasks_v2.PurgeQueueRequest.pb()
PauseQueueRequest: Any = tasks_v2.PauseQueueRequest.pb()
ResumeQueueRequest: Any = tasks_v2.ResumeQueueRequest.pb()
CreateTaskRequest: Any = tasks_v2.CreateTaskRequest.pb()
GetTaskRequest: Any = tasks_v2.GetTaskRequest.pb()
ListTasksRequest: Any = tasks_v2.ListTasksRequest.pb()
ListTasksResponse: Any = tasks_v2.ListTasksResponse.pb()
DeleteTaskRequest: Any = tasks_v2.DeleteTaskRequest.pb()
RunTaskRequest: Any = tasks_v2.RunTaskRequest.pb()

RUNNING = int(tasks_v2.Queue.State.RUNNING)
PAUSED = int(tasks_v2.Queue.State.PAUSED)
QUEUE_STATES = {state.name: int(state) for state in tasks_v2.Queue.State}
BASIC = int(tasks_v2.Task.View.BASIC)
FULL = int(tasks_v2.Task.View.FULL)
METHOD_NAMES = {int(method): method.name for method in tasks_v2.HttpMethod}
POST = int(tasks_v2.HttpMethod.POST)
METHODS_WITH_BODY = frozenset({POST, int(tasks_v2.HttpMethod.PUT), int(tasks_v2.HttpMethod.PATCH)})


def set_time(timestamp: Any, at: float) -> None:
    """Write ``at`` (seconds since 1970) into a protobuf timestamp."""
    timestamp.seconds, nanos = int(at), int(at % 1 * 1e9)
    timestamp.nanos = nanos


def seconds(value: timestamp_pb2.Timestamp | Any) -> float:
    """A protobuf timestamp or duration in seconds."""
    return value.seconds + value.nanos / 1e9


def in_view(task: Any, view: int) -> Any:
    """``task`` as a caller who asked for ``view`` sees it: the body only in FULL."""
    shown = Task()
    shown.CopyFrom(task)
    shown.view = FULL if view == FULL else BASIC
    if view != FULL:
        shown.http_request.ClearField("body")
    return shown
