"""What may a file be called? A name that means nothing but itself, on any system, in any header.

Names come from strangers and go into lists, headers and file systems. Nothing is refused for its name: what could
lead elsewhere or deceive is taken out. What Windows reserves:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file; characters that turn the direction of a text round,
and hide that ``exe.fdp`` is no PDF: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""

import re
import unicodedata
from urllib.parse import quote

MAX_BYTES = 200
"""Of UTF-8; file systems take 255, and programs that save a copy add to it."""
MAX_EXTENSION = 20
UNNAMED = "file"

_SEPARATORS = re.compile(
    r"(?:[/\\\u2044\u2215\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c]|%(?:25)*(?:2f|5c))+", re.IGNORECASE
)
_RESERVED_CHARACTERS = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?=\.|$)", re.IGNORECASE
)
_SPACES = re.compile(r"\s+")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(name: str) -> str:
    """The name without folders, control and direction characters, reserved words and needless length, in NFC."""
    seen = "".join(one for one in unicodedata.normalize("NFC", name) if unicodedata.category(one) not in _UNSEEN)
    parts = [part for part in _SEPARATORS.split(seen) if part.strip(". ")]
    last = _SPACES.sub(" ", _RESERVED_CHARACTERS.sub("_", parts[-1] if parts else "")).strip(". ")
    safe = f"_{last}" if _DEVICES.match(last) else last
    return _shortened(safe) or UNNAMED


def extension(name: str) -> str:
    """What stands behind the last dot, in lower case; "" where nothing does."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if stem and dot else ""


def with_extension(name: str, extensions: tuple[str, ...]) -> str:
    """The name if it ends in one of ``extensions``, else with the first of them behind it: whatever opens a copy goes
    by the ending, and that must be what the content is. Without any there is nothing to say."""
    if not extensions or extension(name) in extensions:
        return name
    return f"{name}.{extensions[0]}"


def attachment(name: str) -> str:
    """``Content-Disposition`` for a copy to be saved under a clean name, never shown in place:
    https://www.rfc-editor.org/rfc/rfc6266, with a plain form for old clients."""
    plain = "".join(one if one.isascii() and one not in '\\"%;' else "_" for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(name: str) -> str:
    """At most ``MAX_BYTES``, the extension kept."""
    stem, dot, ending = name.rpartition(".")
    kept = f".{ending}" if stem and dot and len(ending.encode()) <= MAX_EXTENSION else ""
    if len(name.encode()) <= MAX_BYTES:
        return name
    room = MAX_BYTES - len(kept.encode())
    return name[: len(name) - len(kept)].encode()[:room].decode(errors="ignore").rstrip(". ") + kept
