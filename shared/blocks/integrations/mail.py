"""How is an e-mail written down, and read?

https://www.rfc-editor.org/rfc/rfc5322 through Python's ``email``. Its Message-ID comes of the node execution, so that
a receiver knows a repeated one again.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

from shared.blocks import sources
from shared.blocks.block import Context
from shared.domain import errors

_HTML = re.compile(
    r"</?(html|body|div|p|br|table|a|b|i|strong|em|h[1-6]|ul|ol|li|span|img)\b[^<>]{0,1000}>", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """``content_type``: plain, html, or auto: html where the body has tags."""

    to: Sequence[str]
    subject: str
    body: str
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    sender: str = ""
    content_type: str = "auto"
    attachments: Sequence[str] = ()
    files: Sequence[sources.File] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def is_html(letter: Letter) -> bool:
    if letter.content_type == "auto":
        return _HTML.search(letter.body) is not None
    return letter.content_type == "html"


async def written(letter: Letter, context: Context) -> EmailMessage:
    """BlockError where there is nobody to send it to, or a header cannot be written."""
    if not [one for one in (*letter.to, *letter.cc, *letter.bcc) if one.strip()]:
        raise errors.BlockError("There is nobody to send it to: give an address", reason="INVALID_INPUT")
    message = EmailMessage(policy=policy.SMTP)
    addresses = {"To": letter.to, "Cc": letter.cc, "Bcc": letter.bcc}
    several = {name: ", ".join(one.strip() for one in some if one.strip()) for name, some in addresses.items()}
    named = {"From": letter.sender, **several, "Subject": letter.subject, **letter.headers}
    if context.idempotency_key:
        named["Message-ID"] = f"<{context.idempotency_key}@weftly.invalid>"
    for name, value in named.items():
        if value:
            _set(message, name, value)
    _fill(message, letter)
    for file in [*letter.files, *await sources.read_all(letter.attachments, context)]:
        main, _, sub = (file.media_type or "application/octet-stream").partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return message


def _set(message: EmailMessage, name: str, value: str) -> None:
    try:
        message[name] = value
    except ValueError as error:
        raise errors.BlockError(
            f"{name}: {value!r:.100} cannot be written: {error}", reason="INVALID_INPUT"
        ) from error


def _fill(message: EmailMessage, letter: Letter) -> None:
    if not is_html(letter):
        message.set_content(letter.body)
        return
    message.set_content(as_text(letter.body))
    message.add_alternative(letter.body, subtype="html")


def as_text(markup: str) -> str:
    """What a reader without HTML sees."""
    lines = re.sub(r"(?i)<(br|/p|/div|/li|/tr|/h[1-6])\b[^<>]{0,200}>", "\n", markup)
    return html.unescape(re.sub(r"<[^<>]{0,2000}>", "", lines)).strip()


def addresses(header: str) -> list[str]:
    """``Ann <ann@a.example>, bob@b.example`` -> the addresses alone."""
    return [address for _, address in getaddresses([header]) if address]


def text_of(parts: Mapping[str, Any], decoded: Callable[[str], str]) -> str:
    """The text of a message's tree of parts, each ``{mimeType, filename, body {data}, parts}``: plain before HTML."""
    found: dict[str, str] = {}
    for kind, data in _texts(parts):
        found.setdefault(kind, data)
    if "text/plain" in found:
        return decoded(found["text/plain"])
    return as_text(decoded(found["text/html"])) if "text/html" in found else ""


def _texts(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    data = part.get("body", {}).get("data")
    if data and not part.get("filename"):
        yield part.get("mimeType", ""), data
    for child in part.get("parts", []):
        yield from _texts(child)
