"""How do the nodes of a workflow of n8n hang together? What leads where, what a loop's body is, what is spoken of."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.interop import n8n_nodes
from shared.interop.n8n_fragments import N8nNode
from shared.interop.n8n_reading import Connection, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The workflow with what is known of its shape. ``nodes``: with what each has to know of it; ``reached``: the
    names of those that a trigger leads to; ``begins``: the trigger by which another workflow runs it, if one may."""

    workflow: Workflow
    nodes: Sequence[N8nNode]
    reached: frozenset[str]
    first_trigger: str
    begins: str = ""


def of(workflow: Workflow, timezone: str, begins: str = "", *, is_run: bool = False) -> Whole:
    """``is_run``: another workflow of the file runs it, by the trigger ``begins``."""
    after = _after(workflow)
    reach = {node.name: _reach(node.name, after) for node in workflow.nodes}
    triggers = [node for node in workflow.nodes if node.kind in n8n_nodes.TRIGGERS and not is_disabled(node)]
    by_hand = [node.name for node in triggers if node.kind in ("manualTrigger", "start")]
    first = (begins if is_run else "") or next(iter([*by_hand, *(node.name for node in triggers)]), "")
    starts = [node.name for node in workflow.nodes if node.kind in n8n_nodes.TRIGGERS]
    before = {node.name: frozenset(name for name in reach if node.name in reach[name]) for node in workflow.nodes}
    spoken_of = _spoken_of(workflow)
    nodes = [
        replace(
            node,
            before=before[node.name],
            timezone=timezone,
            workflow=workflow.name,
            pairs=_pairs(node.name, reach, before, spoken_of),
        )
        for node in workflow.nodes
    ]
    reached = frozenset(starts).union(*(reach[name] for name in starts))
    return Whole(workflow=workflow, nodes=nodes, reached=reached, first_trigger=first, begins=begins)


def _spoken_of(workflow: Workflow) -> Mapping[str, frozenset[str]]:
    """The nodes that the expressions of each node speak of."""
    names = {node.name: json.dumps(node.name)[1:-1] for node in workflow.nodes}
    found: dict[str, frozenset[str]] = {}
    for node in workflow.nodes:
        text = json.dumps(node.parameters)
        speaks = "$(" in text or "$node" in text or "$items" in text
        several = (name for name, written in names.items() if written in text) if speaks else ()
        found[node.name] = frozenset(several)
    return found


def _pairs(
    name: str,
    reach: Mapping[str, set[str]],
    before: Mapping[str, frozenset[str]],
    spoken_of: Mapping[str, frozenset[str]],
) -> bool:
    """Whether an item has to stay with those it came from: in a loop, or where a later node speaks of one before."""
    return name in reach[name] or any(spoken_of[later] & before[name] for later in reach[name])


def ends(whole: Whole) -> Sequence[tuple[str, int]]:
    """The nodes with which a workflow ends that another runs, and the output that each ends with."""
    workflow = whole.workflow
    led_on: dict[str, set[int]] = defaultdict(set)
    for one in workflow.connections:
        led_on[one.source].add(one.output)
    found: list[tuple[str, int]] = []
    for node in workflow.nodes:
        is_loop = node.kind == n8n_nodes.LOOP and not is_disabled(node)
        output = 1 if is_loop and node.version < 3 else 0
        if node.name in whole.reached and (output not in led_on[node.name] if is_loop else not led_on[node.name]):
            found.append((node.name, output))
    return found


def _after(workflow: Workflow, without: str = "") -> Mapping[str, set[str]]:
    after: dict[str, set[str]] = defaultdict(set)
    for one in workflow.connections:
        if one.source != without:
            after[one.source].add(one.sink)
    return after


def _reach(start: str, after: Mapping[str, set[str]], avoid: str = "") -> set[str]:
    found: set[str] = set()
    left = [start]
    while left:
        for name in after.get(left.pop(), ()):
            if name not in found and name != avoid:
                found.add(name)
                left.append(name)
    return found


def is_disabled(node: N8nNode) -> bool:
    return node.raw.get("disabled") is True


def comes_back(one: Connection, workflow: Workflow) -> bool:
    """Whether a connection leads back into a loop out of its body."""
    node = workflow.by_name[one.sink]
    if node.kind != n8n_nodes.LOOP or is_disabled(node):
        return False
    body = 1 if node.version >= 3 else 0
    after = _after(workflow, without=node.name)
    starts = {other.sink for other in workflow.connections if other.source == node.name and other.output == body}
    return one.source in starts.union(*(_reach(start, after, node.name) for start in starts))
