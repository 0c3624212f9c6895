"""How does a client get the next page? With an opaque token, good for the same caller and filter only.

The token carries the cursor and a checksum over cursor, caller and filter. The checksum is no secret: a forged
token can only point elsewhere in what the caller may list anyway. It finds tokens that were cut, changed, or
used with another filter, as https://google.aip.dev/158 asks.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Query

from shared.domain import errors
from shared.domain.errors import Violation

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100

_CHECKSUM_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a client asked for: at most ``size`` items, those after the cursor in ``token`` ("": the first)."""

    size: int
    token: str

    def cursor(self, *scope: str) -> Any | None:
        """Where to go on; None: from the start. ``scope``: who asks for what, the same in ``answer``.
        InvalidArgument: the token is not one of this list."""
        if not self.token:
            return None
        try:
            raw = base64.urlsafe_b64decode(self.token + "=" * (-len(self.token) % 4))
            checksum, text = raw[:_CHECKSUM_BYTES], raw[_CHECKSUM_BYTES:]
            if self.token == _encode(text, scope) and checksum:
                return orjson.loads(text)
        except ValueError:
            pass
        raise _bad_token()

    def answer(self, items: Sequence[Mapping[str, Any]], cursor: Any | None, *scope: str) -> dict[str, Any]:
        """``{items, next_page_token}``. ``cursor``: a JSON value that names the last item; None: no more."""
        token = None if cursor is None else _encode(orjson.dumps(cursor), scope)
        return {"items": items, "next_page_token": token}


def page(
    page_size: Annotated[
        int, Query(ge=1, le=MAX_PAGE_SIZE, description="Items on a page, at most.")
    ] = DEFAULT_PAGE_SIZE,
    page_token: Annotated[str, Query(max_length=4096, description="next_page_token of the page before.")] = "",
) -> Page:
    """The dependency of every list."""
    return Page(size=page_size, token=page_token)


def _encode(text: bytes, scope: Sequence[str]) -> str:
    checksum = hashlib.blake2b(orjson.dumps(scope) + text, digest_size=_CHECKSUM_BYTES).digest()
    return base64.urlsafe_b64encode(checksum + text).rstrip(b"=").decode()


def _bad_token() -> errors.InvalidArgument:
    violation = Violation("page_token", "It is not from this list; leave it out to start from the beginning.")
    return errors.InvalidArgument(
        "page_token is not valid for this list.", reason="BAD_PAGE_TOKEN", violations=[violation]
    )
