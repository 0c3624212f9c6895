"""Defects to plant in the engine, each of which the property must find: is it worth anything?

A plant patches one place. ``crash``: it shows only where calls die. ``historic``: it was there, and was found.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from google.cloud.firestore_v1 import AsyncClient, AsyncWriteBatch
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import analysis, identity, labels, pairing, planning
from shared.firestore import commits, gate_tokens, node_executions, reaching
from shared.services import completion, finish, node_inputs, settling

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Plant:
    plant: Callable[[Patch], None]
    crash: bool = False


def keys_ignored(patch: Patch) -> None:
    """A join pairs what comes with what is there."""
    join = identity.join
    patch.setattr(identity, "join", lambda execution_id, node_id, key: join(execution_id, node_id, labels.Key(())))


def held_tokens_by_arrival(patch: Patch) -> None:
    """At gates the order of ids, which is none, decides."""
    patch.setattr(pairing.Held, "order", property(lambda held: (held.id,)))


def first_label_of_equals(patch: Patch) -> None:
    """Of labels with equal key and length the one that came first; historic."""
    patch.setattr(labels, "widest", lambda some: max(some, key=lambda label: (labels.key(label), len(label))))


def inputs_by_arrival(patch: Patch) -> None:
    """The parts of a dictionary stand as they came; historic."""
    values = node_inputs.values

    async def unordered(run: Any, node: Any, graph_node: Any) -> dict[str, Any]:
        found = await values(run, node, graph_node)
        return {pin: found[pin] for pin in dict.fromkeys([*graph_node.input_data, *node.inputs, *found])}

    patch.setattr(node_inputs, "values", unordered)


def zeros_kept(patch: Patch) -> None:
    """The first of a list does not stand where the list stood."""
    patch.setattr(labels, "key", lambda label: labels.Key(labels.without_ways(label)))


def ways_ignored(patch: Patch) -> None:
    """Tokens that came by different links into one pin are not told apart."""
    analyse = analysis.analyse

    def ignoring(*args: Any) -> Any:
        plan = analyse(*args)
        return replace(plan, links=[replace(link, way=None) for link in plan.links])

    patch.setattr(analysis, "analyse", ignoring)


def turns_not_counted(patch: Patch) -> None:
    """A token comes back into a cycle under the label with which it left."""
    patch.setattr(labels, "next_turn", lambda label, cycle: label)


def rivals_not_awaited(patch: Patch) -> None:
    """What is ripe does not wait for what may still come."""
    patch.setattr(pairing._Pairing, "_may_come", lambda *args, **options: False)


def statics_not_awaited(patch: Patch) -> None:
    """A firing takes the static value that is there."""
    patch.setattr(pairing._Pairing, "_coming", lambda *args: False)


def turns_overlap(patch: Patch) -> None:
    """A turn begins before the last is over."""
    patch.setattr(pairing._Pairing, "_turning", lambda *args: False)


def held_ones_not_pending(patch: Patch) -> None:
    """What is held and will fire by itself does not count as what may still come."""
    patch.setattr(pairing._Pairing, "_held_sources", lambda *args: [])


def active_ones_missed(patch: Patch) -> None:
    """A gather does not ask for what is active above its list."""

    async def missed(*args: Any) -> bool:
        return False

    patch.setattr(reaching, "any_under", missed)


def failed_lists_open_gathers(patch: Patch) -> None:
    deliver = planning.deliver
    patch.setattr(planning, "deliver", lambda *args, opens: deliver(*args, opens=True))


def stale_snapshot(patch: Patch) -> None:
    """The gates are read as they were before the commit."""
    settle = settling._ripe

    async def early(run: Any, node: Any, read_time: Any) -> Any:
        return await settle(run, node, read_time - timedelta(microseconds=1))

    patch.setattr(settling, "_ripe", early)


def commits_without_fence(patch: Patch) -> None:
    """Whoever is later overwrites."""

    def batch(client: AsyncClient, writes: Any) -> AsyncWriteBatch:
        made = client.batch()
        for write in writes:
            if write.fence is None:
                made.create(write.ref, write.data)
            else:
                made.update(write.ref, write.data)
        return made

    patch.setattr(commits, "_batch", batch)


def children_overwritten(patch: Patch) -> None:
    """Children are created without "must not exist"."""

    def batch(client: AsyncClient, writes: Any) -> AsyncWriteBatch:
        made = client.batch()
        for write in writes:
            if write.fence is None:
                made.set(write.ref, write.data)
            else:
                option = client.write_option(last_update_time=commits.timestamp(write.fence).timestamp_pb())
                made.update(write.ref, write.data, option=option)
        return made

    patch.setattr(commits, "_batch", batch)


def tokens_consumed_twice(patch: Patch) -> None:
    """Whoever settles does not mark what it has consumed."""

    def kept(execution_id: str, held: Any, fence: str) -> commits.Write:
        return commits.Write(ref=gate_tokens.ref(execution_id, held.id), data={"held": True}, fence=fence)

    patch.setattr(gate_tokens, "consumed", kept)


def not_dispatched_again(patch: Patch) -> None:
    """Who finds a node execution final leaves its children to their fate, and so does recovery."""

    async def forgotten(*args: Any) -> None:
        return None

    patch.setattr(completion, "again", forgotten)


def settling_not_asked(patch: Patch) -> None:
    """An execution is over although a node execution still settles."""

    async def any_active(execution_id: str) -> bool:
        query = node_executions.collection(execution_id).where(filter=FieldFilter("active", "==", True))
        return any(not node.settling for node in await node_executions._all(execution_id, query))

    patch.setattr(node_executions, "any_active", any_active)


def finish_not_asked_after_settling(patch: Patch) -> None:
    """Whoever had children leaves the question to them, though they found it active; historic."""

    async def end(run: Any, node: Any, *, left: bool) -> None:
        if node.settling:
            fired = await settling.settle(run, node)
            await completion.dispatch(run, fired)
            await completion.publish(run, fired)
            left = left or bool(fired)
        if not left:
            await finish.finish(run.world, run.execution, run.version)

    patch.setattr(completion, "end", end)


PLANTS = {
    plant.__name__: Plant(plant, crash=plant is not_dispatched_again)
    for plant in (
        keys_ignored, held_tokens_by_arrival, first_label_of_equals, inputs_by_arrival, zeros_kept, ways_ignored,
        turns_not_counted, rivals_not_awaited, statics_not_awaited, turns_overlap, held_ones_not_pending,
        active_ones_missed, failed_lists_open_gathers, stale_snapshot, commits_without_fence, children_overwritten,
        tokens_consumed_twice, not_dispatched_again, settling_not_asked, finish_not_asked_after_settling,
    )
}  # fmt: skip
