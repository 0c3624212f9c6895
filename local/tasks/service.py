"""What does Cloud Tasks answer to each of its calls? (gRPC, google.cloud.tasks.v2.CloudTasks)"""

import itertools
import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import grpc

from local import faults
from local.database import Database
from local.faults import over_grpc, over_http
from local.identity import Identity
from local.routing import Routes
from local.serving import GrpcServer, Method, Refused
from local.tasks import checks, pacing, wire
from local.tasks.dispatcher import Dispatcher
from local.tasks.sender import Sender
from local.tasks.store import TaskStore

_MAX_PAGE = 1000


class TasksService:
    """A server of queues and tasks; delivers from ``start`` to ``stop``, over one HTTP client."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        routes: Routes,
        clock: Callable[[], float] = time.time,
        disturbance: faults.Disturbance = faults.CALM,
    ) -> None:
        self._store = TaskStore(database)
        self._disturbance = disturbance
        self._identity = identity
        self._routes = routes
        self._clock = clock
        self._sender: Sender | None = None
        self._dispatchers: dict[str, Dispatcher] = {}
        self._server = GrpcServer({wire.SERVICE: self._methods()}, database, over_grpc.interceptors(disturbance))

    async def start(self, port: int) -> int:
        """Listen, and deliver what an earlier run left. OSError: the port is taken."""
        bound = await self._server.start(port)
        self._sender = Sender(self._identity, self._routes, over_http.caller(self._disturbance, "Dispatch"))
        for queue in self._store.all_queues():
            dispatcher = self._dispatcher(queue)
            for name, due in list(self._store.schedule(queue.name)):
                dispatcher.add(name, due)
        return bound

    async def stop(self) -> None:
        """Close; what is under way is delivered again after the next start."""
        await self._server.stop()
        for dispatcher in self._dispatchers.values():
            await dispatcher.stop()
        self._dispatchers.clear()
        if self._sender is not None:
            await self._sender.close()
        self._sender = None

    def ensure_queue(
        self,
        name: str,
        *,
        max_dispatches_per_second: float = pacing.DEFAULT_DISPATCHES_PER_SECOND,
        max_concurrent_dispatches: int = pacing.DEFAULT_CONCURRENT_DISPATCHES,
        max_attempts: int = pacing.DEFAULT_MAX_ATTEMPTS,
        max_retry_seconds: float = 0.0,
        min_backoff_seconds: float = pacing.DEFAULT_MIN_BACKOFF,
        max_backoff_seconds: float = pacing.DEFAULT_MAX_BACKOFF,
        max_doublings: int = pacing.DEFAULT_MAX_DOUBLINGS,
    ) -> None:
        """Have a queue of these limits under ``name`` (projects/P/locations/L/queues/Q); its tasks and its
        state stay. May be called before and after ``start``."""
        queue = self._store.find_queue(name) or wire.Queue(name=name, state=wire.RUNNING)
        queue.rate_limits.max_dispatches_per_second = max_dispatches_per_second
        queue.rate_limits.max_concurrent_dispatches = max_concurrent_dispatches
        queue.retry_config.max_attempts = max_attempts
        queue.retry_config.max_retry_duration.FromMilliseconds(round(max_retry_seconds * 1000))
        queue.retry_config.min_backoff.FromMilliseconds(round(min_backoff_seconds * 1000))
        queue.retry_config.max_backoff.FromMilliseconds(round(max_backoff_seconds * 1000))
        queue.retry_config.max_doublings = max_doublings
        self._save_queue(queue)

    def _methods(self) -> dict[str, Method]:
        def method(call: Callable[[Any], Any], request: Any, response: Any) -> Method:
            return Method(call=call, request=request, response=response)

        return {
            "CreateQueue": method(self._create_queue, wire.CreateQueueRequest, wire.Queue),
            "GetQueue": method(lambda r: self._queue(r.name), wire.GetQueueRequest, wire.Queue),
            "ListQueues": method(self._list_queues, wire.ListQueuesRequest, wire.ListQueuesResponse),
            "UpdateQueue": method(self._update_queue, wire.UpdateQueueRequest, wire.Queue),
            "DeleteQueue": method(self._delete_queue, wire.DeleteQueueRequest, wire.Empty),
            "PurgeQueue": method(self._purge_queue, wire.PurgeQueueRequest, wire.Queue),
            "PauseQueue": method(lambda r: self._set_state(r.name, wire.PAUSED), wire.PauseQueueRequest, wire.Queue),
            "ResumeQueue": method(
                lambda r: self._set_state(r.name, wire.RUNNING), wire.ResumeQueueRequest, wire.Queue
            ),
            "CreateTask": method(self._create_task, wire.CreateTaskRequest, wire.Task),
            "GetTask": method(self._get_task, wire.GetTaskRequest, wire.Task),
            "ListTasks": method(self._list_tasks, wire.ListTasksRequest, wire.ListTasksResponse),
            "DeleteTask": method(self._delete_task, wire.DeleteTaskRequest, wire.Empty),
            "RunTask": method(self._run_task, wire.RunTaskRequest, wire.Task),
        }

    def _dispatcher(self, queue: Any) -> Dispatcher:
        dispatcher = self._dispatchers.get(queue.name)
        if dispatcher is None:
            assert self._sender is not None
            dispatcher = Dispatcher(queue, self._store, self._sender, self._clock)
            self._dispatchers[queue.name] = dispatcher
        return dispatcher

    def _queue(self, name: str) -> Any:
        queue = self._store.find_queue(name)
        if queue is None:
            raise checks.missing_queue()
        return queue

    def _save_queue(self, queue: Any) -> Any:
        pacing.complete_limits(queue)
        checks.check_queue(queue)
        self._store.put_queue(queue)
        if self._sender is not None:
            self._dispatcher(queue).configure(queue)
        return queue

    def _create_queue(self, request: Any) -> Any:
        checks.check_queue_name(request.queue.name, request.parent)
        if self._store.find_queue(request.queue.name) is not None:
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, "Queue already exists.")
        request.queue.state = wire.RUNNING
        return self._save_queue(request.queue)

    def _list_queues(self, request: Any) -> Any:
        size = min(request.page_size or _MAX_PAGE, _MAX_PAGE)
        wanted = checks.queue_filter(request.filter)
        found = self._store.list_queues(request.parent, request.page_token)
        queues = list(itertools.islice((queue for queue in found if wanted(queue)), size + 1))
        token = queues[size - 1].name if len(queues) > size else ""
        return wire.ListQueuesResponse(queues=queues[:size], next_page_token=token)

    def _update_queue(self, request: Any) -> Any:
        """Creates the queue where it is not there, as the service does."""
        name = request.queue.name
        checks.check_queue_name(name, name.rsplit("/queues/", 1)[0])
        queue = self._store.find_queue(name) or wire.Queue(name=name, state=wire.RUNNING)
        state = queue.state
        if request.update_mask.paths:
            _merge(request.update_mask, request.queue, queue)
        else:
            queue.CopyFrom(request.queue)
        queue.name, queue.state = name, state
        return self._save_queue(queue)

    def _delete_queue(self, request: Any) -> Any:
        if not self._store.delete_queue(request.name):
            raise checks.missing_queue()
        dispatcher = self._dispatchers.get(request.name)
        if dispatcher is not None:
            dispatcher.clear()
        return wire.Empty()

    def _purge_queue(self, request: Any) -> Any:
        queue = self._queue(request.name)
        now = self._clock()
        self._store.purge(queue.name, now)
        self._dispatcher(queue).clear()
        wire.set_time(queue.purge_time, now)
        self._store.put_queue(queue)
        return queue

    def _set_state(self, name: str, state: int) -> Any:
        queue = self._queue(name)
        queue.state = state
        return self._save_queue(queue)

    def _create_task(self, request: Any) -> Any:
        task, now = request.task, self._clock()
        queue = self._store.find_queue(request.parent)
        if queue is None:
            raise checks.no_queue_for_task(self._store.was_queue(request.parent))
        checks.check_task(task, now)
        named = bool(task.name)
        if named:
            checks.check_task_name(task.name, queue.name)
            self._check_unused(task.name, now)
        else:
            task.name = f"{queue.name}/tasks/{secrets.randbelow(10**19) + 10**18}"
        self._complete_task(task, now)
        due = wire.seconds(task.schedule_time)
        try:
            self._store.add_task(queue.name, task, due, named)
        except sqlite3.IntegrityError as error:
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, "Requested entity already exists") from error
        self._dispatcher(queue).add(task.name, due)
        return wire.in_view(task, request.response_view)

    def _check_unused(self, name: str, now: float) -> None:
        if self._store.has_tombstone(name, now):
            raise Refused(
                grpc.StatusCode.ALREADY_EXISTS,
                "The task cannot be created because a task with this name existed too recently. Use another "
                "name, or create the task a day after the earlier one is gone.",
            )

    def _complete_task(self, task: Any, now: float) -> None:
        for output_only in ("dispatch_count", "response_count", "first_attempt", "last_attempt", "view"):
            task.ClearField(output_only)
        task.http_request.http_method = task.http_request.http_method or wire.POST
        wire.set_time(task.create_time, now)
        if wire.seconds(task.schedule_time) < now:
            wire.set_time(task.schedule_time, now)
        if not task.HasField("dispatch_deadline"):
            task.dispatch_deadline.FromSeconds(600)

    def _task(self, name: str) -> Any:
        task = self._store.find_task(name)
        if task is None:
            raise checks.missing_task()
        return task

    def _get_task(self, request: Any) -> Any:
        return wire.in_view(self._task(request.name), request.response_view)

    def _list_tasks(self, request: Any) -> Any:
        queue = self._queue(request.parent)
        size = min(request.page_size or _MAX_PAGE, _MAX_PAGE)
        tasks = self._store.list_tasks(queue.name, request.page_token, size + 1)
        token = tasks[size - 1].name if len(tasks) > size else ""
        shown = [wire.in_view(task, request.response_view) for task in tasks[:size]]
        return wire.ListTasksResponse(tasks=shown, next_page_token=token)

    def _delete_task(self, request: Any) -> Any:
        if not self._store.remove_task(request.name, self._clock()):
            raise checks.missing_task()
        dispatcher = self._dispatchers.get(request.name.rsplit("/tasks/", 1)[0])
        if dispatcher is not None:
            dispatcher.discard(request.name)
        return wire.Empty()

    def _run_task(self, request: Any) -> Any:
        """Dispatches at once, past the limits of the queue and its pause."""
        task = self._task(request.name)
        wire.set_time(task.schedule_time, self._clock())
        self._dispatcher(self._queue(request.name.rsplit("/tasks/", 1)[0])).run_now(task)
        return wire.in_view(task, request.response_view)


def _merge(mask: Any, source: Any, target: Any) -> None:
    if not mask.IsValidForDescriptor(wire.Queue.DESCRIPTOR):
        raise checks.invalid(f"Invalid update_mask: {list(mask.paths)}.")
    mask.MergeMessage(source, target, True)
