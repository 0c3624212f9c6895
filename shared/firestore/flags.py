"""Which feature flags are there?

path      flags/all: one document, so that an instance reads all of them at once
fields    flags (name -> description, enabled, percent, user_ids), updated_at, schema_version
queries   by id only
hottest   that document, written when an administrator changes a flag, read once a minute by each instance
pruned    flags are deleted by administrators
size      MAX_FLAGS flags of MAX_USERS users each: under 700 KB
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncDocumentReference
from google.cloud.firestore_v1._helpers import LastUpdateOption

from shared.domain.flags import Flag
from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
MAX_FLAGS = 100
MAX_USERS = 200
"""Named users of a flag; ids have 128 characters at most, and most have 28."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """``fence``: empty where there is no document yet."""

    by_name: Mapping[str, Flag]
    fence: str


@operation
async def get() -> Flags:
    snapshot = await _reference().get()
    data: dict[str, Any] = snapshot.to_dict() or {}
    by_name = {name: Flag(name=name, **fields) for name, fields in data.get("flags", {}).items()}
    return Flags(by_name=by_name, fence=commits.fence_of(snapshot.update_time) if snapshot.exists else "")


@operation
async def replace(before: Flags, by_name: Mapping[str, Flag], now: datetime) -> bool:
    """Whether the flags are now these; not, when somebody has changed them since they were read."""
    encoded = {name: _encode(flag) for name, flag in by_name.items()}
    document = {"flags": encoded, "updated_at": now, "schema_version": SCHEMA_VERSION}
    try:
        if before.fence:
            option = LastUpdateOption(commits.timestamp(before.fence).timestamp_pb())
            await _reference().update(document, option=option)
        else:
            await _reference().create(document)
    except (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.AlreadyExists):
        return False
    return True


def _encode(flag: Flag) -> dict[str, Any]:
    return {
        "description": flag.description,
        "enabled": flag.enabled,
        "percent": flag.percent,
        "user_ids": sorted(flag.user_ids),
    }


def _reference() -> AsyncDocumentReference:
    return client().collection("flags").document("all")
