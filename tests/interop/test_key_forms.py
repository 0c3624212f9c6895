"""A text that holds a key is told from one that speaks of keys."""

import pytest

from shared.interop import key_forms

ODD = "aB3" * 9


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"my key is sk-proj-{ODD}", "a key of a language model's provider"),
        (f"-H 'Authorization: Basic {ODD}=='", "a password of HTTP"),
        ('{"password": "rain4drops"}', "a password"),
        ("log in with password=rain4drops", "a password"),
        (f"clientSecret: {ODD}", "a password"),
        ("https://maps.example/v1?q=x&key=Qw3rty77", "a key in an address"),
        (f"https://a.blob.core.windows.net/c/b?sv=2022&sig={ODD}%3D", "a key in an address"),
        (f"https://a.example/?X-Amz-Signature={ODD}", "a key in an address"),
        (f"https://api.telegram.org/bot123456789:AA{ODD}/sendMessage", "a Telegram token"),
        (f"https://hooks.slack.com/services/T0/B0/{ODD}", "the address of somebody's webhook"),
        (f"https://discord.com/api/webhooks/123456789/{ODD}", "the address of somebody's webhook"),
    ],
)
def test_a_key_is_found(text: str, what: str) -> None:
    assert key_forms.looks_like(text) == what


@pytest.mark.parametrize(
    "text",
    [
        "",
        "password={{ password }}",
        'Answer with {"password": "string", "token": "string"}.',
        "max_tokens=4000, the token: 128000",
        "api_key=YOUR_API_KEY",
        "password: at least 8 characters",
        "Basic understanding of authorization: none",
        "https://example.com/?key=value&page=2",
        "https://maps.example/?key={{ key }}",
        "pwd: /home/user1/project",
        "https://hooks.slack.com/ says how",
    ],
)
def test_what_speaks_of_keys_is_none(text: str) -> None:
    assert key_forms.looks_like(text) == ""
