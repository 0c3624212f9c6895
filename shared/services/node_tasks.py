"""What does a task carry? One call of ``run_node``: which node execution, on which fence, with its inputs.

A first dispatch is unnamed: names cost latency, and the fence protects us. Every other one is named after the
state that it speaks of and the minute for which it is scheduled, so that duplicates of one minute collide and no
needed task is swallowed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import config
from shared.domain import identity
from shared.domain.records import Execution, NodeExecution, Parent
from shared.domain.statuses import Status
from shared.firestore import values
from shared.gcp import tasks

MAX_BODY = 90_000
"""Bytes of a body with its inputs; above that the document is read."""

FUNCTIONS = {"interactive": "run_node", "background": "run_node_background"}
"""Kind of queue -> the function that its tasks call: what can wait has instances of its own."""

_DEADLINE_MARGIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRef:
    """What every task of an execution repeats."""

    id: str
    user_id: str
    graph_id: str
    graph_version: int
    queue: str
    absent: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTask:
    """``node`` is None where the inputs are not in the task; ``again``: a re-dispatch, which must claim."""

    execution: ExecutionRef
    node_execution_id: str
    node_id: str
    update_time: str
    again: bool
    node: NodeExecution | None


def ref(execution: Execution) -> ExecutionRef:
    return ExecutionRef(
        id=execution.id,
        user_id=execution.user_id,
        graph_id=execution.graph_id,
        graph_version=execution.graph_version,
        queue=execution.queue,
        absent=execution.absent,
    )


def encode(execution: ExecutionRef, node: NodeExecution, *, again: bool, inputs: bool = True) -> bytes:
    """The body. ``inputs``: whether they may be in it."""
    body = _head(execution, node.id, node.node_id, node.update_time)
    if again:
        return values.dump(body | {"again": True}).encode()
    full = body | {
        "label": values.dump_label(node.label),
        "inputs": values.dump_tokens(node.inputs),
        "hops": node.hops,
        "created_at": node.created_at.isoformat(),
    }
    encoded = values.dump(full).encode() if inputs and not node.held else b""
    return encoded if 0 < len(encoded) <= MAX_BODY else values.dump(body).encode()


def _head(execution: ExecutionRef, node_execution_id: str, node_id: str, update_time: str) -> dict[str, Any]:
    return {
        "execution_id": execution.id,
        "user_id": execution.user_id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "queue": execution.queue,
        "node_execution_id": node_execution_id,
        "node_id": node_id,
        "update_time": update_time,
        **({"absent": list(execution.absent)} if execution.absent else {}),
    }


def decode(body: bytes) -> NodeTask:
    """ValueError, KeyError, TypeError: not a body of ours."""
    fields = json.loads(body)
    execution = ExecutionRef(
        id=fields["execution_id"],
        user_id=fields["user_id"],
        graph_id=fields["graph_id"],
        graph_version=fields["graph_version"],
        queue=fields["queue"],
        absent=fields.get("absent", ()),
    )
    return NodeTask(
        execution=execution,
        node_execution_id=fields["node_execution_id"],
        node_id=fields["node_id"],
        update_time=fields["update_time"],
        again=fields.get("again", False),
        node=_node(fields) if "inputs" in fields else None,
    )


def _node(fields: dict[str, Any]) -> NodeExecution:
    """The QUEUED node execution that the task speaks of, as far as running it needs."""
    return NodeExecution(
        id=fields["node_execution_id"],
        execution_id=fields["execution_id"],
        node_id=fields["node_id"],
        block_type="",
        label=values.load_label(fields["label"]),
        order="",
        status=Status.QUEUED,
        hops=fields["hops"],
        inputs=values.load_tokens(fields["inputs"]),
        created_at=datetime.fromisoformat(fields["created_at"]),
        active=True,
        update_time=fields["update_time"],
    )


async def dispatch(execution: ExecutionRef, node: NodeExecution, *, seconds: float, inputs: bool) -> None:
    """The first task of a node execution. ``seconds`` that its block may take."""
    await tasks.create(
        queue=_queue(execution),
        function=FUNCTIONS[execution.queue],
        body=encode(execution, node, again=False, inputs=inputs),
        deadline=seconds + _DEADLINE_MARGIN,
    )


async def dispatch_again(execution: ExecutionRef, node: NodeExecution, *, seconds: float, at: datetime) -> None:
    """Another task, for that time. One of the same state and minute is enough."""
    await tasks.create(
        queue=_queue(execution),
        function=FUNCTIONS[execution.queue],
        body=encode(execution, node, again=True),
        deadline=seconds + _DEADLINE_MARGIN,
        at=at,
        name=identity.derive(node.id, node.update_time, at.strftime("%Y-%m-%dT%H:%M")),
    )


async def dispatch_parent(child: Execution, parent: Parent, *, at: datetime) -> None:
    """A sub-agent has ended: its parent's node execution looks at it. One task for one end is enough."""
    execution = ExecutionRef(
        id=parent.execution_id,
        user_id=child.user_id,
        graph_id=parent.graph_id,
        graph_version=parent.graph_version,
        queue=parent.queue,
        absent=parent.absent,
    )
    body = _head(execution, parent.node_execution_id, parent.node_id, child.update_time) | {"again": True}
    await tasks.create(
        queue=_queue(execution),
        function=FUNCTIONS[execution.queue],
        body=values.dump(body).encode(),
        deadline=tasks.MAX_DISPATCH_DEADLINE,
        at=at,
        name=identity.derive(parent.node_execution_id, child.id, at.strftime("%Y-%m-%dT%H:%M")),
    )


def _queue(execution: ExecutionRef) -> str:
    return f"{execution.queue}-{identity.shard(execution.id, config.settings().queues_per_kind)}"
