"""Which firings has an execution? Node executions (``node_executions.py``) without their values.

Path: ``executions/{execution_id}/nodes/{id}``.
Queries and their indexes: those in a list, in order (order; single field), three fields of each.
"""

from dataclasses import dataclass

from shared.firestore import executions


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """``label``: as it lies in the document."""

    id: str
    node_id: str
    label: str
    order: str


async def list_of(execution_id: str, limit: int) -> list[Outline]:
    """In order."""
    query = executions.ref(execution_id).collection("nodes").order_by("order").order_by("__name__")
    query = query.select(["node_id", "label", "order"]).limit(limit)
    rows = [(s.id, s.to_dict() or {}) async for s in query.stream()]
    return [Outline(id=id_, node_id=row["node_id"], label=row["label"], order=row["order"]) for id_, row in rows]
