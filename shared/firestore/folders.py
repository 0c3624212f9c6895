"""Folders of a library. What lies in one says so itself (``graphs``, folder_id).

Path: ``folders/{id}``.
Fields: user_id, name, created_at, updated_at, schema_version.
Queries and their indexes: of a user, newest first (user_id, created_at).
Hottest document: one folder, written by its user alone.
Pruned by: its user, and with the account.
Size: under 1 KB.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.firestore import owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    id: str
    user_id: str
    name: str
    created_at: datetime
    updated_at: datetime
    fence: str = ""


documents = owned.Collection("folders", Folder)
