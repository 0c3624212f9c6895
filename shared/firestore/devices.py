"""Where does a user get push messages? One document a device, named after its token.

Path: ``devices/{id}``; derived from the token, so that a device that somebody else signs in on is theirs.
Fields: user_id, token, name, created_at, updated_at, schema_version.
Queries and their indexes: of a user, newest first (user_id, created_at).
Hottest document: written when its user registers it.
Pruned by: its user, the account, and when FCM knows the token no more.
Size: under 5 KB.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.firestore import owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    id: str
    user_id: str
    token: str
    name: str
    created_at: datetime
    updated_at: datetime
    fence: str = ""


documents = owned.Collection("devices", Device)
