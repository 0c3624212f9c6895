"""A setting that cannot be used stops the function with its name and the remedy, and never with its value."""

import traceback

import pytest

from shared import config


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING or ERROR"),
        ("MAX_BODY_BYTES", "much", "in bytes"),
        ("OPENAI_BASE_URL", "api.example.com", "https://"),
        ("PUBLIC_URL", "example.com", "e-mails"),
        ("MAIL_URL", "mail.example.com:25", "smtp://"),
        ("OUTGOING_ALLOW", "http://intern/", "Hosts, host:port or CIDR"),
        ("OUTGOING_ALLOW", "10.0.0.0/8,https://a", "Hosts, host:port or CIDR"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_the_remedy(name: str, value: str, remedy: str) -> None:
    with pytest.raises(config.SettingsError, match=name) as refused:
        config.read({name: value})
    assert remedy in str(refused.value)
    assert value not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "value", ["127.0.0.1", "10.0.0.0/8, intern:8080", "fd00::/8 [::1]:80", "a.example,10.1.0.0/16,b.example:1"]
)
def test_what_blocks_may_reach_is_named_by_hosts_and_networks(value: str) -> None:
    assert config.read({"OUTGOING_ALLOW": value}).outgoing_allow == value
