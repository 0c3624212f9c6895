"""How many requests one may still make."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import rate_limits
from shared.domain.rate_limits import Decision, Window

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("limit", "batch"), [(1, 1), (5, 1), (6, 1), (60, 10), (1_000, 166)])
def test_a_limit_is_given_out_by_the_sixth_and_one_by_one_where_it_is_small(limit: int, batch: int) -> None:
    assert rate_limits.batch(limit) == batch


@pytest.mark.parametrize(("used", "granted"), [(10, 10), (60, 10), (65, 5), (70, 0), (90, 0)])
def test_of_those_that_take_at_once_the_last_get_what_is_left(used: int, granted: int) -> None:
    assert rate_limits.granted(60, 10, used) == granted


def test_a_window_is_a_minute() -> None:
    assert Window(started=NOON, used=3).ends == NOON + timedelta(minutes=1)


@pytest.mark.parametrize(("seconds", "reset"), [(0.0, 1), (0.2, 1), (1.2, 2), (60.0, 60)])
def test_the_reset_is_in_whole_seconds_and_never_now(seconds: float, reset: int) -> None:
    assert Decision(allowed=True, limit=60, remaining=1, seconds=seconds).reset == reset
