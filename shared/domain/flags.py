"""Is a feature on for a user? For those who are named, and for a part of all others, always the same part."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """``percent`` of the users have it, beside those in ``user_ids``; nobody, unless it is ``enabled``."""

    name: str
    description: str
    enabled: bool
    percent: float
    user_ids: Collection[str]


def is_on(flag: Flag, user_id: str) -> bool:
    return flag.enabled and (user_id in flag.user_ids or position(flag.name, user_id) < flag.percent)


def position(name: str, user_id: str) -> float:
    """Where a user stands among all, from 0 to 100: elsewhere for each flag, so that it is not always the same
    who are first."""
    digest = hashlib.sha256(f"{name}\0{user_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100
