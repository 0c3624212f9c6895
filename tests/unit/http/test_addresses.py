"""From where does a request come, and whom does one believe?"""

import pytest

from shared import config
from shared.http import addresses


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch):
    yield
    config.settings.cache_clear()


def _client(
    monkeypatch: pytest.MonkeyPatch, trusted: int, forwarded: list[str], peer: str | None = "10.0.0.9"
) -> str:
    monkeypatch.setenv("TRUSTED_PROXIES", str(trusted))
    config.settings.cache_clear()
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return addresses.client({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})


@pytest.mark.parametrize(
    ("trusted", "forwarded", "found"),
    [
        (1, [], "10.0.0.9"),
        (1, ["203.0.113.7"], "203.0.113.7"),
        (1, ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (1, ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        (2, ["6.6.6.6, 203.0.113.7, 35.191.0.1"], "203.0.113.7"),
        (2, ["203.0.113.7"], "10.0.0.9"),
        (0, ["6.6.6.6"], "10.0.0.9"),
        (1, ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
        (1, ["::ffff:203.0.113.7"], "203.0.113.7"),
        (1, ["<script>"], "unknown"),
    ],
)
def test_only_what_our_own_proxies_say_is_believed(
    monkeypatch: pytest.MonkeyPatch, trusted: int, forwarded: list[str], found: str
):
    assert _client(monkeypatch, trusted, forwarded) == found


def test_a_request_from_nowhere_has_no_address(monkeypatch: pytest.MonkeyPatch):
    assert _client(monkeypatch, 1, [], None) == "unknown"
