"""Which HTML stays in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.services import texts


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a < b & c > d", "a < b & c > d"),
        ("if x<3 && y>4: 5 <= 6", "if x<3 && y>4: 5 <= 6"),
        ("AT&T &amp; Co", "AT&T &amp; Co"),
        ("<p>Hi <strong>you</strong></p>", "<p>Hi <strong>you</strong></p>"),
        ("<p onclick='x()' class=a>Hi</p>", "<p>Hi</p>"),
        ("<script>alert(1)</script>1 < 2 & 3", "1 < 2 & 3"),
        ("<img src=x onerror=alert(1)>ok", "ok"),
        ("<b>bold</b><em>em</em>", "bold<em>em</em>"),
        ("&lt;script&gt;<i></i>", "&lt;script>"),
        ("<a href='javascript:x'>link</a>", "link"),
        ("<!-- note -->x", "x"),
    ],
)
def test_only_the_allowed_tags_stay_and_plain_text_as_it_is(given_text: str, kept: str):
    assert texts.rich(given_text) == kept


def test_a_name_keeps_no_tag_at_all():
    assert texts.plain(" <p>R&D</p> <em>x</em> ") == "R&D x"


def test_a_name_does_not_turn_its_reader_around():
    assert texts.plain("\u202eevil\u2066x\u2069 \u05d0\u200d") == "evilx \u05d0\u200d"


@given(st.text(alphabet="<>&;/!abcpltmgq#1 \"'=", max_size=60))
def test_cleaning_twice_changes_nothing_more(text: str):
    once = texts.rich(text)
    assert texts.rich(once) == once
