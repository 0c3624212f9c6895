"""Is what is left sent when an instance is told to end?"""

import atexit
import signal
from collections.abc import Iterator

import pytest

from shared import telemetry


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(atexit, "register", lambda send: send)
    yield
    signal.signal(signal.SIGTERM, before)


def test_what_is_left_is_sent_before_the_server_hears_of_the_end() -> None:
    told: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_: told.append("server"))
    telemetry.at_end(lambda: told.append("spans"))
    telemetry.at_end(lambda: told.append("metrics"))
    signal.raise_signal(signal.SIGTERM)
    assert told == ["metrics", "spans", "server"]


def test_who_left_the_signal_to_the_system_keeps_that() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    telemetry.at_end(lambda: None)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
