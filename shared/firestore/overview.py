"""How much is there of everything? Counted when an administrator asks: a read for each thousand.

Of no collection of its own.
Queries and their indexes: users, graphs (all); executions that go on (active; single field); deliveries that were
    given up (state; single field).
"""

from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.firestore.client import client, operation

_COUNTED: dict[str, tuple[str, str, Any]] = {
    "users": ("users", "", None),
    "graphs": ("graphs", "", None),
    "active_executions": ("executions", "active", True),
    "dead_deliveries": ("deliveries", "state", "DEAD"),
}
NAMES = tuple(_COUNTED)


@operation
async def count(name: str) -> int:
    """Of one of ``NAMES``."""
    collection, field, value = _COUNTED[name]
    query: Any = client().collection(collection)
    if field:
        query = query.where(filter=FieldFilter(field, "==", value))
    return int((await query.count().get())[0][0].value)
