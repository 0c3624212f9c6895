"""May this file of a user be kept, and as what? The content decides; name and claim only where that does no harm."""

from shared.domain import file_names, file_types
from shared.domain.file_types import Family
from shared.domain.files import Reason
from shared.inspection import content
from shared.inspection.refusals import Refused


def examine(data: bytes, *, name: str, declared: str, max_bytes: int) -> str:
    """The media type under which it is kept, one of ``file_types.TYPES``. Refused. Takes a second or so at worst."""
    found = file_types.TYPES[content.kind(data)]
    if len(data) > min(max_bytes, found.largest):
        limit = min(max_bytes, found.largest)
        raise Refused(Reason.TOO_LARGE, f"It has {len(data):,} bytes; of {found.media_type} {limit:,} are taken")
    if not file_types.agree(declared, found.media_type):
        raise Refused(Reason.TYPE_MISMATCH, f"It is {found.media_type}, and was announced as {declared}")
    if found.media_type != file_types.PLAIN:
        return found.media_type
    return _of_texts(declared, name)


def _of_texts(declared: str, name: str) -> str:
    """Nothing in a plain text says of which kind it is: as it is called, if that is a kind of text."""
    ending = file_names.extension(name)
    claims = (file_types.find(declared), *(one for one in file_types.TYPES.values() if ending in one.extensions[:3]))
    kinds = [one.media_type for one in claims if one is not None and one.family is Family.TEXT]
    plain = (file_types.PLAIN, "text/markdown", "application/yaml", "text/csv")
    return next((one for one in kinds if one in plain), file_types.PLAIN)
