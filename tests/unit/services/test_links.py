"""What others' browsers may be sent to."""

import pytest

from shared.services import links


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/picture.png",
        "https://a.example:8443/a?b=c#d",
        "HTTPS://A.example",
        "https://münchen.example/",
        "https://93.184.215.14/a.png",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/a.png",
    ],
)
def test_a_public_address_is_one(url: str) -> None:
    assert links.is_public(url, ("https",))


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "https://", "//a.example/", "http://a.example/", "ftp://a.example/", "javascript:alert(1)"),
        *(
            "https://u:p@a.example/",
            "https://a.example:0/",
            "https://a.example:99999/",
            "https://[",
            "https://a b.c/",
        ),
        *('https://a.example/"onerror=', "https://a.example/<svg>", "https://a.example/\n", "https://a.example/\0"),
        *("https://localhost/", "https://a.localhost/", "https://printer.local/", "https://metadata.internal./"),
        *("https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/", "https://192.168.1.1/reboot"),
        *("https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://1.2.3.0x4/", "https://[::1]/"),
        *("https://[", "https://[::ffff:10.0.0.1]/"),
    ],
)
def test_what_is_none_or_lies_within_a_network_is_not(url: str) -> None:
    assert not links.is_public(url, ("https",))
