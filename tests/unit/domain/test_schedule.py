"""What a schedule does now: on time, late, after an hour's outage, while an execution runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import schedule
from shared.domain.schedule import CatchUp, Overlap, Schedule, State

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

EVERY_TEN = Schedule(
    id="s",
    user_id="ann",
    graph_id="g",
    name="",
    cron="*/10 * * * *",
    timezone="UTC",
    input_data={},
    credentials={},
    starts_at=None,
    ends_at=None,
    catch_up=CatchUp.ONCE,
    overlap=Overlap.ALLOW,
    state=State.ACTIVE,
    next_at=NOON,
    last_at=None,
    last_execution_id=None,
    created_at=NOON,
    updated_at=NOON,
)


def test_nothing_is_due_before_its_time() -> None:
    due = schedule.due(EVERY_TEN, NOON - MINUTE)
    assert (due.at, due.missed, due.next_at) == (None, 0, NOON)
    assert schedule.due(replace(EVERY_TEN, next_at=None), NOON).next_at is None


@pytest.mark.parametrize("catch_up", CatchUp)
def test_on_time_it_occurs_whatever_the_policy(catch_up: CatchUp) -> None:
    due = schedule.due(replace(EVERY_TEN, catch_up=catch_up), NOON + 2 * MINUTE)
    assert (due.at, due.missed, due.next_at) == (NOON, 0, NOON + 10 * MINUTE)


@pytest.mark.parametrize(
    ("catch_up", "at", "missed", "next_at"),
    [
        (CatchUp.NONE, 60, 6, 70),  # the one of 13:00 is on time
        (CatchUp.ONCE, 60, 6, 70),
        (CatchUp.ALL, 0, 0, 10),
    ],
)
def test_after_an_hour_of_outage(catch_up: CatchUp, at: int, missed: int, next_at: int) -> None:
    due = schedule.due(replace(EVERY_TEN, catch_up=catch_up), NOON + 65 * MINUTE)
    assert due.at == NOON + at * MINUTE
    assert (due.missed, due.next_at) == (missed, NOON + next_at * MINUTE)
    assert due.missed_from == (NOON if missed else None)


def test_what_was_missed_is_left_out_where_nothing_is_to_be_caught_up() -> None:
    hourly = replace(EVERY_TEN, cron="0 * * * *", catch_up=CatchUp.NONE)
    due = schedule.due(hourly, NOON + 30 * MINUTE)
    assert (due.at, due.missed, due.missed_from, due.next_at) == (None, 1, NOON, NOON + 60 * MINUTE)


def test_what_waited_for_an_execution_to_end_was_not_missed() -> None:
    hourly = replace(EVERY_TEN, cron="0 * * * *", catch_up=CatchUp.NONE, overlap=Overlap.QUEUE)
    assert schedule.due(hourly, NOON + 30 * MINUTE).at == NOON


def test_of_very_many_that_were_missed_the_oldest_are_left_out() -> None:
    each_minute = replace(EVERY_TEN, cron="* * * * *", catch_up=CatchUp.ALL)
    due = schedule.due(each_minute, NOON + 1_000 * MINUTE)
    assert due.at == NOON + (1_000 - schedule.MAX_CAUGHT_UP + 1) * MINUTE
    assert due.missed_from == NOON
    assert due.next_at == due.at + MINUTE


def test_it_occurs_from_its_start_to_its_end_and_both_count() -> None:
    bounded = replace(EVERY_TEN, starts_at=NOON, ends_at=NOON + 20 * MINUTE)
    times = schedule.upcoming(bounded, NOON - timedelta(days=3), 9)
    assert times == [NOON, NOON + 10 * MINUTE, NOON + 20 * MINUTE]
    last = schedule.due(replace(bounded, next_at=NOON + 20 * MINUTE), NOON + 300 * MINUTE)
    assert (last.at, last.next_at) == (NOON + 20 * MINUTE, None)


def test_upcoming_are_as_many_as_are_asked_for() -> None:
    assert schedule.upcoming(EVERY_TEN, NOON, 2) == [NOON + 10 * MINUTE, NOON + 20 * MINUTE]
