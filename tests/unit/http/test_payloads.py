"""What a delivery says, as JSON or as a form."""

from typing import Any

import pytest

from shared.domain import errors
from shared.http import payloads

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b"payload=%7B%22a%22%3A+1%7D", FORM, {"a": 1}),
        (b"command=%2Fask&text=&to=x&to=y", FORM.upper(), {"command": "/ask", "text": "", "to": ["x", "y"]}),
        (b"text=%C3%A9", FORM, {"text": "é"}),
    ],
)
def test_json_and_forms_are_read(body: bytes, content_type: str, expected: Any) -> None:
    assert payloads.read(body, content_type) == expected


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"a=1", "application/json"),
        (b"", ""),
        (b"nothing", FORM),
        (b"a=%FF", FORM),
        (b"\xff=1", FORM),
        (b"payload=nothing", FORM),
        (b"&".join(b"a%d=1" % n for n in range(1_001)), FORM),
    ],
)
def test_what_is_neither_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(errors.InvalidArgument):
        payloads.read(body, content_type)
