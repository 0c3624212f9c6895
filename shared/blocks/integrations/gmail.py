"""Gmail: read, send, answer, forward and label messages.

https://developers.google.com/workspace/gmail/api/reference/rest: users.messages.list, .get, .send, .modify,
users.labels, users.getProfile; https://developers.google.com/workspace/gmail/api/guides/threads says what an
answer must have.
"""

from collections.abc import AsyncIterator
from typing import Any, Literal

from pydantic import Field

from shared.blocks.block import Block, BlockOutput, Context, Example
from shared.blocks.integrations import api, gmail_messages, mail
from shared.blocks.integrations.gmail_messages import ANSWERING, LABELLING, READING, SENDING, GmailInput

_PAGE = 100
ContentType = Literal["auto", "plain", "html"]
_EMAIL = "id, threadId, labelIds, subject, snippet, from_, to, cc, bcc, date, body, sizeEstimate, attachments"


class GmailReadBlock(Block):
    block_type = "GMAIL_READ"
    category = "COMMUNICATION"
    description = "Gives the messages of Gmail that a search finds, the newest first."
    max_attempts = 3
    emits_many = frozenset({"email"})
    credentials = READING.needed()
    examples = [Example(title="What is unread", input={"max_results": 5}), api.without_credentials({})]

    class Input(GmailInput):
        query: str = Field(default="is:unread", description="A search, as in Gmail.")
        max_results: int = Field(default=10, description="How many messages at most.")

    class Output(BlockOutput):
        email: dict[str, Any] = Field(description=f"Each message: {_EMAIL}.")
        emails: list[dict[str, Any]] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        gmail = await READING.open(context, input.credentials)
        listed = await gmail.pages(
            "/messages",
            items="messages",
            after=lambda page: {"pageToken": page["nextPageToken"]} if page.get("nextPageToken") else None,
            limit=input.max_results,
            params={"q": input.query, "maxResults": min(max(input.max_results, 1), _PAGE)},
        )
        emails = [gmail_messages.as_email(await gmail_messages.get(gmail, one["id"])) for one in listed]
        for pair in api.several(emails, "email", "emails"):
            yield pair


class GmailSendBlock(Block):
    block_type = "GMAIL_SEND"
    category = "COMMUNICATION"
    description = "Sends an e-mail through Gmail."
    max_attempts = 3
    credentials = SENDING.needed()
    examples = [
        Example(title="A message", input={"to": ["bob@example.com"], "subject": "Ebb", "body": "Low water at six."}),
        api.without_credentials({"to": ["bob@example.com"], "subject": "Ebb", "body": "Low water at six."}),
    ]

    class Input(GmailInput):
        to: list[str] = Field(description="Whom to send it to.")
        subject: str = Field(description="The subject.")
        body: str = Field(description="The text.")
        cc: list[str] = Field(default_factory=list[str], description="Who gets a copy.")
        bcc: list[str] = Field(default_factory=list[str], description="Who gets one unseen.")
        content_type: ContentType | None = Field(default=None, description="plain or html; else by the text itself.")
        attachments: list[str] = Field(default_factory=list[str], description="Files: web addresses or data URIs.")

    class Output(BlockOutput):
        result: dict[str, Any] = Field(description="id of the message, and its status.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        gmail = await SENDING.open(context, input.credentials)
        letter = mail.Letter(
            to=input.to,
            cc=input.cc,
            bcc=input.bcc,
            subject=input.subject,
            body=input.body,
            content_type=input.content_type or "auto",
            attachments=input.attachments,
        )
        sent = await gmail_messages.send(gmail, letter, context)
        yield "result", {"id": sent["id"], "status": "sent"}


class GmailReplyBlock(Block):
    block_type = "GMAIL_REPLY"
    category = "COMMUNICATION"
    description = "Answers a message in Gmail, within its thread."
    max_attempts = 3
    credentials = ANSWERING.needed()
    examples = [
        Example(title="An answer", input={"threadId": "18c1", "parentMessageId": "18c2", "body": "Thank you."}),
        api.without_credentials({"threadId": "18c1", "parentMessageId": "18c2", "body": "Thank you."}),
    ]

    class Input(GmailInput):
        threadId: str = Field(description="The id of the thread.")
        parentMessageId: str = Field(description="The id of the message that is answered.")
        to: list[str] = Field(default_factory=list[str], description="Whom to send it to; else who wrote it.")
        cc: list[str] = Field(default_factory=list[str], description="Who gets a copy.")
        bcc: list[str] = Field(default_factory=list[str], description="Who gets one unseen.")
        replyAll: bool = Field(default=False, description="Whether all who had it get the answer.")
        subject: str = Field(default="", description="The subject; else Re: and the one before.")
        body: str = Field(description="The text.")
        content_type: ContentType | None = Field(default=None, description="plain or html; else by the text itself.")
        attachments: list[str] = Field(default_factory=list[str], description="Files: web addresses or data URIs.")

    class Output(BlockOutput):
        messageId: str = Field(description="The id of the answer.")
        threadId: str = Field(description="The id of the thread.")
        message: dict[str, Any] = Field(description="What Gmail says of the answer.")
        email: dict[str, Any] = Field(description=f"The answer: {_EMAIL}.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        gmail = await ANSWERING.open(context, input.credentials)
        parent = gmail_messages.headers(await gmail_messages.get(gmail, input.parentMessageId))
        me = (await gmail.get("/profile"))["emailAddress"] if input.replyAll else ""
        sent = await gmail_messages.send(gmail, answer(input, parent, me), context, input.threadId)
        yield "messageId", sent["id"]
        yield "threadId", sent.get("threadId") or input.threadId
        yield "message", sent
        yield "email", gmail_messages.as_email(await gmail_messages.get(gmail, sent["id"]))


def answer(input: GmailReplyBlock.Input, parent: dict[str, str], me: str) -> mail.Letter:
    """To whom it goes, and what makes it part of the thread."""
    to, cc = list(input.to), list(input.cc)
    if not to:
        to = mail.addresses(parent.get("reply-to") or parent.get("from", ""))
        if input.replyAll:
            to += mail.addresses(parent.get("to", ""))
    if input.replyAll:
        cc += mail.addresses(parent.get("cc", ""))
    mine = {me.lower(), ""}
    to = [one for one in dict.fromkeys(to) if one.lower() not in mine]
    cc = [one for one in dict.fromkeys(cc) if one.lower() not in mine and one not in to]
    before = parent.get("subject", "")
    known = parent.get("message-id", "")
    return mail.Letter(
        to=to,
        cc=cc,
        bcc=input.bcc,
        subject=input.subject or (before if before.lower().startswith("re:") else f"Re: {before}"),
        body=input.body,
        content_type=input.content_type or "auto",
        attachments=input.attachments,
        headers={"In-Reply-To": known, "References": f"{parent.get('references', '')} {known}".strip()},
    )


class GmailForwardBlock(Block):
    block_type = "GMAIL_FORWARD"
    category = "COMMUNICATION"
    description = "Forwards a message of Gmail, with its files."
    max_attempts = 3
    credentials = ANSWERING.needed()
    examples = [
        Example(title="To a colleague", input={"messageId": "18c2", "to": ["bob@example.com"]}),
        api.without_credentials({"messageId": "18c2", "to": ["bob@example.com"]}),
    ]

    class Input(GmailInput):
        messageId: str = Field(description="The id of the message.")
        to: list[str] = Field(description="Whom to send it to.")
        cc: list[str] = Field(default_factory=list[str], description="Who gets a copy.")
        bcc: list[str] = Field(default_factory=list[str], description="Who gets one unseen.")
        subject: str = Field(default="", description="The subject; else Fwd: and the one before.")
        forwardMessage: str = Field(default="", description="What to write above it.")
        includeAttachments: bool = Field(default=True, description="Whether its files go with it.")
        content_type: ContentType | None = Field(default=None, description="plain or html; else by the text itself.")
        additionalAttachments: list[str] = Field(
            default_factory=list[str], description="More files: web addresses or data URIs."
        )

    class Output(BlockOutput):
        messageId: str = Field(description="The id of what was sent.")
        threadId: str = Field(description="The id of its thread.")
        status: str = Field(description="What became of it.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        gmail = await ANSWERING.open(context, input.credentials)
        message = await gmail_messages.get(gmail, input.messageId)
        named = gmail_messages.headers(message)
        before = named.get("subject", "")
        letter = mail.Letter(
            to=input.to,
            cc=input.cc,
            bcc=input.bcc,
            subject=input.subject or (before if before.lower().startswith("fwd:") else f"Fwd: {before}"),
            body=_forwarded(input.forwardMessage, named, gmail_messages.text(message)),
            content_type=input.content_type or "auto",
            attachments=input.additionalAttachments,
            files=await gmail_messages.fetched(gmail, message) if input.includeAttachments else (),
        )
        sent = await gmail_messages.send(gmail, letter, context)
        yield "messageId", sent["id"]
        yield "threadId", sent.get("threadId", "")
        yield "status", "Message forwarded"


def _forwarded(above: str, named: dict[str, str], text: str) -> str:
    lines = [
        f"{name}: {named[name.lower()]}" for name in ("From", "Date", "Subject", "To") if named.get(name.lower())
    ]
    head = "\n".join(["---------- Forwarded message ---------", *lines])
    return f"{above}\n\n{head}\n\n{text}".lstrip("\n")


class GmailAddLabelBlock(Block):
    block_type = "GMAIL_ADD_LABEL"
    category = "COMMUNICATION"
    description = "Puts a label on a message of Gmail; a label that is not there is made."
    max_attempts = 3
    credentials = LABELLING.needed()
    examples = [
        Example(title="A label", input={"message_id": "18c2", "label_name": "Tides"}),
        api.without_credentials({"message_id": "18c2", "label_name": "Tides"}),
    ]

    class Input(GmailInput):
        message_id: str = Field(description="The id of the message.")
        label_name: str = Field(description="The name of the label.")

    class Output(BlockOutput):
        result: dict[str, Any] = Field(description="label_id, and status.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        gmail = await LABELLING.open(context, input.credentials)
        label_id = await _label(gmail, input.label_name)
        message = await gmail_messages.get(gmail, input.message_id)
        if label_id in message.get("labelIds", []):
            yield "result", {"label_id": label_id, "status": "Label already applied"}
            return
        await gmail.post(f"/messages{api.path(input.message_id)}/modify", json={"addLabelIds": [label_id]})
        yield "result", {"label_id": label_id, "status": "Label added successfully"}


async def _label(gmail: api.Session, name: str) -> str:
    for label in (await gmail.get("/labels")).get("labels", []):
        if label["name"].lower() == name.lower():
            return label["id"]
    shown = {"labelListVisibility": "labelShow", "messageListVisibility": "show"}
    return (await gmail.post("/labels", json={"name": name, **shown}))["id"]
