"""Which message of a subscription goes out next, and until when has its receiver to acknowledge it?

    ready -> leased (take) -> gone (acknowledge, or dead letter) or ready again (refused, or the deadline passed)

The order lives in memory and is read from the store at start; leases do not survive a restart, so what was leased
is delivered again. Where the subscription orders messages, one of a key is out at a time.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from local.pubsub import wire
from local.pubsub.store import PubSubStore

DEFAULT_RETRY_MIN_SECONDS = 10.0
DEFAULT_RETRY_MAX_SECONDS = 600.0
DEFAULT_DELIVERY_ATTEMPTS = 5
# https://cloud.google.com/pubsub/docs/push#push_backoff
PUSH_BACKOFF_MIN_SECONDS, PUSH_BACKOFF_MAX_SECONDS = 0.1, 60.0


@dataclass(slots=True)
class _Entry:
    id: int
    key: str
    attempts: int
    ack_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message handed out. ``attempt`` counts from 1."""

    ack_id: str
    message: Any
    attempt: int


class Backlog:
    """The messages one subscription has yet to deliver. ``dead_letter(message, attempts)`` moves a message to the
    dead-letter topic; False: that cannot be done, so it is delivered on."""

    def __init__(
        self,
        subscription: Any,
        store: PubSubStore,
        clock: Callable[[], float],
        dead_letter: Callable[[Any, Any, int], bool],
    ) -> None:
        self.subscription = subscription
        self._store = store
        self._clock = clock
        self._dead_letter = dead_letter
        self._waiters: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._leases = 0
        self.closed = False
        self.used_at = clock()
        self._reset()

    def _reset(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._leased: dict[str, _Entry] = {}
        self._ready: list[tuple[float, int]] = []
        self._deadlines: list[tuple[float, str]] = []
        self._deadline_of: dict[str, float] = {}
        self._queued_keys: dict[str, deque[int]] = {}

    def load(self) -> None:
        """Read everything from the store again, and deliver it."""
        self.closed = False
        self._reset()
        retention = wire.seconds(self.subscription.message_retention_duration)
        self._store.expire(self.subscription.name, self._clock() - retention)
        for message_id, _, attempts, message in self._store.backlog(self.subscription.name):
            self._insert(_Entry(message_id, message.ordering_key, attempts), 0.0)
        self.notify()

    def add(self, message_id: int, ordering_key: str) -> None:
        """A message was stored for this subscription."""
        self._insert(_Entry(message_id, ordering_key, 0), 0.0)
        self.notify()

    def _insert(self, entry: _Entry, ready_at: float) -> None:
        self._entries[entry.id] = entry
        if entry.key and self.subscription.enable_message_ordering:
            queue = self._queued_keys.setdefault(entry.key, deque())
            queue.append(entry.id)
            if queue[0] != entry.id:
                return
        heapq.heappush(self._ready, (ready_at, entry.id))

    def take(self, limit: int, lease_seconds: float, max_bytes: int = 0) -> list[Delivery]:
        """Up to ``limit`` messages that are ready, leased for ``lease_seconds``; at least one even where it is over
        ``max_bytes`` (0: no limit)."""
        self.used_at = now = self._clock()
        retention = wire.seconds(self.subscription.message_retention_duration)
        taken: list[Delivery] = []
        size = 0
        while self._ready and len(taken) < limit and self._ready[0][0] <= now:
            entry = self._entries.get(self._ready[0][1])
            if entry is not None and entry.id / 1e6 < now - retention:
                heapq.heappop(self._ready)
                self._forget(entry)
                continue
            message = None if entry is None else self._store.message(self.subscription.name, entry.id)
            if entry is None or message is None:
                heapq.heappop(self._ready)
                continue
            size += message.ByteSize()
            if taken and max_bytes and size > max_bytes:
                break
            heapq.heappop(self._ready)
            taken.append(self._lease(entry, message, now + lease_seconds))
        self._arm()
        return taken

    def _lease(self, entry: _Entry, message: Any, deadline: float) -> Delivery:
        entry.attempts += 1
        if self.subscription.HasField("dead_letter_policy"):
            self._store.save_attempts(self.subscription.name, entry.id, entry.attempts)
        self._leases += 1
        entry.ack_id = f"{entry.id}:{self._leases}"
        self._leased[entry.ack_id] = entry
        self._set_deadline(entry.ack_id, deadline)
        return Delivery(ack_id=entry.ack_id, message=message, attempt=entry.attempts)

    def _forget(self, entry: _Entry) -> None:
        """The message is older than the subscription keeps messages. Its id is the moment it was published."""
        self._store.expire_message(self.subscription.name, entry.id)
        self._drop([entry])

    def _set_deadline(self, ack_id: str, deadline: float) -> None:
        self._deadline_of[ack_id] = deadline
        heapq.heappush(self._deadlines, (deadline, ack_id))

    def stale(self, ack_ids: Iterable[str]) -> list[str]:
        """Those of the ids whose lease has run out, where the subscription promises to deliver exactly once; no one
        else is told."""
        if not self.subscription.enable_exactly_once_delivery:
            return []
        return [ack_id for ack_id in ack_ids if ack_id not in self._leased]

    def acknowledge(self, ack_ids: Iterable[str]) -> None:
        """The messages are delivered. Ids of leases that ran out do nothing: the message comes again."""
        self.used_at = self._clock()
        done = [entry for entry in (self._release(ack_id) for ack_id in ack_ids) if entry is not None]
        if done:
            self._remove(done)
            self.notify()

    def _release(self, ack_id: str) -> _Entry | None:
        self._deadline_of.pop(ack_id, None)
        return self._leased.pop(ack_id, None)

    def _remove(self, entries: list[_Entry]) -> None:
        retain = self.subscription.retain_acked_messages
        self._store.acknowledge(self.subscription.name, [entry.id for entry in entries], retain)
        self._drop(entries)

    def _drop(self, entries: list[_Entry]) -> None:
        for entry in entries:
            self._entries.pop(entry.id, None)
            queue = self._queued_keys.get(entry.key)
            if queue and queue[0] == entry.id:
                queue.popleft()
                if queue:
                    heapq.heappush(self._ready, (0.0, queue[0]))
                else:
                    del self._queued_keys[entry.key]

    def extend(self, ack_ids: Iterable[str], seconds: float) -> None:
        """Give the receiver ``seconds`` from now on; 0: it does not want the messages, deliver them again."""
        deadline = self._clock() + seconds
        for ack_id in ack_ids:
            if ack_id not in self._leased:
                continue
            if seconds > 0:
                self._set_deadline(ack_id, deadline)
            else:
                self._deliver_again(ack_id)
        self.notify()

    def is_leased(self, ack_id: str) -> bool:
        """Whether its receiver still has to acknowledge it."""
        return ack_id in self._leased

    def _deliver_again(self, ack_id: str) -> None:
        entry = self._release(ack_id)
        if entry is None:
            return
        if self._is_dead(entry):
            message = self._store.message(self.subscription.name, entry.id)
            if message is not None and self._dead_letter(self.subscription, message, entry.attempts):
                self._remove([entry])
                return
        heapq.heappush(self._ready, (self._clock() + self._backoff(entry.attempts), entry.id))

    def _is_dead(self, entry: _Entry) -> bool:
        if not self.subscription.HasField("dead_letter_policy"):
            return False
        limit = self.subscription.dead_letter_policy.max_delivery_attempts or DEFAULT_DELIVERY_ATTEMPTS
        return entry.attempts >= limit

    def _backoff(self, attempts: int) -> float:
        """Seconds before the next delivery: by the retry policy; without one, a pull subscription delivers at once
        and a push subscription backs off by itself."""
        policy = self.subscription.retry_policy
        doubled = 2.0 ** min(attempts - 1, 30)
        if self.subscription.HasField("retry_policy"):
            has_minimum, has_maximum = policy.HasField("minimum_backoff"), policy.HasField("maximum_backoff")
            smallest = wire.seconds(policy.minimum_backoff) if has_minimum else DEFAULT_RETRY_MIN_SECONDS
            largest = wire.seconds(policy.maximum_backoff) if has_maximum else DEFAULT_RETRY_MAX_SECONDS
            return min(largest, smallest * doubled)
        if self.subscription.push_config.push_endpoint:
            return min(PUSH_BACKOFF_MAX_SECONDS, PUSH_BACKOFF_MIN_SECONDS * doubled)
        return 0.0

    async def wait(self, seconds: float | None = None) -> None:
        """Return when something changed, or after ``seconds``; spurious returns are fine."""
        if self.closed:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            self._waiters.discard(waiter)

    def notify(self) -> None:
        """Wake whoever waits, and come back when the next deadline or retry is due."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._deadlines and self._deadline_of.get(self._deadlines[0][1]) != self._deadlines[0][0]:
            heapq.heappop(self._deadlines)
        now = self._clock()
        moments = [self._deadlines[0][0]] if self._deadlines else []
        if self._ready and self._ready[0][0] > now:
            moments.append(self._ready[0][0])
        if moments and not self.closed:
            delay = max(0.001, min(moments) - now)
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        now = self._clock()
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, ack_id = heapq.heappop(self._deadlines)
            if self._deadline_of.get(ack_id) == deadline:
                self._deliver_again(ack_id)
        self.notify()

    def close(self) -> None:
        """Deliver no more; waiters return."""
        self.closed = True
        self.notify()
