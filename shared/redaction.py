"""Which secrets have been opened here, and what does a text look like without them?

While a block runs, everything that it opened is known to the ``Redactor`` in ``current``: what the block emits, the
message of its failure and every line that is logged meanwhile goes through it. A secret is found as it is, in another
case, backwards, and as URLs, JSON, HTML, hexadecimal and base64 write it. What a block makes of a secret otherwise,
as a hash or an encrypted text, is not found.
"""

import base64
import html
import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, cast
from urllib.parse import quote, quote_plus

MARK = "[redacted]"
MIN_LENGTH = 4
"""Shorter texts are no secrets: whoever replaced them would replace half of everything."""
MIN_TURNED = 8
"""Of shorter secrets neither base64, nor another case, nor what is read backwards is looked for."""


class Redactor:
    """Knows secrets, and takes them out of texts and JSON values."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._ordered: list[str] = []

    def add(self, *secrets: str) -> None:
        for secret in secrets:
            if len(secret.strip()) >= MIN_LENGTH:
                self._forms |= _forms(secret)
        self._ordered = sorted(self._forms, key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._ordered)

    def text(self, text: str) -> str:
        for form in self._ordered:
            if form in text:
                text = text.replace(form, MARK)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value, names in it included."""
        if not self._ordered:
            return value
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(one) for one in cast(list[Any], value)]
            case Mapping():
                items = cast(Mapping[str, Any], value).items()
                return {self.text(name): self.value(one) for name, one in items}
            case _:
                return value


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    plain = {secret, secret.strip()}
    forms = {
        *plain,
        *(quote(one, safe="", errors="replace") for one in plain),
        *(quote(one, errors="replace") for one in plain),
        *(quote_plus(one, errors="replace") for one in plain),
        *(json.dumps(one)[1:-1] for one in plain),
        *(json.dumps(one, ensure_ascii=False)[1:-1] for one in plain),
        *(html.escape(one) for one in plain),
        raw.hex(),
        raw.hex().upper(),
    }
    if len(raw) >= MIN_TURNED:
        forms |= _base64(raw)
        for one in plain:
            forms |= {one.lower(), one.upper(), one.title(), one.swapcase(), one[::-1]}
    return {form for form in forms if len(form) >= MIN_LENGTH}


def _base64(raw: bytes) -> set[str]:
    """What the secret is in the base64 of any text that holds it: its first and last characters depend on what
    stands beside it, and are left out."""
    found: set[str] = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        start = (before * 8 + 5) // 6
        end = (before + len(raw)) * 8 // 6
        core = encoded[start:end]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


current: ContextVar[Redactor | None] = ContextVar("weftly_redactor", default=None)


def here() -> Redactor | None:
    """What must not be told here."""
    return current.get()
