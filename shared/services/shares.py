"""Who may look at an execution without an account? Whoever has a link to it that its user made, until it expires.

A link carries 256 random bits, of which the hash alone is kept; it is shown once, and gone at once when its user
revokes it. What is unknown, revoked and expired is told apart for nobody.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import graphs, shares
from shared.firestore.shares import Share
from shared.services import bodies, etags, execution_views, owned, texts
from shared.services.world import World

SHARES = owned.Kind("share", shares.documents, reason="SHARE_NOT_FOUND")
MAX_SHARES = 500
MAX_TITLE = 200
DAYS = 30
MAX_DAYS = 365
SECRET_BYTES = 32
ID_LENGTH = 26
WRITABLE = ("title", "with_inputs", "days")

Resource = dict[str, Any]


async def create(world: World, caller: Caller, execution_id: str, raw: Any, id_: str) -> Resource:
    """A link to an execution of the caller's, with what it carries, which is not shown again. NotFound;
    InvalidArgument; Conflict: there are too many."""
    execution = await execution_views.get(caller.user_id, execution_id)
    await SHARES.limit(caller, MAX_SHARES)
    body, fields = bodies.read(raw), Fields()
    fields.only(body, WRITABLE)
    title = texts.plain(fields.text(body, "title", most=MAX_TITLE))
    with_inputs = fields.flag(body, "with_inputs")
    days = fields.integer(body, "days", least=1, most=MAX_DAYS) or DAYS
    bodies.refuse(fields, "The link is")
    if not title:
        head = await graphs.find(execution.graph_id)
        title = head.name if head else ""
    secret = base64.urlsafe_b64encode(world.random_bytes(SECRET_BYTES)).rstrip(b"=").decode()
    now = world.now()
    made = Share(
        id=id_,
        user_id=caller.user_id,
        execution_id=execution.id,
        hash=_hash(secret),
        title=title,
        with_inputs=with_inputs,
        expires_at=now + timedelta(days=days),
        created_at=now,
    )
    kept = await SHARES.create(caller, made)
    if kept.hash != made.hash:  # an earlier attempt's, whose link nobody has seen
        await SHARES.delete(caller, id_)
        kept = await SHARES.create(caller, made)
    return {**view(kept), "path": f"/share/{id_}{secret}"}


async def list_of(
    caller: Caller, execution_id: str, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page of the links to an execution, newest first, and the cursor of the next. NotFound."""
    await execution_views.get(caller.user_id, execution_id)
    found, following = await SHARES.page(caller, size, cursor, execution_id=execution_id)
    return [view(one) for one in found], following


async def revoke(caller: Caller, execution_id: str, id_: str) -> None:
    """The link leads nowhere from now on. NotFound."""
    found = await SHARES.get(caller, id_)
    if found.execution_id != execution_id:
        raise SHARES.not_found(id_)
    await SHARES.delete(caller, id_)


async def find(token: str, now: datetime) -> Share | None:
    """What a link leads to."""
    id_, secret = token[:ID_LENGTH], token[ID_LENGTH:]
    if not owned.ID.fullmatch(id_) or not secret:
        return None
    found = await shares.documents.find(id_)
    if found is None or not hmac.compare_digest(found.hash, _hash(secret)) or found.expires_at <= now:
        return None
    return found


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def view(share: Share) -> Resource:
    return {
        "id": share.id,
        "execution_id": share.execution_id,
        "title": share.title,
        "with_inputs": share.with_inputs,
        "expires_at": share.expires_at,
        "created_at": share.created_at,
        "etag": etags.etag(share.fence),
    }
