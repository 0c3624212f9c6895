"""What will an execution of a graph cost? By what its executions have cost, else by what its blocks say.

A node counts once: how often it will fire, in lists and cycles, only earlier executions know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, cast

from shared.blocks import catalog
from shared.blocks.block import LINKED
from shared.blocks.budget import FREE, Estimate
from shared.domain import credit as rules
from shared.domain import errors
from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.domain.graph import Node
from shared.domain.permissions import Caller
from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import executions, graphs
from shared.services import choosing, credit
from shared.services import graphs as graph_service
from shared.services.world import World

HISTORY = 50
"""Executions that are looked at, the newest."""
LEAST_HISTORY = 3
"""Completed ones of this version, from which on they count for more than what blocks say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A node, and what one firing of it costs."""

    node: Node
    estimate: Estimate


def nodes(version: graphs.Version, choices: Mapping[str, str]) -> list[Priced]:
    """The nodes that cost something, or may. ``choices``: node id or provider -> credentials of the user's own."""
    linked: dict[str, set[str]] = {}
    for link in version.graph.links:
        linked.setdefault(link.sink_id, set()).add(link.sink_name)
    priced = [
        Priced(node=node, estimate=_of(node, linked.get(node.id, set()), choices)) for node in version.graph.nodes
    ]
    return [one for one in priced if one.estimate != FREE]


def _of(node: Node, linked: set[str], choices: Mapping[str, str]) -> Estimate:
    block = catalog.find(node.block_type)
    if block is None:
        return FREE
    chosen = node.id in choices or any(need.provider in choices for need in block.needs(node.input_data).values())
    return block.estimate({**node.input_data, **dict.fromkeys(linked, LINKED)}, own=chosen)


async def check_start(
    world: World, user_id: str, version: graphs.Version, choices: Mapping[str, str]
) -> credit.Standing | None:
    """How the user stands, where something is limited. CreditSpent: the deployment would have to pay for this graph,
    and the user has not so much left as it needs at least."""
    paid = [one for one in nodes(version, choices) if one.estimate.deployment]
    least = sum(one.estimate.low for one in paid)
    return await credit.check_start(world, user_id, rules.nano(least), pays=bool(paid))


async def estimate(world: World, caller: Caller, graph_id: str, raw: Any) -> dict[str, Any]:
    """What ``POST /graphs/{id}/estimate`` answers. NotFound; InvalidArgument."""
    head = await graph_service.owned(caller, graph_id)
    version = await graphs.get_version(head.id, head.active_version)
    choices = _choices(raw)
    await choosing.check(world, caller, version.graph, choices)
    priced = nodes(version, choices)
    history = await _history(caller.user_id, version)
    by_history = len(history) >= LEAST_HISTORY
    dollars = _spread([one.cost for one in history]) if by_history else _sum(priced)
    stands = await credit.standing(world, caller.user_id)
    pays = any(one.estimate.deployment for one in priced)
    missing = rules.missing(stands.allowance, stands.used, rules.nano(dollars["expected"])) if pays else 0
    left = rules.remaining(stands.allowance, stands.used)
    return {
        "graph_id": head.id,
        "graph_version": version.number,
        "basis": "history" if by_history else "blocks",
        "executions": len(history),
        "dollars": dollars,
        "node_executions": fmean(_ran(one) for one in history) if by_history else float(len(version.graph.nodes)),
        "complete": by_history or all(one.estimate.known for one in priced),
        "nodes": [_view(one) for one in priced],
        "remaining_dollars": None if left is None else rules.dollars(left),
        "missing_dollars": rules.dollars(missing),
    }


def _choices(raw: Any) -> dict[str, str]:
    fields = Fields()
    body = cast(Mapping[str, Any], raw) if isinstance(raw, Mapping) else {}
    if not isinstance(raw, Mapping):
        fields.violations.append(Violation("body", "It must be an object."))
    fields.only(body, ("input_data", "credentials"))
    fields.object(body, "input_data", "")
    choices = choosing.read(fields, body)
    if fields.violations:
        raise errors.invalid("This cannot be estimated", fields.violations)
    return choices


async def _history(user_id: str, version: graphs.Version) -> list[Execution]:
    """Those that ran from beginning to end: a retry does only a part."""
    found = await executions.list_of(user_id, version.graph_id, None, HISTORY)
    return [
        one
        for one in found
        if one.graph_version == version.number and one.status is Status.COMPLETED and one.retry_of is None
    ]


def _ran(one: Execution) -> int:
    return sum(one.node_counts.values())


def _spread(figures: Sequence[float]) -> dict[str, float]:
    return {"low": min(figures), "expected": fmean(figures), "high": max(figures)}


def _sum(priced: Sequence[Priced]) -> dict[str, float]:
    return {name: sum(getattr(one.estimate, name) for one in priced) for name in ("low", "expected", "high")}


def _view(one: Priced) -> dict[str, Any]:
    known = one.estimate
    dollars = {"low": known.low, "expected": known.expected, "high": known.high} if known.known else None
    return {
        "node_id": one.node.id,
        "block_type": one.node.block_type,
        "dollars": dollars,
        "paid_by": "deployment" if known.deployment else "user",
    }
