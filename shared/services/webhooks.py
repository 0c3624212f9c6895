"""What may a user do with webhooks? Create, read, change, give another secret, delete."""

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any

from shared import clock
from shared.domain import signatures
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import webhooks
from shared.firestore.webhooks import Webhook
from shared.services import bodies, etags, owned, targets, vault
from shared.services import graphs as graph_service
from shared.services.world import World

MAX_WEBHOOKS = 200
MAX_SECRET = 500
MIN_SECRET = 16
SECRET_BYTES = 32
CHANGEABLE = (*targets.FIELDS, "is_active")
WRITABLE = (*CHANGEABLE, "provider", "secret")

WEBHOOKS = owned.Kind("webhook", webhooks.documents, reason="WEBHOOK_NOT_FOUND")

Resource = dict[str, Any]
Raw = bodies.Raw


async def create(world: World, caller: Caller, graph_id: str, raw: Any, id_: str) -> Resource:
    """A webhook of a graph of the caller's, with its secret, which is not shown again. NotFound; InvalidArgument with
    every violation; Conflict: there are too many. One of this id is there already: this very request made it."""
    head = await graph_service.owned(caller, graph_id)
    await WEBHOOKS.limit(caller, MAX_WEBHOOKS)
    raw, fields = bodies.read(raw), Fields()
    fields.only(raw, WRITABLE)
    provider = fields.text(raw, "provider", most=20) or "standard"
    if provider not in signatures.PROVIDERS:
        fields.wrong("provider", f"It must be one of {', '.join(signatures.PROVIDERS)}.")
    secret = _secret(fields, raw)
    now = world.now()
    blank = Webhook(
        id=id_,
        user_id=caller.user_id,
        graph_id=head.id,
        provider=provider,
        name="",
        input_name="",
        input_data={},
        credentials={},
        is_active=True,
        sealed={},
        created_at=now,
        updated_at=now,
    )
    made = await _changed(world, caller, fields, blank, raw)
    made = dataclasses.replace(made, sealed=await _sealed(made, secret))
    kept = await WEBHOOKS.create(caller, made)
    if kept.sealed != made.sealed:  # an earlier attempt's, whose secret nobody has heard
        return await rotate(world, caller, graph_id, id_, {"secret": secret})
    return {**view(kept), "secret": secret}


async def get(caller: Caller, graph_id: str, id_: str) -> Resource:
    return view(_of(graph_id, await WEBHOOKS.get(caller, id_)))


async def list_of(
    caller: Caller, graph_id: str, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page, newest first, and the cursor of the next. NotFound: the graph is not the caller's."""
    await graph_service.owned(caller, graph_id)
    found, following = await WEBHOOKS.page(caller, size, cursor, graph_id=graph_id)
    return [view(one) for one in found], following


async def update(
    world: World, caller: Caller, graph_id: str, id_: str, raw: Any, expected: frozenset[str] | None
) -> Resource:
    """Change what ``raw`` names."""
    body = bodies.read(raw)

    async def make(old: Webhook) -> Webhook:
        fields = Fields()
        fields.only(body, CHANGEABLE)
        return await _changed(world, caller, fields, _of(graph_id, old), body)

    return view(await WEBHOOKS.change(caller, id_, expected, make))


async def rotate(world: World, caller: Caller, graph_id: str, id_: str, raw: Any) -> Resource:
    """Another secret, at once: given, or made; shown this once."""
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("secret",))
    secret = _secret(fields, body)
    bodies.refuse(fields, "The secret is")

    async def make(old: Webhook) -> Webhook:
        sealed = await _sealed(_of(graph_id, old), secret)
        return dataclasses.replace(old, sealed=sealed, updated_at=world.now())

    return {**view(await WEBHOOKS.change(caller, id_, None, make)), "secret": secret}


async def delete(caller: Caller, graph_id: str, id_: str, expected: frozenset[str] | None = None) -> None:
    _of(graph_id, await WEBHOOKS.get(caller, id_))
    await WEBHOOKS.delete(caller, id_, expected)


def _of(graph_id: str, webhook: Webhook) -> Webhook:
    """NotFound: it is another graph's."""
    if webhook.graph_id != graph_id:
        raise WEBHOOKS.not_found(webhook.id)
    return webhook


async def _changed(world: World, caller: Caller, fields: Fields, old: Webhook, raw: Raw) -> Webhook:
    """``old`` with what is in ``raw``. InvalidArgument, with what ``fields`` found before, too."""
    target = targets.read(fields, raw, old, webhooks.MAX_INPUT)
    is_active = fields.flag(raw, "is_active", default=old.is_active)
    bodies.refuse(fields, "The webhook is")
    made = dataclasses.replace(old, **target, is_active=is_active, updated_at=world.now())
    return dataclasses.replace(made, input_name=await targets.input_of(world, caller, made))


def _secret(fields: Fields, raw: Raw) -> str:
    """The given one, such as Stripe shows it, or a new one, as Standard Webhooks writes it."""
    if raw.get("secret") is None:
        return signatures.PREFIX + base64.b64encode(clock.random_bytes(SECRET_BYTES)).decode()
    return fields.text(raw, "secret", least=MIN_SECRET, most=MAX_SECRET)


async def _sealed(webhook: Webhook, secret: str) -> Mapping[str, Any]:
    sealed = await vault.real().seal(webhook.user_id, webhooks.place(webhook.id), secret.encode())
    return sealed.document()


def view(webhook: Webhook) -> Resource:
    return {
        "id": webhook.id,
        "graph_id": webhook.graph_id,
        "path": f"/api/v1/webhooks/{webhook.id}",
        "provider": webhook.provider,
        "name": webhook.name,
        "input_name": webhook.input_name,
        "input_data": webhook.input_data,
        "credentials": webhook.credentials,
        "is_active": webhook.is_active,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
        "etag": etags.etag(webhook.fence),
    }
