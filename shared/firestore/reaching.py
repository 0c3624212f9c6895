"""What may still come to a gate? The active node executions that reach it; one of their questions is one query.

Those that settle are not among them: all that they sent is there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import labels
from shared.domain.pairing import Active
from shared.domain.statuses import Status
from shared.firestore import executions, gate_tokens, values

MAX_IN = gate_tokens.MAX_IN
MAX_QUEUED = 100


async def count(execution_id: str, gates: Sequence[str], read_time: datetime) -> int:
    """How many active node executions may send to one of ``gates``. One read a thousand."""
    counts = [
        await _reaching(execution_id, gates[at : at + MAX_IN]).count().get(read_time=read_time)
        for at in range(0, len(gates), MAX_IN)
    ]
    return sum(int(found[0][0].value) for found in counts)


async def list_of(execution_id: str, gates: Sequence[str], read_time: datetime) -> list[Active]:
    """The active node executions that may send to one of ``gates``."""
    found: dict[str, Active] = {}
    for at in range(0, len(gates), MAX_IN):
        query = _reaching(execution_id, gates[at : at + MAX_IN]).select(["node_id", "label"])
        async for snapshot in query.stream(read_time=read_time):
            fields: dict[str, Any] = snapshot.to_dict() or {}
            label = values.load_label(values.load(fields["label"]))
            found[snapshot.id] = Active(node=fields["node_id"], label=label)
    return list(found.values())


async def any_under(execution_id: str, gate: str, prefix: labels.Label, read_time: datetime) -> bool:
    """Whether an active node execution may send to ``gate`` under ``prefix``: one whose label lies under it, or of
    whose label it lies under, or with turns in its label."""
    base = _reaching(execution_id, [gate])
    if not prefix:
        return await _exists(base, read_time)
    lower = gate_tokens.at(prefix)
    above = [gate_tokens.at(prefix[:n]) for n in range(len(prefix))]
    under = base.where(filter=FieldFilter("at", ">=", lower))
    return (
        await _exists(under.where(filter=FieldFilter("at", "<", lower + gate_tokens.END)), read_time)
        or await _exists(base.where(filter=FieldFilter("at", "in", above[-MAX_IN:])), read_time)
        or await _exists(base.where(filter=FieldFilter("wide", "==", True)), read_time)
    )


async def queued_at(execution_id: str, gates: Sequence[str]) -> list[str]:
    """Ids of firings of ``gates`` that are QUEUED. Who fired them may have died before it dispatched them."""
    found: list[str] = []
    for at in range(0, len(gates), MAX_IN):
        query = (
            executions.ref(execution_id)
            .collection("nodes")
            .where(filter=FieldFilter("status", "==", Status.QUEUED))
            .where(filter=FieldFilter("node_id", "in", list(gates[at : at + MAX_IN])))
            .select(["__name__"])
            .limit(MAX_QUEUED)
        )
        found += [snapshot.id async for snapshot in query.stream()]
    return found


def _reaching(execution_id: str, gates: Sequence[str]) -> firestore.AsyncQuery:
    return (
        executions.ref(execution_id)
        .collection("nodes")
        .where(filter=FieldFilter("active", "==", True))
        .where(filter=FieldFilter("settling", "==", False))
        .where(filter=FieldFilter("gates", "array_contains_any", list(gates)))
    )


async def _exists(query: firestore.AsyncQuery, read_time: datetime) -> bool:
    return bool(await query.select(["__name__"]).limit(1).get(read_time=read_time))
