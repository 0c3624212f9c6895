"""Whether a page token leads where it should, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import errors
from shared.http.pagination import Page


def _token(cursor: object, *scope: str) -> str:
    token = Page(size=1, token="").answer([], cursor, *scope)["next_page_token"]
    assert isinstance(token, str)
    return token


def test_without_a_token_the_list_starts_at_the_beginning():
    assert Page(size=1, token="").cursor("u") is None


def test_the_last_page_has_no_token():
    assert Page(size=1, token="").answer([], None, "u") == {"items": [], "next_page_token": None}


@given(cursor=st.lists(st.text() | st.integers(-(2**53), 2**53)), scope=st.lists(st.text()))
def test_a_token_carries_its_cursor(cursor: list[object], scope: list[str]):
    token = _token(cursor, *scope)
    assert Page(size=1, token=token).cursor(*scope) == cursor
    assert token.isascii()
    assert not set(token) & set("+/=")


@pytest.mark.parametrize("scope", [("other", "f"), ("u", "g"), ("uf",), ("u", "f", ""), ()])
def test_a_token_of_another_list_is_refused(scope: tuple[str, ...]):
    with pytest.raises(errors.InvalidArgument):
        Page(size=1, token=_token([1], "u", "f")).cursor(*scope)


@given(st.text(min_size=1))
def test_no_other_text_is_a_token(token: str):
    with pytest.raises(errors.InvalidArgument):
        Page(size=1, token=token).cursor("u")


def test_a_token_with_one_character_changed_is_refused():
    token = _token(["2026-01-01", "abc"], "u")
    for position, character in enumerate(token):
        changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        with pytest.raises(errors.InvalidArgument):
            Page(size=1, token=changed).cursor("u")
