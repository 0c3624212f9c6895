"""Which credentials does a user have? Created, listed, changed and deleted; what is secret goes in and never out."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared import clock
from shared.blocks.credentials import Kind
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import credentials
from shared.firestore.credentials import Stored
from shared.services import bodies, etags, owned, secrets_of, texts, vault

MAX_CREDENTIALS = 200
MAX_TITLE = 100
PROVIDER = re.compile(r"[a-z][a-z0-9_]{0,63}")
CREDENTIALS = owned.Kind("credential", credentials.documents, reason="CREDENTIALS_NOT_FOUND")


async def create(caller: Caller, raw: Any, id_: str) -> dict[str, Any]:
    """Keep a credential. InvalidArgument; Conflict: there are too many. One that was made by an earlier attempt under
    this id stays as it is."""
    body, fields = bodies.read(raw), Fields()
    kind = _kind(fields, body)
    named = ("provider", "kind", "title", "expires_at", *secrets_of.SECRET_FIELDS.get(kind, ()))
    fields.only(body, (*named, "host") if kind == Kind.HOST_SCOPED else named)
    provider = fields.text(body, "provider", least=1, most=64)
    if provider and not PROVIDER.fullmatch(provider):
        fields.wrong("provider", "It must be in snake_case, as github.")
    secret = secrets_of.read(fields, kind, body) if kind else {}
    host = secrets_of.host(fields, body) if kind == Kind.HOST_SCOPED else ""
    title = _title(fields, body) or provider
    expires_at = secrets_of.future(fields, body, "expires_at", clock.now())
    bodies.refuse(fields, "The credentials are")
    return await keep(caller, id_, provider, kind, secret, title=title, host=host, expires_at=expires_at)


async def keep(
    caller: Caller,
    id_: str,
    provider: str,
    kind: str,
    secret: secrets_of.Secret,
    *,
    title: str,
    host: str = "",
    scopes: tuple[str, ...] = (),
    expires_at: datetime | None = None,
) -> dict[str, Any]:
    """Seal a secret and keep it as a credential of the caller's. Conflict: there are too many."""
    if await credentials.documents.find(id_) is None:
        await CREDENTIALS.limit(caller, MAX_CREDENTIALS)
    sealed = await vault.real().seal(caller.user_id, credentials.place(id_), secrets_of.dump(secret))
    now = clock.now()
    stored = Stored(
        id=id_,
        user_id=caller.user_id,
        provider=provider,
        kind=kind,
        title=title,
        sealed=sealed.document(),
        created_at=now,
        updated_at=now,
        host=host,
        scopes=scopes,
        expires_at=expires_at,
    )
    return resource(await CREDENTIALS.create(caller, stored))


async def update(caller: Caller, credentials_id: str, raw: Any, expected: frozenset[str] | None) -> dict[str, Any]:
    """Another title, another expiry, or another secret, whole. NotFound; InvalidArgument; EtagMismatch."""
    for _ in range(etags.ATTEMPTS):
        stored = await CREDENTIALS.get(caller, credentials_id, expected)
        changes = await _changes(stored, raw)
        if not changes or await credentials.update(stored, {**changes, "updated_at": clock.now()}):
            return resource(await get(caller, credentials_id))
    raise etags.contended("the credentials")


async def _changes(stored: Stored, raw: Any) -> dict[str, Any]:
    body, fields = bodies.read(raw), Fields()
    names = secrets_of.SECRET_FIELDS.get(stored.kind, ())
    fields.only(body, ("title", "expires_at", *names) if names else ("title",))
    changes: dict[str, Any] = {}
    if title := _title(fields, body):
        changes["title"] = title
    if body.get("expires_at") is not None:
        changes["expires_at"] = secrets_of.future(fields, body, "expires_at", clock.now())
    secret = secrets_of.read(fields, stored.kind, body) if any(body.get(name) is not None for name in names) else None
    bodies.refuse(fields, "The credentials are")
    if secret is not None:
        place = credentials.place(stored.id)
        changes["sealed"] = (await vault.real().seal(stored.user_id, place, secrets_of.dump(secret))).document()
    return changes


async def get(caller: Caller, credentials_id: str) -> Stored:
    """One of the caller's. NotFound."""
    return await CREDENTIALS.get(caller, credentials_id)


async def delete(caller: Caller, credentials_id: str) -> Stored:
    """Forget a credential; what it was. NotFound."""
    return await CREDENTIALS.delete(caller, credentials_id)


async def page(
    caller: Caller, provider: str | None, size: int, cursor: owned.Cursor | None
) -> tuple[list[dict[str, Any]], owned.Cursor | None]:
    """A page of the caller's credentials, newest first, and the cursor of the next."""
    found, following = await CREDENTIALS.page(caller, size, cursor, provider=provider)
    return [resource(one) for one in found], following


def resource(stored: Stored) -> dict[str, Any]:
    """What may be shown of a credential."""
    return {
        "id": stored.id,
        "provider": stored.provider,
        "kind": stored.kind,
        "title": stored.title,
        "host": stored.host or None,
        "scopes": list(stored.scopes),
        "expires_at": stored.expires_at,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
        "etag": etags.etag(stored.fence),
    }


def _kind(fields: Fields, body: Mapping[str, Any]) -> str:
    kind = body.get("kind")
    if isinstance(kind, str) and kind in secrets_of.SECRET_FIELDS:
        return kind
    if kind == Kind.OAUTH2:
        fields.wrong("kind", "An oauth2 one is made by POST /api/v1/credentials/oauth2/{provider}/authorize.")
    else:
        fields.wrong("kind", f"It must be one of {', '.join(secrets_of.SECRET_FIELDS)}.")
    return ""


def _title(fields: Fields, body: Mapping[str, Any]) -> str:
    return texts.plain(fields.text(body, "title", most=MAX_TITLE))
