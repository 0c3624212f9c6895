"""Which bytes does a file pin mean? A file is a web address, a data URI (RFC 2397), or the id of one that is kept."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from urllib import parse

from shared.blocks import user_files
from shared.blocks.block import Context
from shared.domain import errors

MAX_FILE_BYTES = 10_000_000
MAX_TOGETHER_BYTES = 50_000_000
"""Of all files that one request sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """``media_type`` without parameters, as the source names it; "" where it names none."""

    content: bytes
    media_type: str = ""
    name: str = "file"

    def text(self) -> str:
        """UTF-8, with or without a mark; else UTF-16 with a mark; else Windows-1252, as older exports are."""
        if self.content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.content.decode("utf-16", "replace")
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.content.decode("cp1252", "replace")


async def read(reference: str, context: Context) -> File:
    """The file of ``reference``. BlockError, reason ``FILE_UNREADABLE``; Retryable where the web failed."""
    if reference.startswith("data:"):
        file = _data(reference)
    elif reference.lower().startswith(("http://", "https://")):
        file = await _fetched(reference, context)
    elif user_files.ID.fullmatch(reference):
        kept = await context.files.read(reference, MAX_FILE_BYTES)
        file = File(content=kept.content, media_type=kept.media_type, name=kept.name)
    else:
        raise unreadable(
            f"{reference[:100]!r} is neither a web address nor a data URI, nor the id of a file of yours"
        )
    if len(file.content) > MAX_FILE_BYTES:
        raise unreadable(f"The file has {len(file.content):,} bytes, above {MAX_FILE_BYTES:,}")
    return file


async def read_all(references: Sequence[str], context: Context) -> list[File]:
    """The files of ``references``, in order. As ``read``; ``LIMIT_EXCEEDED`` where they are too large together."""
    files: list[File] = []
    size = 0
    for reference in references:
        files.append(await read(reference, context))
        size += len(files[-1].content)
        if size > MAX_TOGETHER_BYTES:
            message = f"The files have more than {MAX_TOGETHER_BYTES:,} bytes together: send fewer at once"
            raise errors.BlockError(message, reason="LIMIT_EXCEEDED")
    return files


async def _fetched(url: str, context: Context) -> File:
    response = await context.http.request("GET", url)
    if response.status_code >= 500 or response.status_code == 429:
        raise errors.Retryable(f"{url} answered {response.status_code}", reason="FILE_UNREADABLE")
    if response.status_code >= 400:
        raise unreadable(f"{url} answered {response.status_code}; check the address")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    name = parse.unquote(parse.urlsplit(url).path.rpartition("/")[2]) or "file"
    return File(content=response.content, media_type=media_type, name=name)


def _data(uri: str) -> File:
    head, comma, body = uri.removeprefix("data:").partition(",")
    if not comma:
        raise unreadable("The data URI has no comma; write data:<type>;base64,<content>")
    media_type, *parameters = head.split(";")
    content = parse.unquote_to_bytes(body)
    if "base64" in parameters:
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error as error:
            raise unreadable(f"The content of the data URI is not base64: {error}") from error
    return File(content=content, media_type=media_type.strip().lower())


def data_uri(content: bytes, media_type: str) -> str:
    """A file as a pin carries it. BlockError, reason ``LIMIT_EXCEEDED``, for one that no block could read again."""
    if len(content) > MAX_FILE_BYTES:
        message = f"The file would have {len(content):,} bytes, above {MAX_FILE_BYTES:,}: make it of less"
        raise errors.BlockError(message, reason="LIMIT_EXCEEDED")
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def unreadable(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="FILE_UNREADABLE")
