"""Which blocks make files, pass them on, and say what they are?"""

import asyncio
import functools
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example, may_be_set
from shared.blocks.sources import File
from shared.domain import errors

FILE = "The file: its web address, a data URI, or the id of one of yours."
MAX_ENTRIES = 1_000
MAX_UNPACKED = 50_000_000
ARCHIVE = (
    "data:application/zip;base64,UEsDBBQAAAAIAAAAIQCsKpPYBAAAAAIAAAAFAAAAYS50eHTLyAQAUEsBAhQDFAAAAAgAAAAhAKwqk9gE"
    "AAAAAgAAAAUAAAAAAAAAAAAAAIABAAAAAGEudHh0UEsFBgAAAAABAAEAMwAAACcAAAAAAA=="
)
"""Of one file."""
KINDS = {
    b"\x89PNG\r\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"GIF8": ("image/gif", "gif"),
    b"%PDF-": ("application/pdf", "pdf"),
    b"PK\x03\x04": ("application/zip", "zip"),
    b"\x1f\x8b": ("application/gzip", "gz"),
}
"""First bytes -> media type, ending."""


class FileStoreBlock(Block):
    block_type = "FILE_STORE"
    category = "FILES"
    description = "Fetches a file once, and supplies it again and again."
    static_output = True
    max_attempts = 3
    examples = [
        Example(
            title="A data URI",
            input={"file_in": "data:text/plain,hi"},
            output=[("file_out", "data:text/plain;base64,aGk=")],
        ),
        Example(
            title="Its base64 alone", input={"file_in": "data:,hi", "base_64": True}, output=[("file_out", "aGk=")]
        ),
        Example(title="No file", input={"file_in": "/etc/passwd"}, fails="neither a web address"),
    ]

    class Input(BlockInput):
        file_in: str = Field(description=FILE)
        base_64: bool = Field(
            default=False, description="Whether its bytes in base64 are meant, without a media type."
        )

    class Output(BlockOutput):
        file_out: str = Field(description="The file: a data URI.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        file = await sources.read(input.file_in, context)
        uri = sources.data_uri(file.content, media_type(file))
        yield "file_out", uri.partition(",")[2] if input.base_64 else uri


def media_type(file: File) -> str:
    """By its first bytes where they say it; else as its source does."""
    found = next((kind for start, (kind, _) in KINDS.items() if file.content.startswith(start)), "")
    if found == "application/zip" and file.media_type.startswith("application/vnd."):
        return file.media_type  # documents of office programs are archives
    if file.content[:4] == b"RIFF" and file.content[8:12] == b"WEBP":
        return "image/webp"
    return found or file.media_type or "application/octet-stream"


class CreateFileBlock(Block):
    block_type = "CREATE_FILE"
    category = "FILES"
    description = "Makes a file of a text."
    pure = True
    examples = [
        Example(
            title="A text",
            input={"text": "hi", "media_type": "text/markdown"},
            output=[("file", "data:text/markdown;base64,aGk=")],
        )
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        media_type: str = Field(
            default="text/plain", pattern=r"^[\w.+-]{1,60}/[\w.+-]{1,60}$", description="Of what kind it is."
        )

    class Output(BlockOutput):
        file: str = Field(description="The file: a data URI, in UTF-8.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "file", sources.data_uri(input.text.encode("utf-8", "replace"), input.media_type)


class FileInfoBlock(Block):
    block_type = "FILE_INFO"
    category = "FILES"
    description = "Says how large a file is, of what kind by its content, and its hash."
    max_attempts = 3
    examples = [
        Example(
            title="A text",
            input={"file": "data:text/plain,hi"},
            output=[
                ("size", 2),
                ("media_type", "text/plain"),
                ("name", "file"),
                ("sha256", "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"),
            ],
        ),
    ]

    class Input(BlockInput):
        file: str = Field(description=FILE)

    class Output(BlockOutput):
        size: int = Field(description="Bytes.")
        media_type: str = Field(description="Of what kind it is.")
        name: str = Field(description="Its name, where its address tells one.")
        sha256: str = Field(description="Its hash: the same bytes have the same.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        file = await sources.read(input.file, context)
        yield "size", len(file.content)
        yield "media_type", media_type(file)
        yield "name", file.name
        yield "sha256", hashlib.sha256(file.content).hexdigest()


class ZipFilesBlock(Block):
    block_type = "ZIP_FILES"
    category = "FILES"
    description = "Packs files into a ZIP archive."
    max_attempts = 3
    examples = [
        Example(title="Two files", input={"files": {"a.txt": "data:,hi", "b/c.txt": "https://example.com/c.txt"}}),
    ]

    class Input(BlockInput):
        files: dict[str, str] = Field(
            max_length=MAX_ENTRIES, description="Name in the archive -> file: web address or data URI."
        )

    class Output(BlockOutput):
        archive: str = Field(description="The archive: a data URI.")
        size: int = Field(description="Its bytes.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        files = await sources.read_all(list(input.files.values()), context)
        content = await asyncio.to_thread(_packed, dict(zip(input.files, files, strict=True)))
        yield "archive", sources.data_uri(content, "application/zip")
        yield "size", len(content)


def _packed(files: dict[str, File]) -> bytes:
    """The same files give the same bytes: each is of the first day that an archive can name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, file in files.items():
            archive.writestr(zipfile.ZipInfo(safe_name(name)), file.content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def safe_name(name: str) -> str:
    """Without a way out of the folder into which it is unpacked."""
    plain = name.replace("\\", "/").replace("\0", "").replace(":", "/")
    return "/".join(part for part in plain.split("/") if part not in ("", ".", ".."))[:500] or "file"


class UnzipFilesBlock(Block):
    block_type = "UNZIP_FILES"
    category = "FILES"
    description = "Unpacks a ZIP archive: its files one by one, or a list of them."
    max_attempts = 3
    emits_many = frozenset({"file"})
    examples = [
        Example(title="No archive", input={"archive": "data:,x"}, fails="no ZIP archive"),
        Example(
            title="One file",
            input={"archive": ARCHIVE},
            output=[
                ("files", [{"name": "a.txt", "size": 2, "file": "data:text/plain;base64,aGk="}]),
                ("file", {"name": "a.txt", "size": 2, "file": "data:text/plain;base64,aGk="}),
            ],
        ),
    ]

    class Input(BlockInput):
        archive: str = Field(description="The archive: its web address, or a data URI.")
        pattern: str = Field(default="*", max_length=500, description="Which names, like *.csv.")
        one_by_one: bool = Field(default=True, description="Whether each file is sent on its own too.")

    class Output(BlockOutput):
        files: list[dict[str, Any]] = Field(description="Name, size and file (a data URI) of each, in order.")
        file: dict[str, Any] = Field(description="The same; one token each.")

    @classmethod
    def many_pins(cls, input_data: Any) -> frozenset[str]:
        return (
            cls.emits_many if "one_by_one" not in input_data or may_be_set(input_data, "one_by_one") else frozenset()
        )

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        archive = await sources.read(input.archive, context)
        files = await asyncio.to_thread(functools.partial(_unpacked, archive.content, input.pattern))
        yield "files", files
        for one in files if input.one_by_one else []:
            yield "file", one


def _unpacked(content: bytes, pattern: str) -> list[dict[str, Any]]:
    """What an archive says of itself counts for nothing: the bytes are counted while they come."""
    import fnmatch
    import mimetypes

    files: list[dict[str, Any]] = []
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise errors.BlockError(f"The archive has more than {MAX_ENTRIES:,} files", reason="LIMIT_EXCEEDED")
            for entry in archive.infolist():
                if entry.is_dir() or not fnmatch.fnmatchcase(entry.filename, pattern):
                    continue
                with archive.open(entry) as packed:
                    body = packed.read(left + 1)
                left -= len(body)
                if left < 0:
                    raise errors.BlockError(
                        f"The archive unpacks to more than {MAX_UNPACKED:,} bytes", reason="LIMIT_EXCEEDED"
                    )
                kind = mimetypes.guess_type(entry.filename)[0] or "application/octet-stream"
                uri = sources.data_uri(body, media_type(File(content=body, media_type=kind)))
                files.append({"name": safe_name(entry.filename), "size": len(body), "file": uri})
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise sources.unreadable(f"The file is no ZIP archive, or is damaged or encrypted: {error}") from error
    return files
