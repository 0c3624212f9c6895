"""What is published when something happened? One message for every status change, after the commit that made it.

At least once; the id of an event is derived from what it tells, so that consumers drop what they have seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain import identity
from shared.domain.records import Execution, NodeExecution
from shared.firestore import values
from shared.gcp import pubsub
from shared.services.node_tasks import ExecutionRef

TOPIC = "execution-events"


def of_execution(execution: Execution, at: datetime) -> pubsub.Message:
    body = {
        "event_id": identity.event(execution.id, execution.status, 0),
        "type": "execution.status",
        "execution_id": execution.id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "user_id": execution.user_id,
        "status": execution.status,
        "at": at.isoformat(),
    }
    return _message(body)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text that will come on a pin. ``claim``: of the call that says it; ``number``: which of its pieces,
    from 1; ``offset``: where it stands in the text, in characters."""

    id: str
    claim: str
    number: int
    pin: str
    offset: int
    text: str


def of_piece(execution: ExecutionRef, node: NodeExecution, piece: Piece, at: datetime) -> pubsub.Message:
    body: dict[str, str | int] = {
        "event_id": piece.id,
        "type": "node_execution.partial",
        "execution_id": execution.id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "user_id": execution.user_id,
        "node_execution_id": node.id,
        "node_id": node.node_id,
        "status": node.status,
        "claim": piece.claim,
        "number": piece.number,
        "pin": piece.pin,
        "offset": piece.offset,
        "text": piece.text,
        "at": at.isoformat(),
    }
    return _message(body)


def _message(body: dict[str, str | int]) -> pubsub.Message:
    attributes = {"type": str(body["type"]), "event_id": str(body["event_id"]), "status": str(body["status"])}
    return pubsub.Message(data=values.dump(body).encode(), attributes=attributes)


async def publish(execution_id: str, messages: Sequence[pubsub.Message]) -> None:
    if messages:
        await pubsub.publish(TOPIC, execution_id, messages)
