"""What is left of a text without its secrets?"""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from shared.redaction import MARK, Redactor

SECRET = 'p@ss w0rd/+="é'


def _redactor(*secrets: str) -> Redactor:
    redactor = Redactor()
    redactor.add(*secrets)
    return redactor


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"before {SECRET} after {SECRET}",
        quote(SECRET),
        quote(SECRET, safe=""),
        urlencode({"q": SECRET}),
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        SECRET.encode().hex(),
        *[base64.b64encode(b"u" * before + SECRET.encode() + b":x" * before).decode() for before in range(7)],
        base64.urlsafe_b64encode(f"user:{SECRET}".encode()).decode(),
        SECRET.upper(),
        f"{SECRET[::-1]} {SECRET.swapcase()}",
    ],
)
def test_a_secret_is_not_told_however_it_is_written(text: str):
    left = _redactor(SECRET).text(text)
    assert MARK in left
    assert SECRET not in left
    for before in range(3):
        core = base64.b64encode(b"u" * before + SECRET.encode()).decode()[4:-4]
        assert core not in left


def test_a_value_is_cleaned_through_and_through():
    value: Any = {"a": [1, None, {"b": f"x{SECRET}"}], SECRET: True, "n": 1.5}
    assert _redactor(SECRET).value(value) == {"a": [1, None, {"b": f"x{MARK}"}], MARK: True, "n": 1.5}


def test_the_longer_of_two_secrets_goes_first():
    assert _redactor("abcd", "abcdefgh").text("abcdefgh") == MARK


@pytest.mark.parametrize("secret", ["", "a", "abc", "   a "])
def test_what_is_too_short_to_be_a_secret_stays(secret: str):
    redactor = _redactor(secret)
    assert not redactor
    assert redactor.text("abc and a") == "abc and a"


def test_nothing_is_touched_where_nothing_was_opened():
    value = {"a": "b"}
    assert Redactor().value(value) is value
