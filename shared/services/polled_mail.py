"""What is new in a mailbox, as a graph gets it? Read by ``shared/gcp/imap.py`` with the user's credentials."""

import asyncio
import email
import email.policy
import hashlib
from email.message import EmailMessage
from typing import Any

from shared.blocks.credentials import Kind, Need, UserPassword
from shared.domain import errors
from shared.domain.polling import Found, Item, Trigger
from shared.gcp import imap
from shared.gcp.imap import Mailbox, Place
from shared.services import wallets
from shared.services.world import World

NEED = Need(
    provider="imap",
    kinds=(Kind.USER_PASSWORD,),
    where="https://support.google.com/accounts/answer/185833",
)
MAX_TEXT = 200_000
MAX_PARTS = 50


async def look(world: World, trigger: Trigger) -> Found:
    """BlockError: it cannot be read, or the credentials are not there or not accepted."""
    source, cursor = trigger.source, trigger.cursor
    with wallets.opening(world, trigger.user_id) as wallet:
        credential = await wallet.open(NEED, str(source["credentials_id"]))
        if not isinstance(credential, UserPassword):
            raise errors.BlockError("Credentials with user and password are needed.", reason="CREDENTIALS_UNSUITABLE")
        mailbox = Mailbox(
            host=str(source["host"]),
            port=int(source["port"]),
            addresses=await world.http.addresses(str(source["host"]), int(source["port"])),
            folder=str(source["folder"]),
            username=credential.username,
            password=credential.password,
        )
        place = Place(validity=cursor["validity"], uid=cursor["uid"]) if cursor else None
        since = trigger.last_polled_at or trigger.created_at
        try:
            news = await imap.news(mailbox, place, since, trigger.max_items)
        except errors.BlockError as error:
            error.message = wallet.redactor.text(error.message)
            raise
    items = await asyncio.to_thread(lambda: [_item(raw) for _, raw in news.messages])
    return Found(items=items, cursor={"validity": news.place.validity, "uid": news.place.uid})


def _item(raw: bytes) -> Item:
    """A letter is known by its bytes, its way here among them: nobody can forge that, and it stays what it is where
    the mailbox is renumbered."""
    id_, value = hashlib.sha256(raw).hexdigest(), read(raw)
    return Item(id=id_, title=str(value["subject"])[:300], value={**value, "id": id_})


def read(raw: bytes) -> dict[str, Any]:
    """A message, whatever it is: what cannot be read of it is empty."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "reply-to")
    return {
        **{name.replace("-", "_"): _header(message, name) for name in headers},
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "attachments": _attachments(message),
    }


def _header(message: Any, name: str) -> str:
    try:
        return str(message.get(name, ""))[:2_000]
    except Exception:  # noqa: BLE001 - the parser meets what nobody foresaw in what strangers send
        return ""


def _body(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body(preferencelist=(kind,))
        return str(part.get_content())[:MAX_TEXT].replace("\r\n", "\n") if part is not None else ""
    except Exception:  # noqa: BLE001 - as above
        return ""


def _attachments(message: EmailMessage) -> list[dict[str, Any]]:
    try:
        parts = list(message.iter_attachments())[:MAX_PARTS]
        return [{"name": (part.get_filename() or "")[:300], "type": part.get_content_type()} for part in parts]
    except Exception:  # noqa: BLE001 - as above
        return []
