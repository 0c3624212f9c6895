"""Which API keys does a user have, and whom does one speak for?

A key reads ``wk_{id}_{secret}``. The id finds its document and may be shown; of the secret, 256 random bits, only
the SHA-256 is kept: what nobody can guess needs no slow hash. An instance trusts what it read of a key for
``auth.TRUST_SECONDS``, and so long a revoked key may go on there.
"""

import base64
import hashlib
import hmac
import logging
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, cast

from shared import clock
from shared.domain import errors, permissions
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import api_keys
from shared.firestore.api_keys import ApiKey
from shared.gcp import auth
from shared.services import audit, bodies, etags, texts

MAX_KEYS = 50
MAX_NAME = 100
MAX_GRACE_SECONDS = 7 * 86_400
SECRET_BYTES = 32
MAX_KEPT = 10_000
USED_EVERY = timedelta(hours=1)
"""``last_used_at`` is written so often at most."""

_KEY = re.compile(r"wk_([0-9a-z]{26})_([0-9A-Za-z_-]{43})")
_trusted: OrderedDict[str, tuple[ApiKey, float]] = OrderedDict()
_log = logging.getLogger(__name__)


async def caller(text: str) -> Caller:
    """Whom the key ``text`` speaks for. Unauthenticated: there is no such key (any more), or its user is disabled."""
    match = _KEY.fullmatch(text)
    key = await _trust(match[1]) if match else None
    if match is None or key is None or not _is_secret_of(key, match[2], clock.now()):
        raise _refused("there is no such key")
    if key.expires_at is not None and key.expires_at <= clock.now():
        raise _refused("it has expired")
    try:
        account = await auth.account(key.user_id)
    except errors.Unauthenticated as error:
        raise _refused("its user is disabled or deleted") from error
    owner = permissions.caller(key.user_id, account.email, account.role)
    await _note_use(key)
    return permissions.by_key(owner, key.id, key.scopes)


async def _trust(key_id: str) -> ApiKey | None:
    now = clock.monotonic()
    known = _trusted.get(key_id)
    if known is not None and known[1] > now:
        return known[0]
    _trusted.pop(key_id, None)
    key = await api_keys.find(key_id)
    if key is not None:
        _trusted[key_id] = key, now + auth.TRUST_SECONDS
        if len(_trusted) > MAX_KEPT:
            _trusted.popitem(last=False)
    return key


def _is_secret_of(key: ApiKey, secret: str, now: datetime) -> bool:
    given = _hash(secret)
    current = hmac.compare_digest(given, key.hash)
    before = hmac.compare_digest(given, key.previous_hash or b"")
    return current or (before and key.previous_until is not None and now < key.previous_until)


async def _note_use(key: ApiKey) -> None:
    """At most once an hour. Lost to another instance, or to a busy database: nothing hangs on it."""
    now = clock.now()
    if key.last_used_at is not None and now - key.last_used_at < USED_EVERY:
        return
    _trusted.pop(key.id, None)
    try:
        await api_keys.update(key, {"last_used_at": now})
    except errors.Unavailable as error:
        _log.warning("last_used_at of an API key was not written: %s", error.message)


async def create(caller: Caller, raw: Any, id_: str) -> dict[str, Any]:
    """A new key; ``key`` in the answer is the only time that it is shown. InvalidArgument; Conflict: too many."""
    permissions.require_sign_in(caller)
    name, scopes, expires_at = _checked(caller, raw, clock.now())
    found = await api_keys.find(id_)
    if found is None and await api_keys.count_of(caller.user_id) >= MAX_KEYS:
        raise errors.Conflict(f"You have {MAX_KEYS} API keys, which is all that one may have; revoke some first.")
    secret, now = _secret(), clock.now()
    key = ApiKey(
        id=id_,
        user_id=caller.user_id,
        name=name,
        hash=_hash(secret),
        previous_hash=None,
        previous_until=None,
        scopes=scopes,
        expires_at=expires_at,
        last_used_at=None,
        created_at=now,
        updated_at=now,
    )
    if await api_keys.create(key):
        return {**resource(await get(caller, id_)), "key": f"wk_{id_}_{secret}"}
    return await rotate(caller, id_, {})  # made by an attempt whose answer was lost: that key was never seen


async def rotate(caller: Caller, key_id: str, raw: Any) -> dict[str, Any]:
    """Another secret for a key. The one before holds for ``grace_seconds`` more. NotFound; InvalidArgument."""
    permissions.require_sign_in(caller)
    grace = _grace(raw)
    for _ in range(etags.ATTEMPTS):
        key, secret, now = await get(caller, key_id), _secret(), clock.now()
        changes = {
            "hash": _hash(secret),
            "previous_hash": key.hash if grace else None,
            "previous_until": now + timedelta(seconds=grace) if grace else None,
            "updated_at": now,
        }
        if await api_keys.update(key, changes):
            _trusted.pop(key_id, None)
            return {**resource(await get(caller, key_id)), "key": f"wk_{key_id}_{secret}"}
    raise etags.contended("the API key")


async def revoke(caller: Caller, key_id: str) -> None:
    """NotFound. This instance refuses the key at once, others within ``auth.TRUST_SECONDS``."""
    permissions.require_sign_in(caller)
    await get(caller, key_id)
    await api_keys.delete(key_id)
    _trusted.pop(key_id, None)


async def get(caller: Caller, key_id: str) -> ApiKey:
    """One of the caller's. NotFound."""
    key = await api_keys.find(key_id) if re.fullmatch(r"[0-9a-z]{26}", key_id) else None
    if key is not None and key.user_id != caller.user_id:
        audit.suspect("api_key", key_id)
    if key is None or key.user_id != caller.user_id:
        raise errors.NotFound(f"There is no API key {key_id} of yours.", reason="API_KEY_NOT_FOUND")
    return key


async def page(
    caller: Caller, cursor: tuple[datetime, str] | None, size: int
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """A page of the caller's keys, newest first, and the cursor of the next."""
    permissions.require_sign_in(caller)
    found = await api_keys.list_of(caller.user_id, cursor, size + 1)
    shown = found[:size]
    more = len(found) > size
    return [resource(key) for key in shown], (shown[-1].created_at, shown[-1].id) if more else None


def resource(key: ApiKey) -> dict[str, Any]:
    """What may be shown of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "prefix": f"wk_{key.id}",
        "scopes": sorted(key.scopes),
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "previous_until": key.previous_until,
        "created_at": key.created_at,
        "updated_at": key.updated_at,
    }


def _checked(caller: Caller, raw: Any, now: datetime) -> tuple[str, list[str], datetime | None]:
    body = bodies.read(raw)
    fields = Fields()
    fields.only(body, ("name", "scopes", "expires_at"))
    name = texts.plain(fields.text(body, "name", least=1, most=MAX_NAME))
    if not name and not any(one.field == "name" for one in fields.violations):
        fields.wrong("name", "It is empty, or has nothing but HTML.")
    scopes = _scopes(fields, caller, body.get("scopes"))
    expires_at = _expiry(fields, body.get("expires_at"), now)
    bodies.refuse(fields, "The API key is")
    return name, scopes, expires_at


def _scopes(fields: Fields, caller: Caller, raw: Any) -> list[str]:
    if not isinstance(raw, list) or not raw:
        fields.wrong("scopes", "It must be a list of permissions, one at least.")
        return []
    scopes = cast(list[Any], raw)
    for position, scope in enumerate(scopes[:100]):
        if not isinstance(scope, str) or scope not in caller.permissions:
            allowed = ", ".join(sorted(caller.permissions))
            fields.wrong(f"scopes[{position}]", f"It is not a permission of yours; those are {allowed}.")
    return sorted({scope for scope in scopes if isinstance(scope, str) and scope in caller.permissions})


def _expiry(fields: Fields, raw: Any, now: datetime) -> datetime | None:
    if raw is None:
        return None
    try:
        at = datetime.fromisoformat(raw)
        if at.tzinfo is not None and at > now and at.year < 3000:
            return at
    except (TypeError, ValueError):
        pass
    fields.wrong("expires_at", "It must be a time to come, in RFC 3339 with its offset, as 2027-01-01T00:00:00Z.")
    return None


def _grace(raw: Any) -> int:
    body = bodies.read(raw)
    fields = Fields()
    fields.only(body, ("grace_seconds",))
    grace = fields.integer(body, "grace_seconds", least=0, most=MAX_GRACE_SECONDS)
    bodies.refuse(fields, "The API key is")
    return grace or 0


def _secret() -> str:
    return base64.urlsafe_b64encode(clock.random_bytes(SECRET_BYTES)).rstrip(b"=").decode()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _refused(why: str) -> errors.Unauthenticated:
    return errors.Unauthenticated(
        f"The API key does not hold: {why}. Create another under /api/v1/me/api-keys.", reason="INVALID_API_KEY"
    )
