"""What does one more of a shape take? Counted on the stage of the engine's tests: the real services on a real local
Firestore, with the tasks and messages kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pytest

from benchmarks import prices, shapes
from benchmarks.shapes import Made, Shape
from shared.domain.statuses import Status
from shared.firestore import graphs
from shared.gcp import pubsub
from shared.services import credit
from tests.engine.stage import Pending, Stage, staged

_MESSAGE_BYTES = 20 + 20  # its timestamp and its id


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """``path``: calls to other services, one after the other, from the start to the end of the longest way through
    the execution; tasks created at once are one. ``documents``: what TTL deletes in the end."""

    node_executions: float
    path: float
    reads: float
    writes: float
    documents: float
    task_operations: float
    requests: float
    publishes: float
    bytes_published: float

    def dollars(self, cpu_seconds: float) -> float:
        """At list price. ``cpu_seconds``: of the engine, a request."""
        return (
            prices.READ.of(self.reads)
            + prices.WRITE.of(self.writes)
            + prices.TTL_DELETE.of(self.documents)
            + prices.TASK_OPERATION.of(self.task_operations)
            + prices.PUBSUB_BYTE.of(self.bytes_published)
            + prices.REQUEST.of(self.requests)
            + prices.instance(cpu_seconds * self.requests)
        )

    def dollars_a_million(self, cpu_seconds: float) -> float:
        """Of node executions."""
        return self.dollars(cpu_seconds) / self.node_executions * 1_000_000

    def one_more(self, less: "Counts", units: int) -> "Counts":
        return Counts(**{f.name: (getattr(self, f.name) - getattr(less, f.name)) / units for f in fields(Counts)})


@dataclass
class Metered(Stage):
    """Counts tasks, messages, and the calls on the way to each task. ``name`` is the id that it gives: what
    is derived from it is the same in each run."""

    name: str = "cost"
    task_operations: int = 0
    requests: int = 0
    publishes: int = 0
    bytes_published: int = 0
    longest: int = 0
    _way: dict[int, int] = field(default_factory=dict[int, int])
    _before: int = 0
    _since: int = 0
    _others: int = 0
    _last_created: int = -1

    def _random_id(self) -> str:
        return self.name

    async def create_task(self, **options: Any) -> bool:
        if self._last_created != self._here():
            self._others += 1
        created = await super().create_task(**options)
        self._last_created = self._here()
        self.task_operations += _chunks(options["body"])
        if created:
            self._way[id(self.tasks[-1])] = self._here()
        return created

    async def publish(self, topic: str, ordering_key: str, messages: Sequence[pubsub.Message]) -> None:
        await super().publish(topic, ordering_key, messages)
        self._others += 1
        self.publishes += 1
        self.bytes_published += max(prices.PUBSUB_LEAST, sum(_size(ordering_key, m) for m in messages))

    async def deliver(self, pending: Pending, *, again: bool = False) -> None:
        self._before = self._way.pop(id(pending), 0)
        self._since, self._others, self._last_created = self.calls.bill.calls, 0, -1
        self.task_operations += _chunks(pending.body)
        self.requests += 1
        await super().deliver(pending, again=again)
        self.longest = max(self.longest, self._here())

    def reset(self) -> None:
        """Count from here on."""
        self.task_operations = self.requests = self.publishes = self.bytes_published = self.longest = 0
        self._before, self._since, self._others, self._last_created = 0, self.calls.bill.calls, 0, -1

    def _here(self) -> int:
        return self._before + self.calls.bill.calls - self._since + self._others


def _chunks(body: bytes) -> int:
    return -(-len(body) // prices.TASK_CHUNK)


def _size(ordering_key: str, message: pubsub.Message) -> int:
    attributes = sum(len(name) + len(value) for name, value in message.attributes.items())
    return len(message.data) + attributes + len(ordering_key) + _MESSAGE_BYTES


async def one_more(stage: Metered, shape: Shape) -> Counts:
    """What one more unit of a shape takes, and not what an instance reads once a minute."""
    await credit.allowed(stage.world, "ann")
    if shape.child:
        stage.name = shapes.CHILD
        await _graph(stage, shapes.child())
    small, large = [await _count(stage, shape, size) for size in (shape.small, shape.large)]
    return large.one_more(small, shape.large - shape.small)


async def _count(stage: Metered, shape: Shape, size: int) -> Counts:
    made = shape.make(size)
    stage.name = f"cost-{shape.name.replace(' ', '-')}-{size}"
    return await _run(stage, await _graph(stage, made), made.inputs)


async def _graph(stage: Stage, made: Made) -> graphs.Version:
    return await stage.graph(made.nodes, made.links)


async def _run(stage: Metered, version: graphs.Version, inputs: dict[str, Any]) -> Counts:
    before, written = stage.calls.bill, set(stage.calls.written)
    stage.reset()
    execution = await stage.start(version, inputs)
    await stage.run()
    ended = await stage.execution(execution)
    if ended.status is not Status.COMPLETED:
        raise AssertionError(f"{version.graph_id} ended {ended.status}: {ended.error}")
    bill = stage.calls.bill - before
    documents = set(stage.calls.written) - written
    return Counts(
        node_executions=sum("/nodes/" in path for path in documents) - _roots(documents),
        path=stage.longest,
        reads=bill.reads,
        writes=bill.writes,
        documents=len(documents),
        task_operations=stage.task_operations,
        requests=stage.requests,
        publishes=stage.publishes,
        bytes_published=stage.bytes_published,
    )


def _roots(documents: set[str]) -> int:
    """Of each execution there is one, and it is no node's."""
    return sum("/executions/" in path and path.count("/", path.index("/executions/")) == 2 for path in documents)


def count_all() -> dict[str, Counts]:
    """One more of each shape, by its name."""

    async def every() -> dict[str, Counts]:
        with pytest.MonkeyPatch.context() as patch:
            async with staged(patch, Metered) as stage:
                return {shape.name: await one_more(stage, shape) for shape in shapes.ALL}

    return asyncio.run(every())
