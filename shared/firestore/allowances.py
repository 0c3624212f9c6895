"""What may a user spend, where it is not what everybody may?

path      allowances/{uid}
fields    monthly (billionths of a dollar; None: as everybody), node_executions (a month; None: as everybody), credit
          (billionths of a dollar, beyond the monthly limit, once), month (from which on the credit is to be read),
          updated_at, schema_version
queries   by id only
hottest   one user's own document, written by administrators, and once a month
pruned    with the account
size      under 1 KB
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """``fence``: empty where there is no document yet."""

    monthly: int | None = None
    node_executions: int | None = None
    credit: int = 0
    month: str = ""
    updated_at: datetime | None = None
    fence: str = ""


@operation
async def find(user_id: str) -> Credit:
    snapshot = await _reference(user_id).get()
    data: dict[str, Any] = snapshot.to_dict() or {}
    names = ("monthly", "node_executions", "credit", "month", "updated_at")
    fence = commits.fence_of(snapshot.update_time) if snapshot.exists else ""
    return Credit(**{name: data[name] for name in names if name in data}, fence=fence)


@operation
async def replace(user_id: str, before: Credit, after: Credit, now: datetime) -> bool:
    """Whether it is now ``after``; not, when somebody has changed it since ``before`` was read."""
    document = {
        "monthly": after.monthly,
        "node_executions": after.node_executions,
        "credit": after.credit,
        "month": after.month,
        "updated_at": now,
        "schema_version": SCHEMA_VERSION,
    }
    try:
        if before.fence:
            option = LastUpdateOption(commits.timestamp(before.fence).timestamp_pb())
            await _reference(user_id).update(document, option=option)
        else:
            await _reference(user_id).create(document)
    except (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.AlreadyExists):
        return False
    return True


def _reference(user_id: str) -> AsyncDocumentReference:
    return client().collection("allowances").document(user_id)
