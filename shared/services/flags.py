"""Which features are on for a user, and who decides that?

An instance reads the flags once a minute; so soon does a change hold everywhere. Out of reach, the last ones count.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from shared import clock
from shared.domain import errors
from shared.domain import flags as rules
from shared.domain.fields import Fields
from shared.domain.flags import Flag
from shared.firestore import flags
from shared.services import etags

CACHE_SECONDS = 60.0
MAX_TEXT = 500
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Cached:
    by_name: Mapping[str, Flag]
    until: float


_cached: _Cached | None = None


async def is_on(name: str, user_id: str) -> bool:
    """Whether a feature is on for a user; one that there is no flag for is off."""
    flag = (await _current()).get(name)
    return flag is not None and rules.is_on(flag, user_id)


async def names_on(user_id: str) -> list[str]:
    """The features that are on for a user."""
    return sorted(name for name, flag in (await _current()).items() if rules.is_on(flag, user_id))


async def _current() -> Mapping[str, Flag]:
    global _cached
    now = clock.monotonic()
    if _cached is not None and now < _cached.until:
        return _cached.by_name
    try:
        found = (await flags.get()).by_name
    except errors.Unavailable as error:
        _log.warning("the feature flags cannot be read, the last ones count: %s", error.message)
        found = _cached.by_name if _cached is not None else {}
    _cached = _Cached(found, now + CACHE_SECONDS)
    return found


async def list_all() -> list[dict[str, Any]]:
    """Every flag, by name."""
    found = (await flags.get()).by_name
    return [resource(found[name]) for name in sorted(found)]


async def put(name: str, raw: Any) -> dict[str, Any]:
    """Make a flag, or replace it. InvalidArgument; Conflict: there are too many."""
    flag = _checked(name, raw)

    def change(before: Mapping[str, Flag]) -> Mapping[str, Flag]:
        if name not in before and len(before) >= flags.MAX_FLAGS:
            raise errors.Conflict(f"There are {flags.MAX_FLAGS} flags, which is all; delete some first.")
        return {**before, name: flag}

    await _change(change)
    return resource(flag)


async def delete(name: str) -> None:
    """NotFound."""

    def change(before: Mapping[str, Flag]) -> Mapping[str, Flag]:
        if name not in before:
            raise errors.NotFound(f"There is no flag {name}.", reason="FLAG_NOT_FOUND", metadata={"name": name})
        return {other: flag for other, flag in before.items() if other != name}

    await _change(change)


async def forget(user_id: str) -> None:
    """A user who is gone is named by none."""

    def change(before: Mapping[str, Flag]) -> Mapping[str, Flag]:
        return {name: replace(flag, user_ids=frozenset(flag.user_ids) - {user_id}) for name, flag in before.items()}

    if any(user_id in flag.user_ids for flag in (await flags.get()).by_name.values()):
        await _change(change)


async def _change(change: Any) -> None:
    global _cached
    for _ in range(etags.ATTEMPTS):
        before = await flags.get()
        if await flags.replace(before, change(before.by_name), clock.now()):
            _cached = None
            return
    raise etags.contended("the flags")


def _checked(name: str, raw: Any) -> Flag:
    fields = Fields()
    body = cast(Mapping[str, Any], raw) if isinstance(raw, Mapping) else {}
    if not isinstance(raw, Mapping):
        fields.wrong("body", "It must be an object.")
    if not _NAME.fullmatch(name):
        fields.wrong("name", "It must be in snake_case, of 1 to 64 characters.")
    fields.only(body, ("description", "enabled", "percent", "user_ids"))
    flag = Flag(
        name=name,
        description=fields.text(body, "description", most=MAX_TEXT, lines=True),
        enabled=fields.flag(body, "enabled"),
        percent=_percent(fields, body),
        user_ids=_user_ids(fields, body.get("user_ids")),
    )
    if fields.violations:
        raise errors.invalid("The flag is not valid", fields.violations)
    return flag


def _percent(fields: Fields, body: Mapping[str, Any]) -> float:
    percent = body.get("percent", 0)
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        fields.wrong("percent", "It must be a number from 0 to 100.")
        return 0
    return float(percent)


def _user_ids(fields: Fields, raw: Any) -> frozenset[str]:
    ids = cast(list[Any], raw) if isinstance(raw, list) else []
    if raw is not None and not isinstance(raw, list):
        fields.wrong("user_ids", "It must be a list.")
    if len(ids) > flags.MAX_USERS:
        fields.wrong("user_ids", f"It must name {flags.MAX_USERS} users at most.")
    if any(not isinstance(one, str) or not 0 < len(one) <= 128 or not one.isprintable() for one in ids):
        fields.wrong("user_ids", "Each must be the id of a user.")
        return frozenset()
    return frozenset(ids)


def resource(flag: Flag) -> dict[str, Any]:
    return {
        "id": flag.name,
        "description": flag.description,
        "enabled": flag.enabled,
        "percent": flag.percent,
        "user_ids": sorted(flag.user_ids),
    }
