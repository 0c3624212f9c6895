"""What is published when something happened? One message for every status change, after the commit that made it.

At least once; the id of an event is derived from what it tells, so that consumers drop what they have seen.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.domain import identity, topics
from shared.domain.records import Execution, NodeExecution
from shared.domain.statuses import is_final
from shared.firestore import values
from shared.gcp import pubsub
from shared.services.node_tasks import ExecutionRef

TOPIC = topics.TOPIC

EXECUTION = "execution.status"

FAN_OUT = topics.FAN_OUT


def of_execution(execution: Execution, at: datetime) -> pubsub.Message:
    """Of a final status with what statistics and notifications need, so that ``notify`` reads no execution."""
    body: dict[str, Any] = {
        "event_id": identity.event(execution.id, execution.status, 0),
        "type": EXECUTION,
        "execution_id": execution.id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "user_id": execution.user_id,
        "status": execution.status,
        "at": at.isoformat(),
    }
    if not is_final(execution.status):
        return _message(body)
    body |= {
        "depth": execution.depth,
        "cost": execution.cost,
        "node_executions": max(0, sum(execution.node_counts.values()) - execution.copied),
        "error": {"reason": execution.error.reason, "message": execution.error.message} if execution.error else None,
        "started_at": execution.started_at.isoformat() if execution.started_at else None,
        "completed_at": execution.completed_at.isoformat() if execution.completed_at else None,
    }
    return _message(body, fan_out=True)


def of_node(execution: ExecutionRef, node: NodeExecution, at: datetime) -> pubsub.Message:
    body = {
        "event_id": identity.event(node.id, node.status, node.attempts),
        "type": "node_execution.status",
        "execution_id": execution.id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "user_id": execution.user_id,
        "node_execution_id": node.id,
        "node_id": node.node_id,
        "status": node.status,
        "attempts": node.attempts,
        "at": at.isoformat(),
    }
    return _message(body)


def _message(body: Mapping[str, Any], *, fan_out: bool = False) -> pubsub.Message:
    attributes = {"type": str(body["type"]), "event_id": str(body["event_id"]), "status": str(body["status"])}
    attributes |= {FAN_OUT: "yes"} if fan_out else {}
    return pubsub.Message(data=values.dump(body).encode(), attributes=attributes)


async def publish(ordering_key: str, messages: Sequence[pubsub.Message]) -> None:
    if messages:
        await pubsub.publish(TOPIC, ordering_key, messages)
