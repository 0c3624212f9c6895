"""A stage for the engine: the real services on a real local Firestore, with tasks and time in the test's hands.

Tasks are kept in a list and delivered in the order that the test chooses; events are kept; time moves when the test
says so, or when nothing is left but tasks for later.
"""

import asyncio
import itertools
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from shared import config
from shared.blocks import catalog
from shared.domain import analysis
from shared.domain.graph import Graph, Link, Node, NodeId
from shared.domain.records import Execution, NodeExecution
from shared.firestore import client, executions, graphs, node_executions
from shared.gcp import pubsub, storage, tasks
from shared.services import credit, execution_views, node_tasks, recovery, run_node, start
from shared.services.world import World
from tests.engine import direct
from tests.engine.metering import Calls

Staged = TypeVar("Staged", bound="Stage")
_ids = itertools.count()  # over all stages: versions are cached by id


@dataclass(kw_only=True)
class Pending:
    """A task that waits for its delivery. ``deliveries``: how often it was delivered before."""

    body: bytes
    at: datetime
    name: str | None
    queue: str = ""
    deliveries: int = 0


@asynccontextmanager
async def staged(patch: pytest.MonkeyPatch, make: "Callable[..., Staged]") -> "AsyncIterator[Staged]":
    """A stage on a Firestore of its own, in this process."""
    calls = Calls()
    channel = direct.Channel([calls])
    patch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    config.settings.cache_clear()
    client._clients[asyncio.get_running_loop()] = direct.client(channel, config.settings().google_cloud_project)
    made = make(calls=calls)
    patch.setattr(credit, "_allowances", OrderedDict())  # of users of the same name in other tests
    patch.setattr(tasks, "create", made.create_task)
    patch.setattr(pubsub, "publish", made.publish)
    patch.setattr(storage, "put", made.put_object)
    patch.setattr(storage, "get", made.get_object)
    patch.setattr(storage, "delete_all", made.delete_objects)
    yield made
    client._clients.pop(asyncio.get_running_loop(), None)
    channel.end()
    config.settings.cache_clear()


class NoWeb:
    async def request(self, method: str, url: str, **options: Any) -> Any:
        raise AssertionError("the engine's tests do not reach the web")


@dataclass
class Stage:
    """``seed`` decides every order. ``calls`` counts Firestore's calls, ``created`` the tasks, ``asked`` also
    those that existed; ``events`` is what was published, by ordering key."""

    calls: Calls
    seed: int = 0
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    tasks: list[Pending] = field(default_factory=list[Pending])
    created: int = 0
    asked: int = 0
    names: set[str] = field(default_factory=set[str])
    events: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.world = World(now=lambda: self.now, random_id=self._random_id, settings=config.settings(), http=NoWeb())

    def _random_id(self) -> str:
        return f"id{self.seed}x{next(_ids)}"

    # What stands in for Cloud Tasks, Pub/Sub and Cloud Storage

    async def create_task(
        self,
        *,
        queue: str,
        function: str,
        body: bytes,
        deadline: float,
        at: datetime | None = None,
        name: str | None = None,
    ) -> bool:
        self.asked += 1
        if name is not None and name in self.names:
            return False
        self.names |= {name} if name else set()
        self.created += 1
        self.tasks.append(Pending(body=body, at=at or self.now, name=name, queue=queue))
        return True

    async def publish(self, topic: str, ordering_key: str, messages: Sequence[Any]) -> None:
        self.events += [(ordering_key, message.data) for message in messages]

    async def put_object(self, name: str, data: bytes) -> None:
        self.objects[name] = data

    async def get_object(self, name: str) -> bytes:
        return self.objects[name]

    async def delete_objects(self, prefix: str) -> None:
        self.objects = {name: data for name, data in self.objects.items() if not name.startswith(prefix)}

    # What a test does

    async def graph(self, nodes: Sequence[Mapping[str, Any]], links: Sequence[str], **options: Any) -> graphs.Version:
        """A saved graph. A link reads ``a.pin -> b.pin``, with ``(static)`` behind it where it is."""
        made = Graph(
            nodes=[Node(**{"input_data": {}, **n}) for n in nodes],
            links=[_link(position, text) for position, text in enumerate(links)],
            **options,
        )
        plan = analysis.analyse(made, catalog.specs())
        id_ = self._random_id()
        version = graphs.Version(graph_id=id_, number=1, graph=made, plan=plan, created_at=self.now, size=0)
        head = graphs.Head(
            id=id_, user_id="ann", name="g", description="", instructions="", is_active=True, active_version=1,
            latest_version=1, definition_bytes=0, created_at=self.now, updated_at=self.now,
        )  # fmt: skip
        assert await graphs.create(head, version)
        return await graphs.get_version(id_, 1)

    async def start(
        self, version: graphs.Version, inputs: Mapping[str, Any] | None = None, user: str = "ann"
    ) -> Execution:
        self.now += timedelta(milliseconds=1)
        return await start.accept(
            self.world,
            id_=self.world.random_id(),
            user_id=user,
            version=version,
            input_data=inputs or {},
            queue="interactive",
        )

    async def deliver(self, pending: Pending, *, again: bool = False) -> None:
        """One delivery. It is gone from the queue when it succeeds, unless it is to be delivered ``again``."""
        retry = pending.deliveries
        pending.deliveries += 1
        await run_node.handle(self.world, node_tasks.decode(pending.body), retry)
        if not again:
            self.tasks.remove(pending)

    async def run(self, *, parallel: int = 1, duplicate: float = 0.0, until: timedelta = timedelta(hours=2)) -> None:
        """Deliver in random order, ``parallel`` at a time, some twice, until nothing is left."""
        end = self.now + until
        while self.tasks:
            due = [task for task in self.tasks if task.at <= self.now]
            if not due:
                self.now = min(task.at for task in self.tasks)
                assert self.now < end, "tasks go on for ever"
                continue
            chosen = self.random.sample(due, min(parallel, len(due)))
            calls = [self.deliver(task, again=self.random.random() < duplicate) for task in chosen]
            for result in await asyncio.gather(*calls, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result  # the others went on meanwhile

    async def tick(self) -> recovery.Repaired:
        return await recovery.recover(self.world)

    async def finished(self, execution: Execution) -> dict[str, Any]:
        return await execution_views.view(self.world, await execution_views.get("ann", execution.id))

    async def nodes(self, execution: Execution) -> list[NodeExecution]:
        """In order, the root left out."""
        return await node_executions.list_of(execution.id, None, 100_000)

    async def execution(self, execution: Execution) -> Execution:
        found = await executions.find(execution.id)
        assert found is not None
        return found


def _link(position: int, text: str) -> Link:
    static = text.endswith("(static)")
    source, _, sink = text.removesuffix("(static)").strip().partition(" -> ")
    source_id, _, source_name = source.partition(".")
    sink_id, _, sink_name = sink.partition(".")
    return Link(
        id=f"l{position}",
        source_id=NodeId(source_id),
        source_name=source_name,
        sink_id=NodeId(sink_id),
        sink_name=sink_name,
        is_static=static,
    )
