"""How is a message sent by each channel? To the address, the device or the webhook as it is now."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from shared.domain import errors, signatures
from shared.domain.channels import Channel
from shared.firestore import devices, outgoing_webhooks, values
from shared.firestore.deliveries import Delivery
from shared.firestore.outgoing_webhooks import OutgoingWebhook
from shared.gcp import accounts, mail, push
from shared.services import vault
from shared.services.delivering import Dropped, Failed, Result, Sent
from shared.services.world import World

WEBHOOK_SECONDS = 15.0
MAX_KEPT = 1_000
"""Secrets that this instance holds open, so that not each delivery asks the key service."""

GONE = 410
"""The producer should turn the endpoint off
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#delivery-success-and-failure)."""
_secrets: OrderedDict[tuple[str, str], str] = OrderedDict()


async def send(world: World, one: Delivery) -> Result:
    """One attempt. Never raises for what the other side does."""
    try:
        return await _SENDERS[one.channel](world, one)
    except (mail.MailFailed, push.PushFailed) as error:
        return Failed(str(error), error.is_passing)
    except errors.WeftlyError as error:  # what this side lacks for the moment
        return Failed(error.message, True)


async def _email(world: World, one: Delivery) -> Result:
    account = await accounts.find(one.user_id)
    if account is None or account.disabled or not account.email:
        return Dropped("The account is gone, is disabled, or has no e-mail address.")
    if not account.email_verified and not world.settings.mail_to_unverified:
        return Dropped("The e-mail address is not verified.")
    content = one.content
    base = world.settings.public_url.rstrip("/")
    link = f"\n\n{base}{content['path'].removeprefix('/api/v1')}" if base and content["path"] else ""
    text = f"{content['text']}{link}\n\n-- \nWhat you are told, and how: /api/v1/me/notifications/preferences\n"
    await mail.send(to=account.email, subject=content["title"], text=text, id_=one.id, at=one.created_at)
    return Sent()


async def _push(world: World, one: Delivery) -> Result:
    device = await devices.documents.find(one.target)
    if device is None or device.user_id != one.user_id:
        return Dropped("The device is gone.")
    content = one.content
    data = {"id": content["id"], "kind": content["kind"], "path": content["path"]}
    try:
        await push.send(device.token, tag=content["id"], title=content["title"], text=content["text"], data=data)
    except push.TokenGone as error:
        await devices.documents.delete(device)
        return Dropped(f"The device is gone: {error}")
    return Sent()


async def _webhook(world: World, one: Delivery) -> Result:
    webhook = await outgoing_webhooks.documents.find(one.target)
    if webhook is None or webhook.user_id != one.user_id or not webhook.is_active:
        return Dropped("The webhook is gone, or is not active.")
    body = values.dump(_payload(one.content)).encode()
    headers = signatures.sign(await _secret(webhook), one.id, world.now(), body)
    headers |= {"Content-Type": "application/json", "User-Agent": "Weftly-Webhooks/1"}
    try:
        answer = await world.http.request(
            "POST",
            webhook.url,
            content=body,
            headers=headers,
            follow_redirects=False,
            total_seconds=WEBHOOK_SECONDS,
        )
    except errors.Retryable as error:
        return Failed(error.message, True)
    except errors.BlockError as error:  # an address that may not be reached
        return Failed(error.message, False)
    if 200 <= answer.status_code < 300:
        return Sent()
    if answer.status_code == GONE:
        await outgoing_webhooks.documents.update(replace(webhook, is_active=False, updated_at=world.now()))
        return Dropped("It answered 410: it wants no more of these, and was turned off.")
    return Failed(f"It answered {answer.status_code}.", True, _wait(answer.headers))


def _payload(content: Mapping[str, Any]) -> dict[str, Any]:
    """As https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md proposes."""
    names = ("id", "title", "text", "path", "details")
    return {
        "type": content["kind"],
        "timestamp": content["at"].replace("+00:00", "Z"),
        "data": {name: content[name] for name in names},
    }


def _wait(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None


async def _secret(webhook: OutgoingWebhook) -> str:
    key = (webhook.id, webhook.fence)
    if key not in _secrets:
        sealed = vault.Sealed.of(webhook.sealed)
        place = outgoing_webhooks.place(webhook.id)
        _secrets[key] = (await vault.real().open(webhook.user_id, place, sealed)).decode()
        if len(_secrets) > MAX_KEPT:
            _secrets.popitem(last=False)
    return _secrets[key]


_SENDERS: Mapping[Channel, Callable[[World, Delivery], Awaitable[Result]]] = {
    Channel.EMAIL: _email,
    Channel.PUSH: _push,
    Channel.WEBHOOK: _webhook,
}
