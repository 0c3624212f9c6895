"""Links under which anybody may look at an execution.

Path: ``shares/{id}``; the id is the first part of what the link carries.
Fields: user_id, execution_id, hash (SHA-256 of the secret part), title, with_inputs, expires_at, created_at,
    schema_version.
Queries and their indexes: newest first, of an execution (user_id, execution_id, created_at); of a user, how many
    (user_id, single field).
Hottest document: written once, read for each look.
Pruned by: its user, with its execution, by TTL on expires_at, and with the account.
Size: under 1 KB.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.firestore import owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``with_inputs``: the inputs that are not secret are shown, too."""

    id: str
    user_id: str
    execution_id: str
    hash: bytes
    title: str
    with_inputs: bool
    expires_at: datetime
    created_at: datetime
    fence: str = ""


documents = owned.Collection("shares", Share)
