"""Who is the caller, and what is on their profile?"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from shared import clock
from shared.domain import errors, permissions
from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.firestore import users
from shared.firestore.users import User
from shared.gcp import auth
from shared.services import audit, creators, etags, links, texts

MAX_NAME = 200
MAX_PICTURE = 2_000
CHANGEABLE = ("name", "picture")
MAX_KNOWN = 10_000
"""Users of whom this instance knows that their document is there."""

_known: OrderedDict[str, None] = OrderedDict()


async def caller(token: str) -> Caller:
    """Who sends this ID token. Unauthenticated: it does not hold, is revoked, or its user is disabled, for at most
    ``auth.TRUST_SECONDS``. The first call of a user creates them; an instance that has seen them reads nothing."""
    identity, account = await auth.identify(token)
    found = permissions.caller(identity.user_id, identity.email or account.email, account.role)
    if identity.user_id not in _known:
        await _ensure(identity, found)
    return found


async def _ensure(identity: auth.Identity, found: Caller) -> None:
    if await users.find(identity.user_id) is None:
        created = await users.create(
            identity.user_id,
            email=identity.email,
            name="".join(filter(str.isprintable, texts.plain(identity.name)))[:MAX_NAME],
            picture=identity.picture if _is_link(identity.picture) else "",
            role=found.role,
            now=clock.now(),
        )
        if created:
            await audit.append(audit.entry_of("user.create", "user", found.user_id, found.user_id))
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
            if changes:
                await creators.changed(caller.user_id)
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
    body = cast(Mapping[str, Any], raw)
    fields = Fields()
    fields.only(body, CHANGEABLE)
    readers = {"name": _name, "picture": _picture}
    changes = {name: read(fields, body) for name, read in readers.items() if body.get(name) is not None}
    if fields.violations:
        raise errors.invalid("The profile is not valid", fields.violations)
    return changes


def _name(fields: Fields, body: Mapping[str, Any]) -> str:
    name = texts.plain(fields.text(body, "name", least=1, most=MAX_NAME))
    if not name and not any(one.field == "name" for one in fields.violations):
        fields.wrong("name", "It is empty, or has nothing but HTML.")
    return name


def _picture(fields: Fields, body: Mapping[str, Any]) -> str:
    picture = fields.text(body, "picture", most=MAX_PICTURE)
    if picture and not _is_link(picture):
        fields.wrong("picture", "It must be an http or https link, or empty.")
    return picture


def _is_link(value: str) -> bool:
    return len(value) <= MAX_PICTURE and links.is_public(value, ("http", "https"))


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
