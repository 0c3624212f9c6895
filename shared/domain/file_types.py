"""Which kinds of files are taken, how large may each be, and as what is it handed out?

A file is of one of these by its content, or it is not taken. ``served_as`` is what a browser is told: nothing that it
would run or show as a page; texts of all kinds are plain ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

OPAQUE: Final = "application/octet-stream"
PLAIN: Final = "text/plain"
_PLAIN_UTF8: Final = "text/plain; charset=utf-8"
MB: Final = 1_000_000
NO_LIMIT: Final = 1 << 62
"""Of its own: that of the deployment holds."""


class Family(StrEnum):
    """Kinds that a client may take for one another without meaning harm."""

    TEXT = "TEXT"
    ARCHIVE = "ARCHIVE"
    IMAGE = "IMAGE"
    SOUND = "SOUND"
    VIDEO = "VIDEO"
    DOCUMENT = "DOCUMENT"
    DATA = "DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """``extensions``: endings that suit it, the usual one first. ``largest``: bytes, beside the deployment's limit.
    ``aka``: other names that clients have for it."""

    media_type: str
    family: Family
    extensions: tuple[str, ...]
    served_as: str
    largest: int = NO_LIMIT
    aka: tuple[str, ...] = ()


def _type(
    media_type: str,
    family: Family,
    *extensions: str,
    served_as: str = "",
    largest: int = NO_LIMIT,
    aka: tuple[str, ...] = (),
) -> FileType:
    shown = served_as or (_PLAIN_UTF8 if family is Family.TEXT else media_type)
    return FileType(
        media_type=media_type, family=family, extensions=extensions, served_as=shown, largest=largest, aka=aka
    )


_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"

_ALL = (
    _type(PLAIN, Family.TEXT, "txt", "text", "log", "md", "markdown", "rst", "ini", "toml", "srt", "vtt", "tex"),
    _type("text/csv", Family.TEXT, "csv", "tsv", "txt", aka=("text/tab-separated-values", "application/csv")),
    _type("text/markdown", Family.TEXT, "md", "markdown", "txt", aka=("text/x-markdown",)),
    _type("application/json", Family.TEXT, "json", "geojson", "ipynb", "txt", aka=("text/json",)),
    _type("application/jsonl", Family.TEXT, "jsonl", "ndjson", "txt", aka=("application/x-ndjson",)),
    _type("application/yaml", Family.TEXT, "yaml", "yml", "txt", aka=("text/yaml", "application/x-yaml")),
    _type("application/xml", Family.TEXT, "xml", "rss", "atom", "gpx", "kml", aka=("text/xml",), largest=5 * MB),
    _type("image/svg+xml", Family.IMAGE, "svg", served_as=OPAQUE, largest=1 * MB),
    _type("image/png", Family.IMAGE, "png"),
    _type("image/jpeg", Family.IMAGE, "jpg", "jpeg", "jpe", "jfif", aka=("image/jpg",)),
    _type("image/gif", Family.IMAGE, "gif"),
    _type("image/webp", Family.IMAGE, "webp"),
    _type("image/avif", Family.IMAGE, "avif"),
    _type("image/heic", Family.IMAGE, "heic", "heif", aka=("image/heif",)),
    _type("audio/mpeg", Family.SOUND, "mp3", "mpga", aka=("audio/mp3",)),
    _type("audio/wav", Family.SOUND, "wav", aka=("audio/x-wav", "audio/wave", "audio/vnd.wave")),
    _type("audio/ogg", Family.SOUND, "ogg", "oga", "opus", "ogv", aka=("video/ogg", "audio/opus")),
    _type("audio/flac", Family.SOUND, "flac", aka=("audio/x-flac",)),
    _type("audio/mp4", Family.SOUND, "m4a", "mp4", aka=("audio/x-m4a", "audio/m4a")),
    _type("video/mp4", Family.VIDEO, "mp4", "m4v"),
    _type("video/quicktime", Family.VIDEO, "mov", "qt"),
    _type("video/webm", Family.VIDEO, "webm", "mkv", aka=("audio/webm", "video/x-matroska")),
    _type("application/pdf", Family.DOCUMENT, "pdf"),
    _type("application/rtf", Family.DOCUMENT, "rtf", aka=("text/rtf",), largest=5 * MB),
    _type("application/msword", Family.DOCUMENT, "doc", "dot"),
    _type("application/vnd.ms-excel", Family.DOCUMENT, "xls", "xlt"),
    _type("application/vnd.ms-powerpoint", Family.DOCUMENT, "ppt", "pps"),
    _type(f"{_OOXML}.wordprocessingml.document", Family.DOCUMENT, "docx"),
    _type(f"{_OOXML}.spreadsheetml.sheet", Family.DOCUMENT, "xlsx"),
    _type(f"{_OOXML}.presentationml.presentation", Family.DOCUMENT, "pptx"),
    _type(f"{_ODF}.text", Family.DOCUMENT, "odt"),
    _type(f"{_ODF}.spreadsheet", Family.DOCUMENT, "ods"),
    _type(f"{_ODF}.presentation", Family.DOCUMENT, "odp"),
    _type("application/zip", Family.ARCHIVE, "zip", aka=("application/x-zip-compressed",)),
    _type("application/gzip", Family.ARCHIVE, "gz", "tgz", aka=("application/x-gzip",)),
    _type("application/x-tar", Family.ARCHIVE, "tar"),
    _type("application/vnd.apache.parquet", Family.DATA, "parquet"),
)

TYPES: Final[Mapping[str, FileType]] = {one.media_type: one for one in _ALL}
_BY_NAME: Final[Mapping[str, FileType]] = {name: one for one in _ALL for name in (one.media_type, *one.aka)}


def find(media_type: str) -> FileType | None:
    """By any of its names, in any case, with or without parameters."""
    return _BY_NAME.get(media_type.partition(";")[0].strip().lower())


def agree(declared: str, found: str) -> bool:
    """Whether what a client calls a file is what it is. "" and ``OPAQUE`` say nothing. A text of one kind is taken
    for a text of another, since nothing but a convention tells them apart, and an office document for the archive
    that it is."""
    if declared in ("", OPAQUE) or declared == found:
        return True
    says, is_ = find(declared), find(found)
    if says is None or is_ is None:
        return False
    if says is is_:
        return True
    zipped = is_.media_type.startswith((_OOXML, _ODF))
    return says.family is is_.family is Family.TEXT or (says.media_type == "application/zip" and zipped)
