"""Which firings has an execution? Node executions (``node_executions.py``) without their values.

Path: ``executions/{execution_id}/nodes/{id}``.
Queries and their indexes: those in a list, in order (order; single field), a few fields of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from shared.domain.statuses import Status
from shared.firestore import executions


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """``label``: as it lies in the document."""

    id: str
    node_id: str
    block_type: str
    label: str
    order: str
    status: Status
    started_at: datetime | None
    completed_at: datetime | None


async def list_of(execution_id: str, limit: int) -> list[Outline]:
    """In order."""
    query = executions.ref(execution_id).collection("nodes").order_by("order").order_by("__name__")
    query = query.select([one.name for one in fields(Outline) if one.name != "id"]).limit(limit)
    return [_outline(snapshot.id, snapshot.to_dict() or {}) async for snapshot in query.stream()]


def _outline(id_: str, row: Mapping[str, Any]) -> Outline:
    return Outline(
        id=id_,
        node_id=row["node_id"],
        block_type=row["block_type"],
        label=row["label"],
        order=row["order"],
        status=Status(row["status"]),
        started_at=row.get("started_at"),
        completed_at=row.get("completed_at"),
    )
