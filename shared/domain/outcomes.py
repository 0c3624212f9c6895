"""How did an execution end? Its status, its error and its output, from its node executions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.plan import Plan
from shared.domain.records import Failure, NodeExecution
from shared.domain.statuses import Status


def verdict(unhandled: Iterable[NodeExecution]) -> tuple[Status, Failure | None]:
    """COMPLETED, or FAILED with the first unhandled failure: first by key, label and rank, not by time."""
    first = min(unhandled, key=lambda n: (n.order, n.id), default=None)
    if first is None:
        return Status.COMPLETED, None
    why = first.error or Failure(reason="BLOCK_FAILED", message="The block failed.")
    return Status.FAILED, Failure(
        reason=why.reason, message=why.message, node_id=first.node_id, node_execution_id=first.id
    )


def output(plan: Plan, names: Mapping[str, str], finished: Iterable[NodeExecution]) -> dict[str, Any]:
    """``{name of AGENT_OUTPUT: [values]}``; of a graph without one ``{node_id: {pin: [values]}}`` of its last
    nodes. ``names``: node id -> the name that its literal gives it. ``finished``: the node executions of output
    nodes, in any order."""
    ordered = sorted(finished, key=lambda n: (n.order, n.id))
    return _named(names, ordered) if plan.named_outputs else _by_pin(plan, ordered)


def _named(names: Mapping[str, str], ordered: Iterable[NodeExecution]) -> dict[str, Any]:
    values: dict[str, list[Any]] = {name: [] for name in names.values()}
    for node in ordered:
        if node.status is Status.COMPLETED:
            pins = by_pin(node)
            name = next(iter(pins.get("name", [])), names.get(node.node_id, node.node_id))
            values.setdefault(str(name), []).extend(pins.get("output", []))
    return values


def _by_pin(plan: Plan, ordered: Iterable[NodeExecution]) -> dict[str, Any]:
    values: dict[str, dict[str, list[Any]]] = {
        node_id: defaultdict(list) for node_id, node in plan.nodes.items() if node.output
    }
    for node in ordered:
        for pin, some in by_pin(node).items():
            if pin != "error":
                values[node.node_id][pin] += some
    return values


def by_pin(node: NodeExecution) -> dict[str, list[Any]]:
    """``{pin: [values]}``, in the order in which they were emitted."""
    pins: dict[str, list[Any]] = defaultdict(list)
    for token in node.outputs:
        pins[token.pin].append(token.value)
    return dict(pins)
