"""How does Gmail hold messages, and what of them do blocks see?

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages: headers and parts as a tree,
contents as base64url.
"""

import base64
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from typing import Any

from shared.blocks import sources
from shared.blocks.block import BlockInput, Context
from shared.blocks.integrations import api, google, mail

URL = "https://gmail.googleapis.com/gmail/v1/users/me"
READING = google.service("Gmail", URL, "gmail.readonly")
SENDING = google.service("Gmail", URL, "gmail.send")
ANSWERING = google.service("Gmail", URL, "gmail.readonly", "gmail.send")
LABELLING = google.service("Gmail", URL, "gmail.modify")


class GmailInput(BlockInput):
    credentials: Any = api.credentials_pin("Google, with access to Gmail")


async def get(gmail: api.Session, id_: str) -> Mapping[str, Any]:
    return await gmail.get(f"/messages{api.path(id_)}", params={"format": "full"})


async def send(gmail: api.Session, letter: mail.Letter, context: Context, thread: str = "") -> Mapping[str, Any]:
    """``{id, threadId}`` of what was sent."""
    message = await mail.written(letter, context)
    body = {"raw": encoded(message), **({"threadId": thread} if thread else {})}
    return await gmail.post("/messages/send", json=body)


def encoded(message: EmailMessage) -> str:
    return base64.urlsafe_b64encode(message.as_bytes()).decode()


def decoded(data: str) -> bytes:
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def headers(message: Mapping[str, Any]) -> dict[str, str]:
    """By their names in small letters."""
    return {one["name"].lower(): one["value"] for one in message["payload"].get("headers", [])}


def as_email(message: Mapping[str, Any]) -> dict[str, Any]:
    """What a block gives of a message."""
    named = headers(message)
    return {
        "id": message["id"],
        "threadId": message.get("threadId", ""),
        "labelIds": message.get("labelIds", []),
        "subject": named.get("subject", ""),
        "snippet": message.get("snippet", ""),
        "from_": named.get("from", ""),
        "to": mail.addresses(named.get("to", "")),
        "cc": mail.addresses(named.get("cc", "")),
        "bcc": mail.addresses(named.get("bcc", "")),
        "date": named.get("date", ""),
        "body": text(message),
        "sizeEstimate": message.get("sizeEstimate", 0),
        "attachments": [
            {
                "filename": part["filename"],
                "content_type": part.get("mimeType", ""),
                "size": part["body"].get("size", 0),
                "attachment_id": part["body"].get("attachmentId", ""),
            }
            for part in files(message["payload"])
        ],
    }


def text(message: Mapping[str, Any]) -> str:
    return mail.text_of(message["payload"], lambda data: decoded(data).decode("utf-8", "replace"))


def files(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if part.get("filename"):
        yield part
    for child in part.get("parts", []):
        yield from files(child)


async def fetched(gmail: api.Session, message: Mapping[str, Any]) -> list[sources.File]:
    """The attachments of a message."""
    found: list[sources.File] = []
    for part in files(message["payload"]):
        data = part["body"].get("data")
        if data is None:
            route = f"/messages{api.path(message['id'])}/attachments{api.path(part['body']['attachmentId'])}"
            data = (await gmail.get(route))["data"]
        media_type = part.get("mimeType", "")
        found.append(sources.File(content=decoded(data), media_type=media_type, name=part["filename"]))
    return found
