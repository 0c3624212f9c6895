"""Time that passes only when nothing else is left to do: a loop, a handler that cannot be reached over a network, and
one queue between them."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from typing import Any

from google.cloud import tasks_v2

from local import calling
from local.database import Database
from local.identity import Identity
from local.routing import Routes
from local.tasks import pacing, wire
from local.tasks.dispatcher import Dispatcher
from local.tasks.sender import Sender
from local.tasks.store import TaskStore

QUEUE = "projects/p/locations/us-central1/queues/work"
START = 1_000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self._moment = START

    def time(self) -> float:
        return self._moment

    def _run_once(self) -> None:
        while self._scheduled and self._scheduled[0]._cancelled:
            heapq.heappop(self._scheduled)._scheduled = False
            self._timer_cancelled_count -= 1
        if not self._ready and self._scheduled:
            self._moment = max(self._moment, self._scheduled[0]._when)
        super()._run_once()


class Handler:
    """Answers a dispatch by ``answer(number of the call)``: a status, or an answer, or an awaitable of either; and
    notes when each call began."""

    def __init__(self, answer: Callable[[int], Any] = lambda _number: 200) -> None:
        self.answer = answer
        self.times: list[float] = []
        self.headers: list[Any] = []

    async def call(self, method: str, url: str, headers: Any, body: bytes = b"") -> calling.Answer:
        self.times.append(asyncio.get_running_loop().time() - START)
        self.headers.append(headers)
        answered = self.answer(len(self.times))
        if isinstance(answered, Awaitable):
            answered = await answered
        return answered if isinstance(answered, calling.Answer) else calling.Answer(status=answered, headers={})

    async def close(self) -> None:
        """Nothing to close."""


class Line:
    """One queue, its dispatcher and its handler, inside a virtual loop."""

    def __init__(self, handler: Handler, **limits: Any) -> None:
        self.handler = handler
        database = Database(None)
        clock = asyncio.get_running_loop().time
        self.store = TaskStore(database)
        self.queue = wire.Queue(name=QUEUE, state=wire.RUNNING)
        for name in ("max_dispatches_per_second", "max_concurrent_dispatches"):
            if name in limits:
                setattr(self.queue.rate_limits, name, limits[name])
        for name in ("max_attempts", "max_doublings"):
            if name in limits:
                setattr(self.queue.retry_config, name, limits[name])
        for name in ("min_backoff", "max_backoff", "max_retry_duration"):
            if name in limits:
                getattr(self.queue.retry_config, name).FromMilliseconds(int(limits[name] * 1000))
        pacing.complete_limits(self.queue)
        sender = Sender(Identity(database, clock), Routes(), handler)
        self.dispatcher = Dispatcher(self.queue, self.store, sender, clock)
        self._added = 0

    def add(self, count: int = 1, deadline: float = 600.0, age: float = 0.0) -> None:
        """Accept tasks that are due now; ``age``: seconds since they were created."""
        now = asyncio.get_running_loop().time()
        for _ in range(count):
            self._added += 1
            task = wire.Task(name=f"{QUEUE}/tasks/t{self._added}")
            task.http_request.url = "http://handler.example/"
            task.http_request.http_method = int(tasks_v2.HttpMethod.POST)
            task.dispatch_deadline.FromMilliseconds(int(deadline * 1000))
            wire.set_time(task.create_time, now - age)
            wire.set_time(task.schedule_time, now)
            self.store.add_task(QUEUE, task, now, False)
            self.dispatcher.add(task.name, now)

    def set_state(self, state: int) -> None:
        self.queue.state = state
        self.dispatcher.configure(self.queue)

    @property
    def left(self) -> int:
        return len(self.store.list_tasks(QUEUE, "", 100_000))


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario in time of its own."""
    loop = VirtualLoop()
    try:
        loop.run_until_complete(scenario())
    finally:
        loop.close()
