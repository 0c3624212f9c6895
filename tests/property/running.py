"""How does the engine run a graph under an interleaving that a seed decides, and does it tell what the rules say?

The real services on the real local Firestore, in one event loop, without sockets. Tasks are delivered in random
order, up to eight at a time, some twice, some redelivered after an error; calls take random times.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared import config
from shared.blocks import catalog
from shared.domain import analysis
from shared.domain.graph import Graph, GraphId, UserId
from shared.domain.records import Execution
from shared.domain.statuses import Status, is_final
from shared.firestore import client, commits, graphs
from shared.gcp import pubsub, tasks
from shared.services import completion, node_tasks, settling
from tests.crash.deaths import Died, Mode
from tests.engine import direct
from tests.engine.stage import Calls, Pending, Stage
from tests.property import blocks
from tests.property.graphs import Case
from tests.property.telling import Firing, Told

MOST = 60
"""Node executions of a graph; larger ones are skipped."""

MOST_DELIVERIES = 40 * MOST


class Stuck(Exception):
    """The execution does not end by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """An interleaving. ``crash``: with which probability an effect kills the call that makes it. ``tight``: limits
    so low that results spread over several commits, firings over several chunks, and tasks carry no inputs."""

    seed: object
    tight: bool = False
    parallel: int = 1
    slow: int = 3
    duplicate: float = 0.0
    crash: float = 0.0


def how(seed: int, number: int = 0, *, crash: bool = False) -> How:
    r = random.Random(f"how {seed} {number}")
    return How(
        seed=f"{seed}/{number}",
        tight=r.random() < 0.3,
        parallel=r.choice([1, 2, 3, 4, 6, 8]),
        slow=r.choice([0, 1, 3, 10]),
        duplicate=r.choice([0.0, 0.0, 0.1, 0.3]),
        crash=r.choice([0.01, 0.03, 0.1]) if crash else 0.0,
    )


class Actor(Stage):
    """A stage whose ids, times and orders depend on the seed alone, and which keeps several deliveries going."""

    def __init__(self, channel: direct.Channel, how: How, prefix: str) -> None:
        self.channel, self.how, self.prefix, self.number = channel, how, prefix, 0
        super().__init__(calls=Calls())
        self.random = random.Random(f"order {how.seed}")

    def _random_id(self) -> str:
        self.number += 1
        return f"{self.prefix}x{self.number}"

    def effect(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """An effect, which now and then kills the call that makes it."""

        async def deadly(*args: Any, **options: Any) -> Any:
            if self.random.random() >= self.how.crash:
                return await call(*args, **options)
            mode = self.random.choice(list(Mode))
            if mode is Mode.BEFORE:
                raise Died
            await call(*args, **options)
            if mode is Mode.AFTER:
                raise Died
            return await call(*args, **options)

        return deadly

    async def play(self) -> None:
        """Deliver until nothing is left. Stuck: it goes on and on."""
        going: list[asyncio.Task[None]] = []
        taken: set[int] = set()
        for _ in range(MOST_DELIVERIES):
            due = [t for t in self.tasks if t.at <= self.now and id(t) not in taken]
            if due and len(going) < self.how.parallel:
                chosen = self.random.choice(due)
                taken.add(id(chosen))
                going.append(asyncio.create_task(self._attempt(chosen, taken)))
                continue
            if going:
                done, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
                going = [task for task in going if task not in done]
                for task in done:
                    task.result()
                continue
            if not self.tasks:
                return
            self.now = max(self.now, min(t.at for t in self.tasks))
        await asyncio.gather(*going, return_exceptions=True)
        raise Stuck(f"tasks go on for ever: {[t.body.decode()[:300] for t in self.tasks[:3]]}")

    async def _attempt(self, pending: Pending, taken: set[int]) -> None:
        again = self.random.random() < self.how.duplicate
        try:
            await self.deliver(pending, again=True)
        except Died:
            again = True
            self.now += timedelta(seconds=1)
        taken.discard(id(pending))
        if not again:
            self.tasks = [task for task in self.tasks if task is not pending]


@asynccontextmanager
async def theatre() -> AsyncGenerator[direct.Channel]:
    """The blocks in the catalog, and a client to a database without sockets, for the running loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
        config.settings.cache_clear()
        for type_, block in blocks.made().items():
            patch.setitem(catalog._registry(), type_, block)
        catalog.specs.cache_clear()
        channel = direct.Channel()
        client._clients[asyncio.get_running_loop()] = direct.client(channel, config.settings().google_cloud_project)
        yield channel
    client._clients.pop(asyncio.get_running_loop(), None)
    catalog.specs.cache_clear()
    config.settings.cache_clear()


_plays: Counter[object] = Counter()


async def perform(channel: direct.Channel, case: Case, how: How) -> Told:
    """Run it. Stuck: it does not become final by itself."""
    _plays[how.seed] += 1  # versions are cached by id, and this one may be under another plan
    channel.end()
    channel.begin(how.seed)
    blocks.seen.clear()
    actor = Actor(channel, how, f"p{how.seed}/{_plays[how.seed]}".replace("/", "-"))
    with pytest.MonkeyPatch.context() as patch:
        version = await _version(actor, case.graph)
        channel.slow = how.slow
        patch.setattr(tasks, "create", actor.effect(actor.create_task))
        patch.setattr(pubsub, "publish", actor.effect(actor.publish))
        if how.tight:
            _tighten(patch)
        if how.crash:
            patch.setattr(commits, "commit", actor.effect(commits.commit))
        execution = await _begun(actor, version, case.inputs)
        await _to_the_end(actor, execution)
    return await _told(actor, execution, case.graph)


def _tighten(patch: pytest.MonkeyPatch) -> None:
    for module, name, limit in (
        (completion, "MAX_BATCH", 3),
        (completion, "MAX_MEETINGS", 1),
        (settling, "MAX_WRITES", 4),
        (settling, "MAX_WEIGHED", 3),
        (node_tasks, "MAX_BODY", 0),
    ):
        assert hasattr(module, name)
        patch.setattr(module, name, limit)


async def _version(actor: Actor, graph: Graph) -> graphs.Version:
    id_ = GraphId(actor._random_id())
    plan = analysis.analyse(graph, catalog.specs())
    version = graphs.Version(graph_id=id_, number=1, graph=graph, plan=plan, created_at=actor.now, size=0)
    head = graphs.Head(
        id=id_, user_id=UserId("ann"), name="g", description="", instructions="", is_active=True, active_version=1,
        latest_version=1, definition_bytes=0, created_at=actor.now, updated_at=actor.now,
    )  # fmt: skip
    assert await graphs.create(head, version)
    return version


async def _begun(actor: Actor, version: graphs.Version, inputs: dict[str, Any]) -> Execution:
    """Started; a client whose call dies calls again, with the same idempotency key."""
    number = actor.number
    for _ in range(50):
        actor.number = number
        try:
            return await actor.start(version, inputs)
        except Died:
            continue
    raise Stuck("fifty starts died")


async def _to_the_end(actor: Actor, execution: Execution) -> None:
    """Without a crash nothing needs repair; after one, what was lost without a task is found by recovery."""
    await actor.play()
    for _ in range(20 if actor.how.crash else 0):
        found = await actor.execution(execution)
        if is_final(found.status) and found.due_at is None:
            break
        actor.now += timedelta(minutes=12)
        try:
            await actor.tick()
        except Died:
            continue
        await actor.play()
    found = await actor.execution(execution)
    if not is_final(found.status) or found.due_at is not None:
        nodes = [(n.node_id, n.label, n.status.value, n.settling) for n in await actor.nodes(execution) if n.active]
        raise Stuck(f"{found.status}, due at {found.due_at}, with {nodes} active and no task left")


async def _told(actor: Actor, execution: Execution, graph: Graph) -> Told:
    """Inputs are those with which the blocks were called."""
    seen = await actor.finished(execution)
    firings: dict[str, list[Firing]] = {}
    for node in await actor.nodes(execution):
        if is_final(node.status):
            firing = Firing(
                label=node.label,
                inputs=blocks.seen.get(node.id, {}),
                outputs=[(o.pin, o.value) for o in node.outputs],
                failed=node.status is not Status.COMPLETED,
            )
            firings.setdefault(node.node_id, []).append(firing)
    error = seen["error"]
    return Told(
        status=str(seen["status"]), failed_at=error and error["node_id"], output=seen["output"], firings=firings
    )


def difference(graph: Graph, wanted: Told, got: Told) -> str | None:
    """What is not as it should be, in a few lines."""
    lines = [
        f"{name}: {getattr(wanted, name)} by the rules, but {getattr(got, name)}"
        for name in ("status", "failed_at", "output")
        if getattr(wanted, name) != getattr(got, name)
    ]
    for node in graph.nodes:
        own = node.block_type in blocks.OWN
        a, b = (_comparable(told.firings.get(node.id, []), inputs=own) for told in (wanted, got))
        if a != b:
            lines.append(f"{node.id} fires by the rules\n    {_listed(a)}\n  but\n    {_listed(b)}")
    return "\n  ".join(lines) or None


def _comparable(firings: list[Firing], *, inputs: bool) -> list[Any]:
    """The product's own blocks do not tell the inputs of their calls."""
    return [(f.label, f.inputs if inputs else {}, f.outputs, f.failed) for f in firings]


def _listed(firings: list[Any]) -> str:
    return "\n    ".join(str(f) for f in firings) or "never"
