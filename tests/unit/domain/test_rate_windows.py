"""How many requests one may still make."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import rate_limits
from shared.domain.rate_limits import SLOT, SLOTS, Batch, Decision, Taken

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = rate_limits.slot_of(NOON)


@pytest.mark.parametrize(("limit", "batch"), [(1, 1), (5, 1), (6, 1), (60, 10), (1_000, 166)])
def test_a_limit_is_given_out_by_the_sixth_and_one_by_one_where_it_is_small(limit: int, batch: int) -> None:
    assert rate_limits.batch(limit) == batch


def test_a_slot_is_as_long_as_all_of_its_requests_count_together() -> None:
    assert rate_limits.slot_of(NOON + SLOT) == NOW + 1
    assert rate_limits.slot_of(NOON + SLOT - timedelta(microseconds=1)) == NOW
    assert SLOT * SLOTS == rate_limits.WINDOW


@pytest.mark.parametrize(
    ("counts", "free"),
    [
        ({}, 60),
        ({NOW: 10}, 50),
        ({NOW - SLOTS: 10}, 50),
        ({NOW - SLOTS - 1: 10}, 60),
        ({NOW + 1: 10}, 50),
        ({NOW - 1: 30, NOW: 40}, 0),
        ({NOW - SLOTS: 60, NOW: 20}, 0),
        ({NOW - SLOTS - 1: 60, NOW - 1: 20}, 60),
    ],
    ids=["nothing", "now", "a minute ago", "longer ago", "a clock ahead", "at once", "refused now", "refused then"],
)
def test_what_is_left_is_what_was_not_got_in_the_last_minute(counts: dict[int, int], free: int) -> None:
    assert rate_limits.free(counts, 60, NOW) == free


def test_a_limit_that_was_higher_leaves_nothing() -> None:
    assert rate_limits.free({NOW - 1: 60, NOW: 5}, 10, NOW) == 0


@pytest.mark.parametrize(("counted", "got"), [(10, 10), (60, 10), (65, 5), (70, 0), (90, 0)])
def test_of_those_that_take_at_once_the_last_get_what_is_left(counted: int, got: int) -> None:
    assert rate_limits.got({NOW: counted}, 60, NOW, 10) == got
    assert rate_limits.got({NOW - 3: 30, NOW: counted}, 90, NOW, 10) == got


def test_there_is_more_when_the_first_that_counts_is_a_minute_past() -> None:
    first = rate_limits.more_at({NOW - 2 * SLOTS: 9, NOW - 4: 30, NOW: 40, NOW + 1: 9}, 60, NOW)
    assert first == NOON - 4 * SLOT + rate_limits.WINDOW + SLOT
    assert rate_limits.more_at({}, 60, NOW) == NOON + rate_limits.WINDOW + SLOT


def _batch(taken: int, got: int, used: int, last: int) -> Batch:
    return Batch(slot=NOW - taken, got=got, used=used, last=NOW - last)


@pytest.mark.parametrize(
    ("batch", "changes"),
    [
        (_batch(9, 10, 10, 5), {NOW - 9: -10, NOW - 5: 10}),
        (_batch(9, 10, 4, 5), {NOW - 9: -10, NOW - 5: 4}),
        (_batch(9, 10, 10, 0), {NOW - 9: -10, NOW - 1: 10}),
        (_batch(9, 10, 4, 9), {NOW - 9: -6}),
        (_batch(9, 10, 10, 9), {}),
        (_batch(0, 10, 10, 0), {}),
        (_batch(1, 10, 10, 0), {}),
        (_batch(SLOTS + 1, 10, 10, 5), {}),
        (_batch(9, 0, 0, 9), {}),
    ],
    ids=["used later", "in part", "until now", "given back", "at once", "now", "just before", "long ago", "nothing"],
)
def test_a_batch_counts_when_it_was_used_and_not_now(batch: Batch, changes: dict[int, int]) -> None:
    assert batch.moved(NOW) == changes


def test_only_what_was_used_much_later_is_worth_a_write_of_its_own() -> None:
    assert _batch(9, 10, 10, 5).is_late(NOW)
    assert not _batch(9, 10, 10, 8).is_late(NOW)
    assert not _batch(SLOTS + 1, 10, 10, 5).is_late(NOW)


def test_what_came_of_taking_is_what_was_got_and_what_is_left() -> None:
    taken = rate_limits.taken({NOW: 65}, 60, NOW, 10)
    assert (taken.got, taken.free, taken.batch) == (5, 0, Batch(slot=NOW, got=5, used=0, last=NOW))
    assert Taken(free=0, more_at=NOON).got == 0


def test_a_slot_is_kept_as_long_as_it_says_what_later_ones_got() -> None:
    assert not rate_limits.is_over(NOW - 2 * SLOTS, NOW)
    assert rate_limits.is_over(NOW - 2 * SLOTS - 1, NOW)


@pytest.mark.parametrize(("seconds", "reset"), [(0.0, 1), (0.2, 1), (1.2, 2), (60.0, 60)])
def test_the_reset_is_in_whole_seconds_and_never_now(seconds: float, reset: int) -> None:
    assert Decision(allowed=True, limit=60, remaining=1, seconds=seconds).reset == reset
