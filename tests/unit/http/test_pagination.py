"""Whether a page token leads where it should, and nowhere else."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.domain import errors
from shared.http import pagination
from shared.http.pagination import BY_NUMBER, BY_ORDER, BY_TIME, Listing, Page

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMES = st.integers(0, 10**15).map(lambda us: NOON + timedelta(microseconds=us))
IDS = st.from_regex(r"[0-9A-Za-z_-]{1,128}", fullmatch=True)
GOOD: list[tuple[TypeAdapter[Any], Any]] = [
    (BY_TIME, (NOON, "abc")),
    (BY_ORDER, ("a1A 000001", "abc")),
    (BY_NUMBER, 7),
]


def _token(cursor: Any, listing: Listing[Any]) -> str:
    token = Page(size=1, token="").answer([], cursor, listing)["next_page_token"]
    assert isinstance(token, str)
    return token


def forged(text: str, *scope: str) -> str:
    """A token with a checksum as anybody can compute it."""
    sealed = hashlib.blake2b(orjson.dumps(scope) + text.encode(), digest_size=12).digest() + text.encode()
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _refused(token: str, listing: Listing[Any]) -> bool:
    with pytest.raises(errors.InvalidArgument) as caught:
        Page(size=1, token=token).cursor(listing)
    return caught.value.reason == "BAD_PAGE_TOKEN"


def test_without_a_token_the_list_starts_at_the_beginning():
    assert Page(size=1, token="").cursor(Listing(BY_TIME, "u")) is None


def test_the_last_page_has_no_token():
    assert Page(size=1, token="").answer([], None, Listing(BY_TIME, "u")) == {"items": [], "next_page_token": None}


@given(cursor=st.tuples(TIMES, IDS), scope=st.lists(st.text()))
def test_a_token_carries_its_cursor(cursor: tuple[datetime, str], scope: list[str]):
    listing = Listing(BY_TIME, *scope)
    token = _token(cursor, listing)
    assert Page(size=1, token=token).cursor(listing) == cursor
    assert token.isascii()
    assert not set(token) & set("+/=")


@pytest.mark.parametrize(("shape", "cursor"), GOOD, ids=["time", "order", "number"])
def test_a_cursor_of_every_shape_comes_back(shape: TypeAdapter[Any], cursor: Any):
    listing = Listing(shape, "u")
    assert Page(size=1, token=_token(cursor, listing)).cursor(listing) == cursor
    assert Page(size=1, token=forged(shape.dump_json(cursor).decode(), "u")).cursor(listing) == cursor


@pytest.mark.parametrize("scope", [("other", "f"), ("u", "g"), ("uf",), ("u", "f", ""), ()])
def test_a_token_of_another_list_is_refused(scope: tuple[str, ...]):
    assert _refused(_token(1, Listing(BY_NUMBER, "u", "f")), Listing(BY_NUMBER, *scope))


@given(st.text(min_size=1))
def test_no_other_text_is_a_token(token: str):
    assert _refused(token, Listing(BY_NUMBER, "u"))


def test_a_token_with_one_character_changed_is_refused():
    listing = Listing(BY_TIME, "u")
    token = _token((NOON, "abc"), listing)
    for position, character in enumerate(token):
        changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        assert _refused(changed, listing)


BAD: list[Any] = [
    *(True, None, "x", -1, 0, 5.5, 2**60, [], {}, ["a"], ["nope", "x"], [1, 2, 3], [1, "x"], ["", ""], [[], {}]),
    *([NOON.isoformat(), bad] for bad in ("a/b", "", ".", "..", "x" * 129, "a\0", "é", 5, None, "x\n")),
    *([moment, "x"] for moment in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00")),
    *([["2026-01-01T00:00:00Z"], "x"], ["1999-12-31T23:59:59Z", "x"], [1_700_000_000, "x"]),
]


@pytest.mark.parametrize("shape", [BY_TIME, BY_ORDER, BY_NUMBER], ids=["time", "order", "number"])
@pytest.mark.parametrize("cursor", BAD, ids=repr)
def test_a_forged_cursor_is_refused_or_a_cursor_of_that_shape(shape: TypeAdapter[Any], cursor: Any):
    token = forged(json.dumps(cursor), "u")
    fits = shape is BY_ORDER and isinstance(cursor, list) and all(isinstance(part, str) for part in cursor)
    if not (fits and len(cursor) == 2 and cursor[1] == "x"):
        assert _refused(token, Listing(shape, "u"))


@pytest.mark.parametrize(
    "text", ["", "[", "\ud800".encode("utf-8", "surrogatepass").hex(), '["\\ud800", "x"]', "[" * 2000]
)
def test_what_is_no_json_is_refused(text: str):
    assert _refused(forged(text, "u"), Listing(BY_ORDER, "u"))


def test_a_cursor_keeps_its_moment_in_any_zone():
    moment = NOON.astimezone(timezone(timedelta(hours=14)))
    listing = Listing(pagination.BY_TIME, "u")
    assert Page(size=1, token=_token((moment, "a"), listing)).cursor(listing) == (NOON, "a")
