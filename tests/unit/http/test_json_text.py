"""What is read and written as JSON."""

import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from shared.domain import errors
from shared.http import json_text

NAN = float("nan")


@pytest.mark.parametrize("depth", [1, 100])
def test_a_body_may_nest_up_to_the_limit(depth: int):
    assert json_text.loads(b"[" * depth + b"]" * depth) is not None
    assert json_text.loads(b'{"a":' * depth + b"1" + b"}" * depth)


@pytest.mark.parametrize("text", [b"[" * 101 + b"]" * 101, b'{"a":' * 101 + b"1" + b"}" * 101, b"[" * 100_000])
def test_a_deeper_body_is_refused(text: bytes):
    with pytest.raises(errors.InvalidArgument):
        json_text.loads(text)


def test_brackets_within_texts_do_not_nest():
    assert json_text.loads(b'"' + b"[" * 1000 + b'"')


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NAN, '"NaN"'),
        ([None, float("inf"), {"a": -float("inf")}], '[null,"Infinity",{"a":"-Infinity"}]'),
        ({"a": None}, '{"a":null}'),
        ("null", '"null"'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=1))), '"2026-01-02T02:04:05.000006Z"'),
        (10**30, "1" + "0" * 30),
        ([10**30, NAN, datetime(2026, 1, 1, tzinfo=UTC)], "[1" + "0" * 30 + ',"NaN","2026-01-01T00:00:00Z"]'),
        ("\ud800", '"\\ud800"'),
        (MappingProxyType({"a": (1, 2)}), '{"a":[1,2]}'),
        ({1: 2}, '{"1":2}'),
    ],
)
def test_any_value_of_a_block_can_be_written(value: Any, text: str):
    assert json_text.dumps(value).decode() == text


def test_a_time_with_nanoseconds_of_firestore_is_written_as_any_other():
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    moment = DatetimeWithNanoseconds(2026, 1, 2, nanosecond=1_000_000, tzinfo=UTC)
    assert json.loads(json_text.dumps([moment])) == ["2026-01-02T00:00:00.001000Z"]
