"""A subscription's filter lets through what Pub/Sub's syntax says."""

import pytest

from local.pubsub import filters

ATTRIBUTES = {"domain": "com", "lang": "en-US", "iana.org/tag": 'a"b', "-x": "1"}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("attributes:domain", True),
        ("attributes:missing", False),
        ('attributes.domain = "com"', True),
        ('attributes.domain="org"', False),
        ('attributes.domain != "com"', False),
        ('attributes.missing != "com"', True),
        ('hasPrefix(attributes.lang, "en")', True),
        ('hasPrefix(attributes.lang, "fr")', False),
        ('hasPrefix(attributes.missing, "")', False),
        ("NOT attributes:domain", False),
        ("-attributes:missing", True),
        ('NOT hasPrefix(attributes.lang, "fr")', True),
        ('attributes:domain AND attributes.lang = "en-US"', True),
        ("attributes:domain AND attributes:missing AND attributes:lang", False),
        ("attributes:missing OR attributes:domain", True),
        ("(attributes:missing OR attributes:domain) AND NOT attributes:other", True),
        ("attributes:missing OR (attributes:domain AND -attributes:lang)", False),
        ('attributes."iana.org/tag" = "a\\"b"', True),
        ('attributes:"iana.org/tag"', True),
        ('attributes.domain = "\\x63\\157\\u006d"', True),
    ],
)
def test_filter(text, passes):
    assert filters.compile_filter(text)(ATTRIBUTES) is passes


@pytest.mark.parametrize(
    "text",
    [
        "attributes",
        "attributes.x",
        "attributes.x = y",
        'data = "x"',
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
        'attributes.x > "1"',
        "attributes:a attributes:b",
        "NOT",
        'attributes.x = "' + "v" * 256 + '"',
    ],
)
def test_what_is_not_a_filter_is_refused(text):
    with pytest.raises(filters.FilterError):
        filters.compile_filter(text)
