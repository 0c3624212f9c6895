"""Which etags an If-Match header expects."""

import pytest

from shared.http import etags


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("*", None),
        ('"a"', {"a"}),
        ("a", {"a"}),
        ('W/"a"', {'W/"a"'}),
        ('"a", "b"', {"a", "b"}),
        ('"a",W/"b" , c', {"a", 'W/"b"', "c"}),
        ('"a, b"', {"a, b"}),
        (" * ", None),
        ('"*"', {"*"}),
        ('"a", *', {"a", "*"}),
        ('"a', {"a"}),
        ('""', {""}),
        ("", set()),
        (",", set()),
    ],
)
def test_if_match_names_any_number_of_etags(header: str | None, expected: set[str] | None):
    assert etags.expected(header) == expected
