"""What may a user do with webhooks that tell them what happens? Make, change and delete them, see what was sent."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from shared import clock
from shared.domain import errors, signatures
from shared.domain.channels import State
from shared.domain.fields import Fields
from shared.domain.notices import Kind
from shared.domain.permissions import Caller
from shared.firestore import deliveries, outgoing_webhooks
from shared.firestore.deliveries import Delivery
from shared.firestore.outgoing_webhooks import OutgoingWebhook
from shared.services import bodies, delivering, etags, notifying, owned, texts, vault
from shared.services.world import World

MAX_NAME = 200
MAX_URL = 2_000
SECRET_BYTES = 32
CHANGEABLE = ("url", "name", "kinds", "is_active")
MAX_REPLAYED = 100

WEBHOOKS = owned.Kind("notification webhook", outgoing_webhooks.documents, reason="WEBHOOK_NOT_FOUND")

Resource = dict[str, Any]


async def create(world: World, caller: Caller, raw: Any, id_: str) -> Resource:
    """With its secret, which is not shown again. InvalidArgument; Conflict: there are too many."""
    body = bodies.read(raw)
    await WEBHOOKS.limit(caller, notifying.MAX_WEBHOOKS)
    now = world.now()
    blank = OutgoingWebhook(
        id=id_,
        user_id=caller.user_id,
        url="",
        name="",
        kinds=(),
        is_active=True,
        sealed={},
        created_at=now,
        updated_at=now,
    )
    made = await _changed(world, blank, body)
    secret = _new_secret()
    made = replace(made, sealed=await _sealed(made, secret))
    kept = await WEBHOOKS.create(caller, made)
    if kept.sealed != made.sealed:  # an earlier attempt's, whose secret nobody has heard
        return await rotate(world, caller, id_)
    return {**view(kept), "secret": secret}


async def get(caller: Caller, id_: str) -> Resource:
    return view(await WEBHOOKS.get(caller, id_))


async def page(caller: Caller, size: int, cursor: owned.Cursor | None) -> tuple[list[Resource], owned.Cursor | None]:
    found, following = await WEBHOOKS.page(caller, size, cursor)
    return [view(one) for one in found], following


async def update(world: World, caller: Caller, id_: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    """Change what ``raw`` names."""
    body = bodies.read(raw)

    async def make(old: OutgoingWebhook) -> OutgoingWebhook:
        return await _changed(world, old, body)

    return view(await WEBHOOKS.change(caller, id_, expected, make))


async def rotate(world: World, caller: Caller, id_: str) -> Resource:
    """Another secret, at once; shown this once."""
    secret = _new_secret()

    async def make(old: OutgoingWebhook) -> OutgoingWebhook:
        return replace(old, sealed=await _sealed(old, secret), updated_at=world.now())

    return {**view(await WEBHOOKS.change(caller, id_, None, make)), "secret": secret}


async def delete(caller: Caller, id_: str) -> None:
    """What is yet to be sent is dropped."""
    await WEBHOOKS.delete(caller, id_)


async def sent(
    caller: Caller, id_: str, state: State | None, size: int, cursor: owned.Cursor | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page of what was sent to it, newest first; of one state, or all."""
    await WEBHOOKS.get(caller, id_)
    equal = {"target": id_, "state": state}
    found = await deliveries.documents.list_of(caller.user_id, cursor, size + 1, **equal)
    shown = found[:size]
    more = len(found) > size
    return [delivery_view(one) for one in shown], (shown[-1].created_at, shown[-1].id) if more else None


async def replay(world: World, caller: Caller, id_: str, delivery_id: str) -> Resource:
    """Send one that was given up again. NotFound; Conflict: it was not given up."""
    await WEBHOOKS.get(caller, id_)
    found = await _DELIVERIES.get(caller, delivery_id)
    if found.target != id_:
        raise _DELIVERIES.not_found(delivery_id)
    again = await delivering.replay(world, found)
    if again is None:
        raise errors.Conflict(
            f"The delivery {found.id} is {found.state}; only one that is DEAD can be sent again.",
            reason="DELIVERY_NOT_DEAD",
        )
    return delivery_view(again)


async def replay_all(world: World, caller: Caller, id_: str) -> Resource:
    """Send what was given up again, the latest first, so many at once; how many are on their way, and whether there
    are more."""
    await WEBHOOKS.get(caller, id_)
    found = await deliveries.documents.list_of(caller.user_id, None, MAX_REPLAYED + 1, target=id_, state=State.DEAD)
    again = [one for one in found[:MAX_REPLAYED] if await delivering.replay(world, one) is not None]
    return {"replayed": len(again), "more": len(found) > MAX_REPLAYED}


_DELIVERIES = owned.Kind("delivery", deliveries.documents, reason="DELIVERY_NOT_FOUND")


async def _changed(world: World, old: OutgoingWebhook, raw: bodies.Raw) -> OutgoingWebhook:
    fields = Fields()
    fields.only(raw, CHANGEABLE)
    made = replace(
        old,
        url=fields.text(raw, "url", least=1, most=MAX_URL) if "url" in raw or not old.url else old.url,
        name=texts.plain(fields.text(raw, "name", most=MAX_NAME)) if "name" in raw else old.name,
        kinds=_kinds(fields, raw) if "kinds" in raw else old.kinds,
        is_active=fields.flag(raw, "is_active", default=old.is_active),
        updated_at=world.now(),
    )
    if made.url and made.url != old.url and (problem := await _problem(world, made.url)):
        fields.wrong("url", problem)
    bodies.refuse(fields, "The webhook is")
    return made


def _kinds(fields: Fields, raw: bodies.Raw) -> list[str]:
    value = raw.get("kinds")
    if value is None:
        return []
    if not isinstance(value, list):
        fields.wrong("kinds", "It must be a list.")
        return []
    items = cast(list[Any], value)[: len(Kind) + 1]
    for position, one in enumerate(items):
        if not isinstance(one, str) or one not in set(Kind):
            fields.wrong(f"kinds[{position}]", f"It must be one of {', '.join(Kind)}.")
    return sorted({str(one) for one in items})


async def _problem(world: World, url: str) -> str:
    """Why nothing can be sent there; it is judged again, and for good, with each delivery."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        if parts.username or parts.password or parts.fragment or not parts.hostname:
            return "It must be an address without user, password and fragment."
        await world.http.addresses(parts.hostname, port)
    except (KeyError, ValueError):
        return "It must be an http or https address."
    except errors.Retryable:
        return ""  # its name cannot be looked up now
    except errors.BlockError as error:
        return error.message
    return ""


def _new_secret() -> str:
    return signatures.PREFIX + base64.b64encode(clock.random_bytes(SECRET_BYTES)).decode()


async def _sealed(webhook: OutgoingWebhook, secret: str) -> Mapping[str, Any]:
    place = outgoing_webhooks.place(webhook.id)
    return (await vault.real().seal(webhook.user_id, place, secret.encode())).document()


def view(webhook: OutgoingWebhook) -> Resource:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "name": webhook.name,
        "kinds": list(webhook.kinds),
        "is_active": webhook.is_active,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
        "etag": etags.etag(webhook.fence),
    }


def delivery_view(one: Delivery) -> Resource:
    return {
        "id": one.id,
        "kind": one.content["kind"],
        "title": one.content["title"],
        "state": one.state,
        "attempts": one.attempts,
        "message": one.message,
        "next_at": one.next_at if one.state is State.PENDING else None,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }
