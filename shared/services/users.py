"""Who is the caller, and what is on their profile?"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared import clock
from shared.domain import errors, permissions
from shared.domain.errors import Violation
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.firestore import users
from shared.firestore.users import User
from shared.gcp import auth
from shared.services import etags, texts

MAX_NAME = 200
MAX_PICTURE = 2_000
MAX_KNOWN = 10_000
"""Users of whom this instance knows that their document is there."""

_known: OrderedDict[str, None] = OrderedDict()


async def caller(token: str, *, unrevoked: bool) -> Caller:
    """Who sends this ID token. ``unrevoked``: ask whether it is revoked. The first call of a user creates them;
    an instance that has seen them reads nothing."""
    identity = await auth.identify(token, unrevoked=unrevoked)
    found = permissions.caller(identity.user_id, identity.email, identity.role)
    if identity.user_id not in _known:
        await _ensure(identity, found)
    return found


async def _ensure(identity: auth.Identity, found: Caller) -> None:
    if await users.find(identity.user_id) is None:
        await users.create(
            identity.user_id,
            email=identity.email,
            name=texts.plain(identity.name)[:MAX_NAME],
            picture=identity.picture if _is_link(identity.picture) else "",
            role=found.role,
            now=clock.now(),
        )
    _known[identity.user_id] = None
    if len(_known) > MAX_KNOWN:
        _known.popitem(last=False)


async def get(caller: Caller) -> dict[str, Any]:
    """The caller's profile."""
    return _resource(caller, await _get(caller))


async def update(caller: Caller, raw: Any, expected: frozenset[str] | None) -> dict[str, Any]:
    """Change ``name`` and ``picture``. InvalidArgument; EtagMismatch when ``expected`` has not its etag."""
    changes = _checked(raw)
    for _ in range(etags.ATTEMPTS):
        user = await _get(caller)
        etags.check(expected, etags.etag(user.fence), "the profile")
        if not changes or await users.update(user, changes, clock.now()):
            return _resource(caller, await _get(caller))
    raise etags.contended("the profile")


async def _get(caller: Caller) -> User:
    user = await users.find(caller.user_id)
    if user is None:  # gone since this instance saw it: as good as a first call
        await users.create(caller.user_id, email=caller.email, name="", picture="", role=caller.role, now=clock.now())
        user = await users.find(caller.user_id)
    if user is None:
        raise etags.contended("the profile")
    return user


def _checked(raw: Any) -> dict[str, str]:
    if not isinstance(raw, Mapping):
        raise errors.InvalidArgument(
            "The body must be an object.", violations=[Violation("body", "It must be an object.")]
        )
    changes: dict[str, str] = {}
    violations: list[Violation] = []
    if "name" in raw:
        _check_name(raw["name"], changes, violations)
    if "picture" in raw:
        _check_picture(raw["picture"], changes, violations)
    if violations:
        raise errors.InvalidArgument("The profile is not valid; see the violations.", violations=violations)
    return changes


def _check_name(value: Any, changes: dict[str, str], violations: list[Violation]) -> None:
    if not isinstance(value, str):
        violations.append(Violation("name", "It must be a text."))
        return
    changes["name"] = texts.plain(value)
    if not changes["name"] or len(changes["name"]) > MAX_NAME:
        violations.append(Violation("name", f"It must have 1 to {MAX_NAME} characters."))


def _check_picture(value: Any, changes: dict[str, str], violations: list[Violation]) -> None:
    if isinstance(value, str) and (not value or _is_link(value)):
        changes["picture"] = value
    else:
        violations.append(
            Violation("picture", f"It must be an https link of at most {MAX_PICTURE} characters, or empty.")
        )


def _is_link(value: str) -> bool:
    return value.startswith("https://") and len(value) <= MAX_PICTURE and value.isprintable()


def _resource(caller: Caller, user: User) -> dict[str, Any]:
    times: dict[str, datetime] = {"created_at": user.created_at, "updated_at": user.updated_at}
    return {
        "id": UserId(user.id),
        "email": user.email,
        "name": user.name,
        "picture": user.picture,
        "role": caller.role,
        "permissions": sorted(caller.permissions),
        **times,
        "etag": etags.etag(user.fence),
    }
