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
    names of those that a trigger leads to."""

    workflow: Workflow
    nodes: Sequence[N8nNode]
    reached: frozenset[str]
    first_trigger: str


def of(workflow: Workflow, timezone: str) -> Whole:
    after = _after(workflow)
    reach = {node.name: _reach(node.name, after) for node in workflow.nodes}
    triggers = [node for node in workflow.nodes if node.kind in n8n_nodes.TRIGGERS and not is_disabled(node)]
    by_hand = [node.name for node in triggers if node.kind in ("manualTrigger", "start")]
    first = next(iter([*by_hand, *(node.name for node in triggers)]), "")
    starts = [node.name for node in workflow.nodes if node.kind in n8n_nodes.TRIGGERS]
    before = {node.name: frozenset(name for name in reach if node.name in reach[name]) for node in workflow.nodes}
    nodes = [
        replace(
            node,
            before=before[node.name],
            timezone=timezone,
            workflow=workflow.name,
            pairs=_pairs(node, workflow, reach, before),
        )
        for node in workflow.nodes
    ]
    reached = frozenset(starts).union(*(reach[name] for name in starts))
    return Whole(workflow=workflow, nodes=nodes, reached=reached, first_trigger=first)


def _pairs(
    node: N8nNode, workflow: Workflow, reach: Mapping[str, set[str]], before: Mapping[str, frozenset[str]]
) -> bool:
    """Whether an item has to stay with those it came from: in a loop, or where a later node speaks of one before."""
    if node.name in reach[node.name]:
        return True
    later = [json.dumps(one.parameters) for one in workflow.nodes if one.name in reach[node.name]]
    spoken = [text for text in later if "$(" in text or "$node" in text or "$items" in text]
    return any(json.dumps(name)[1:-1] in text for name in before[node.name] for text in spoken)


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
