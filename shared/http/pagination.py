"""How does a client get the next page? With an opaque token, good for the same caller and filter only.

    own = pagination.Listing(pagination.BY_TIME, "schedules", caller.user_id)
    return await page.listed(own, lambda size, cursor: service.list_of(caller, size, cursor))

The token carries the cursor and a checksum over cursor, caller and filter. The checksum is no secret: anybody can
make a token, which can only point elsewhere in what they may list anyway; so the cursor's shape is checked like
that of any other input. The checksum finds tokens that were cut, changed, or used with another filter, as
https://google.aip.dev/158 asks.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints, TypeAdapter
from starlette.responses import Response

from shared.domain import errors
from shared.domain.errors import Violation
from shared.http.answers import JsonAnswer

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_TOKEN = 4096

_CHECKSUM_BYTES = 12
_YEARS = range(2000, 3000)

T = TypeVar("T")


def _sane(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError("a time of no resource")
    return moment


_Moment = Annotated[AwareDatetime, AfterValidator(_sane)]
_Id = Annotated[str, StringConstraints(pattern=r"\A[0-9A-Za-z_-]{1,128}\z")]
_Order = Annotated[str, StringConstraints(pattern=r"\A[ -~]+\z")]

_LATE = ConfigDict(defer_build=True)
"""Built with the first cursor that somebody sends."""

ByTime = tuple[datetime, str]
"""When the last item was created, and its id."""
ByOrder = tuple[str, str]
"""What the last item is sorted by, and its id."""

BY_TIME: TypeAdapter[ByTime] = TypeAdapter(tuple[_Moment, _Id], config=_LATE)
BY_ORDER: TypeAdapter[ByOrder] = TypeAdapter(tuple[_Order, _Id], config=_LATE)
BY_MOMENT: TypeAdapter[datetime] = TypeAdapter(_Moment, config=_LATE)
BY_NUMBER: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, lt=2**53)], config=_LATE)


class Listing(Generic[T]):
    """One list: the shape of its cursor, and its scope: who asks for what."""

    def __init__(self, shape: TypeAdapter[T], *scope: str) -> None:
        self._shape = shape
        self._scope = orjson.dumps(scope)

    def token(self, cursor: T) -> str:
        """What ``read`` reads."""
        return self._sealed(self._shape.dump_json(cursor))

    def read(self, token: str) -> T:
        """The cursor in a token. ValueError: it is not one of this list."""
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        text = raw[_CHECKSUM_BYTES:]
        if token != self._sealed(text):
            raise ValueError("another list's")
        return self._shape.validate_json(text, strict=True)

    def _sealed(self, text: bytes) -> str:
        checksum = hashlib.blake2b(self._scope + text, digest_size=_CHECKSUM_BYTES).digest()
        return base64.urlsafe_b64encode(checksum + text).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a client asked for: at most ``size`` items, those after the cursor in ``token`` ("": the first)."""

    size: int
    token: str

    def cursor(self, listing: Listing[T]) -> T | None:
        """Where to go on; None: from the start. InvalidArgument: the token is not one of this list."""
        if not self.token:
            return None
        try:
            return listing.read(self.token)
        except ValueError:
            raise _bad_token() from None

    def answer(self, items: Sequence[Mapping[str, Any]], cursor: T | None, listing: Listing[T]) -> dict[str, Any]:
        """``{items, next_page_token}``. ``cursor``: that of the last item; None: no more."""
        return {"items": items, "next_page_token": None if cursor is None else listing.token(cursor)}

    async def listed(
        self,
        listing: Listing[T],
        read: Callable[[int, T | None], Awaitable[tuple[Sequence[Mapping[str, Any]], T | None]]],
    ) -> Response:
        """The answer with what ``read`` gives of a size and a cursor."""
        items, cursor = await read(self.size, self.cursor(listing))
        return JsonAnswer(self.answer(items, cursor, listing))


def page(
    page_size: Annotated[
        int, Query(ge=1, le=MAX_PAGE_SIZE, description="Items on a page, at most.")
    ] = DEFAULT_PAGE_SIZE,
    page_token: Annotated[str, Query(max_length=MAX_TOKEN, description="next_page_token of the page before.")] = "",
) -> Page:
    """The dependency of every list."""
    return Page(size=page_size, token=page_token)


Asked = Annotated[Page, Depends(page)]
"""What a route takes."""


def optional_page(
    page_size: Annotated[
        int | None, Query(ge=1, le=MAX_PAGE_SIZE, description="Items on a page, at most; without it: all.")
    ] = None,
    page_token: Annotated[str, Query(max_length=MAX_TOKEN, description="next_page_token of the page before.")] = "",
) -> Page | None:
    """The dependency of a list that fits on one page. None: nobody asks for less."""
    if page_size is None and not page_token:
        return None
    return Page(size=page_size or DEFAULT_PAGE_SIZE, token=page_token)


def _bad_token() -> errors.InvalidArgument:
    violation = Violation("page_token", "It is not from this list; leave it out to start from the beginning.")
    return errors.InvalidArgument(
        "page_token is not valid for this list.", reason="BAD_PAGE_TOKEN", violations=[violation]
    )
