"""How do two executions of a user differ? Firing by firing: status, durations, outputs, cost.

Firings are paired by node and label, that is by what they work on, never by when they ran. What only one execution
has stands alone. Outlines of all firings are read first; values only of those on the page.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.domain import errors, outcomes
from shared.domain.errors import Violation
from shared.domain.permissions import Caller
from shared.domain.records import Execution, NodeExecution
from shared.firestore import node_executions, outlines
from shared.firestore.outlines import Outline
from shared.services import execution_views, paging, stored_values
from shared.services.world import World

MAX_COMPARED = 10_000
"""Firings of one execution."""

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """``order``: where it stands; ``left`` and ``right``: ids of node executions."""

    order: str
    left: str | None = None
    right: str | None = None


async def compare(
    world: World, caller: Caller, left_id: str, right_id: str, size: int, after: int | None
) -> tuple[Resource, list[Resource], int | None]:
    """Both executions, a page of their firings, and the cursor of the next. NotFound; InvalidArgument: it is one and
    the same."""
    if left_id == right_id:
        violation = Violation("with", "It is the execution itself; name another.")
        raise errors.InvalidArgument("An execution cannot be compared with itself.", violations=[violation])
    left = await execution_views.get(caller.user_id, left_id)
    right = await execution_views.get(caller.user_id, right_id)
    paired = pairs(*[await outlines.list_of(one.id, MAX_COMPARED) for one in (left, right)])
    first = after or 0
    found = paired[first : first + size + 1]
    nodes = await asyncio.gather(
        node_executions.find_many(left.id, [one.left for one in found if one.left]),
        node_executions.find_many(right.id, [one.right for one in found if one.right]),
    )

    async def shown(numbered: tuple[int, Pair]) -> Resource:
        pair = numbered[1]
        return await _item(nodes[0].get(pair.left or ""), nodes[1].get(pair.right or ""))

    numbered = list(enumerate(found, start=first + 1))
    items, following = await paging.fill(numbered, size, shown, lambda one: one[0])
    views = await asyncio.gather(execution_views.view(world, left), execution_views.view(world, right))
    summary = {
        "left": _summary(left, views[0]),
        "right": _summary(right, views[1]),
        "same_output": views[0]["output"] == views[1]["output"],
    }
    return summary, items, following


def pairs(left: Sequence[Outline], right: Sequence[Outline]) -> list[Pair]:
    """In the order of the firings. Of several of one node and label, the first goes with the first."""
    found: dict[tuple[str, str, int], Pair] = {}
    for key, one in _keyed(left):
        found[key] = Pair(order=one.order, left=one.id)
    for key, one in _keyed(right):
        found[key] = replace(found.get(key) or Pair(order=one.order), right=one.id)
    return sorted(found.values(), key=lambda pair: (pair.order, pair.left or pair.right or ""))


def _keyed(found: Sequence[Outline]) -> list[tuple[tuple[str, str, int], Outline]]:
    seen: Counter[tuple[str, str]] = Counter()
    keyed: list[tuple[tuple[str, str, int], Outline]] = []
    for one in found:
        seen[one.node_id, one.label] += 1
        keyed.append(((one.node_id, one.label, seen[one.node_id, one.label]), one))
    return keyed


async def _item(left: NodeExecution | None, right: NodeExecution | None) -> Resource:
    sides = await asyncio.gather(_side(left), _side(right))
    one = left or right
    return {
        "id": one.id if one else "",
        "node_id": one.node_id if one else "",
        "block_type": one.block_type if one else "",
        "left": sides[0],
        "right": sides[1],
        "differences": _differences(*sides),
    }


def _differences(left: Resource | None, right: Resource | None) -> list[str]:
    """``firing`` where one alone has it; ``status``, ``output``, ``error``."""
    if left is None or right is None:
        return ["firing"]
    found = [name for name in ("status", "output") if left[name] != right[name]]
    return [*found, "error"] if _reason(left) != _reason(right) else found


def _reason(side: Mapping[str, Any]) -> tuple[str, str] | None:
    error = side["error"]
    return (error["reason"], error["message"]) if error else None


async def _side(node: NodeExecution | None) -> Resource | None:
    if node is None:
        return None
    return {
        "id": node.id,
        "status": node.status,
        "attempts": node.attempts,
        "seconds": _seconds(node.started_at, node.completed_at),
        "cost": node.cost,
        "output": outcomes.by_pin(await stored_values.unpack(node)),
        "error": execution_views.failure(node.error),
        "cached": node.cached,
        "copied": node.copied,
    }


def _summary(execution: Execution, view: Mapping[str, Any]) -> Resource:
    names = ("id", "graph_id", "graph_version", "status", "output", "error", "cost", "created_at")
    return {
        **{name: view[name] for name in names},
        "seconds": _seconds(execution.started_at, execution.completed_at),
    }


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
