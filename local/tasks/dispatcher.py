"""Which task of a queue goes out next, and what happens to it then?

    waiting -> dispatching (rate, concurrency and time allow) -> gone (2xx, or given up) or waiting (retry)

The order of due tasks lives in memory and is read from the store at start. An attempt is written down before
it is sent; so a task whose dispatch a kill cut short is still there after it, with the attempt counted.
"""

import asyncio
import heapq
import logging
from collections.abc import Callable
from typing import Any

from local.tasks import pacing, wire
from local.tasks.sender import Answer, Sender
from local.tasks.store import TaskStore

# The loop's timers stand still while a laptop sleeps; so the clock is read again at least this often.
LONGEST_SLEEP_SECONDS = 20.0
_log = logging.getLogger(__name__)


class Dispatcher:
    """Delivers the tasks of one queue. All methods run in the event loop."""

    def __init__(self, queue: Any, store: TaskStore, sender: Sender, clock: Callable[[], float]) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._order: list[tuple[float, int, str]] = []
        self._due: dict[str, float] = {}
        self._added = 0
        self._attempts: set[asyncio.Task[None]] = set()
        self._answers: dict[str, Answer] = {}
        self._congestion = pacing.Congestion()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self.configure(queue)

    def configure(self, queue: Any) -> None:
        """Take over the queue's limits and state."""
        self._queue = queue
        limits = queue.rate_limits
        self._bucket = pacing.TokenBucket(limits.max_dispatches_per_second, limits.max_burst_size, self._clock())
        self.pump()

    def add(self, name: str, due: float) -> None:
        """Have the task dispatched at ``due`` (a later call moves it)."""
        self._due[name] = due
        self._added += 1
        heapq.heappush(self._order, (due, self._added, name))
        self.pump()

    def discard(self, name: str) -> None:
        """Dispatch the task no more; an attempt under way goes on, as the service has it."""
        self._due.pop(name, None)
        self._answers.pop(name, None)

    def clear(self) -> None:
        """Dispatch none of the tasks known so far."""
        self._due.clear()
        self._order.clear()
        self._answers.clear()

    def run_now(self, task: Any) -> None:
        """Dispatch ``task`` whatever the limits and the state of the queue say."""
        self.discard(task.name)
        self._launch(task)

    def pump(self) -> None:
        """Start every attempt that may start now, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        limit = self._queue.rate_limits.max_concurrent_dispatches
        while self._order and not self._stopped and self._queue.state == wire.RUNNING:
            due, _, name = self._order[0]
            if self._due.get(name) != due:
                heapq.heappop(self._order)
                continue
            if len(self._attempts) >= limit:
                return
            now = self._clock()
            wait = due - now if due > now else self._bucket.take(now, self._congestion.share(now))
            if wait > 0:
                self._timer = asyncio.get_running_loop().call_later(min(wait, LONGEST_SLEEP_SECONDS), self.pump)
                return
            heapq.heappop(self._order)
            del self._due[name]
            self._dispatch(name, now)

    def _dispatch(self, name: str, now: float) -> None:
        task = self._store.find_task(name)
        if task is None:
            return
        if pacing.is_retained(task, now):
            self._launch(task)
        else:
            self._store.remove_task(name, now)

    def _launch(self, task: Any) -> None:
        attempt = asyncio.get_running_loop().create_task(self._attempt(task))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._ended)

    def _ended(self, attempt: asyncio.Task[None]) -> None:
        self._attempts.discard(attempt)
        if not attempt.cancelled() and attempt.exception() is not None:
            _log.error("an attempt of queue %s broke off", self._queue.name, exc_info=attempt.exception())
        self.pump()

    async def _attempt(self, task: Any) -> None:
        started = self._clock()
        task.dispatch_count += 1
        task.last_attempt.Clear()
        task.last_attempt.schedule_time.CopyFrom(task.schedule_time)
        wire.set_time(task.last_attempt.dispatch_time, started)
        if not task.HasField("first_attempt"):
            wire.set_time(task.first_attempt.dispatch_time, started)
        self._store.save_attempt(task)
        answer = await self._sender.send(task, self._answers.pop(task.name, None), started)
        if answer.succeeded:
            self._store.remove_task(task.name, self._clock())
        else:
            self._failed(task, answer)

    def _failed(self, task: Any, answer: Answer) -> None:
        now = self._clock()
        self._congestion.heard(answer.status, now)
        retry = task.retry_config if task.HasField("retry_config") else self._queue.retry_config
        first = wire.seconds(task.first_attempt.dispatch_time)
        if pacing.is_exhausted(retry, task.dispatch_count, first, now):
            _log.warning("task %s is given up after %s: %s", task.name, task.dispatch_count, answer.reason)
            self._store.remove_task(task.name, now)
            return
        # Answers of 5xx never count: https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
        if answer.status is not None:
            wire.set_time(task.last_attempt.response_time, now)
            task.response_count += answer.status < 500
        task.last_attempt.response_status.message = answer.reason
        due = now + max(pacing.retry_delay(retry, task.dispatch_count), answer.retry_after)
        wire.set_time(task.schedule_time, due)
        if self._store.reschedule(task, due):
            self._answers[task.name] = answer
            self.add(task.name, due)

    async def stop(self) -> None:
        """Break off what is under way; it is delivered again after the next start."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        attempts = list(self._attempts)
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
