"""By which ways somebody is told, when their digest comes, and when a message is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import channels
from shared.domain.channels import Channel, Frequency
from shared.domain.notices import KINDS, Kind

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_urgent_comes_at_once_and_the_rest_in_a_digest(kind: Kind) -> None:
    urgent = KINDS[kind].urgent
    assert channels.is_on({}, kind, Channel.IN_APP)
    assert [channels.is_on({}, kind, one) for one in (Channel.PUSH, Channel.EMAIL, Channel.DIGEST)] == [
        urgent,
        urgent,
        not urgent,
    ]


def test_what_its_user_chose_holds_and_the_rest_stays() -> None:
    chosen = {Kind.RATING_RECEIVED: {Channel.EMAIL: True, Channel.IN_APP: False}}
    table = channels.table(chosen)
    assert table[Kind.RATING_RECEIVED] == {
        "in_app": False,
        "push": False,
        "email": True,
        "digest": True,
        "webhook": True,
    }
    assert table[Kind.UPDATE_OFFERED] == channels.table({})[Kind.UPDATE_OFFERED]
    assert set(table) == set(Kind)


def test_no_webhook_is_told_that_a_webhook_fails() -> None:
    chosen = {Kind.WEBHOOK_FAILING: {Channel.WEBHOOK: True}}
    assert not channels.is_on(chosen, Kind.WEBHOOK_FAILING, Channel.WEBHOOK)
    assert not channels.default(Kind.WEBHOOK_FAILING, Channel.WEBHOOK)


@pytest.mark.parametrize(
    ("frequency", "zone", "expected"),
    [
        (Frequency.NONE, "UTC", None),
        (Frequency.DAILY, "UTC", datetime(2026, 3, 28, 8, tzinfo=UTC)),
        (Frequency.DAILY, "America/New_York", datetime(2026, 3, 28, 12, tzinfo=UTC)),
        (Frequency.WEEKLY, "Europe/Berlin", datetime(2026, 3, 29, 6, tzinfo=UTC)),  # the clocks went on that night
    ],
)
def test_a_digest_comes_at_the_hour_of_its_reader(frequency: Frequency, zone: str, expected: datetime | None) -> None:
    assert channels.next_digest(frequency, 8, "SUN", zone, NOW) == expected


def test_an_attempt_is_made_later_and_later_and_not_for_ever() -> None:
    pauses: list[float] = []
    attempts = 1
    while (at := channels.retry_at(attempts, NOW)) is not None:
        pauses.append((at - NOW).total_seconds())
        attempts += 1
    assert pauses == sorted(pauses)
    assert timedelta(days=1) < timedelta(seconds=sum(pauses)) < timedelta(days=3)


@pytest.mark.parametrize(("wait", "seconds"), [(None, 5), (1.0, 5), (60.0, 60), (1e9, 86_400)])
def test_who_asks_for_time_gets_it_within_reason(wait: float | None, seconds: float) -> None:
    at = channels.retry_at(1, NOW, wait)
    assert at is not None
    assert (at - NOW).total_seconds() == seconds
