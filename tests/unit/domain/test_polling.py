"""When a trigger looks again, and what of what it found starts an execution."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain import polling
from shared.domain.polling import Found, Item, Kind, State, Trigger

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def a_trigger(**changes: Any) -> Trigger:
    made = Trigger(
        id="t",
        user_id="ann",
        graph_id="g",
        kind=Kind.RSS,
        name="",
        source={"url": "https://example.com/feed"},
        every_minutes=15,
        max_items=3,
        input_name="entry",
        input_data={},
        credentials={},
        state=State.ACTIVE,
        created_at=NOW,
        updated_at=NOW,
        next_at=NOW,
        cursor={},
        last_polled_at=NOW,
    )
    return replace(made, **changes)


def found(*ids: str, etag: str = "new", after: timedelta | None = None) -> Found:
    return Found(items=[Item(id=id_, title=id_, value={}) for id_ in ids], cursor={"etag": etag}, after=after)


def ids(items: Sequence[Item]) -> list[str]:
    return [item.id for item in items]


def looked(trigger: Trigger, news: Found) -> tuple[list[str], Trigger]:
    done = polling.fresh(trigger, news)
    return ids(done), polling.looked(trigger, news, done, NOW)


def test_what_is_there_at_the_first_look_starts_nothing_then_or_later() -> None:
    many = [f"e{n}" for n in range(300)]
    started, trigger = looked(a_trigger(last_polled_at=None), found(*many))
    assert (started, trigger.last_polled_at, trigger.last_item_at) == ([], NOW, None)
    assert looked(trigger, found(*many))[0] == []
    assert looked(trigger, found(*many, "new"))[0] == ["new"]


def test_each_item_starts_once_and_what_is_too_much_comes_with_the_next_look() -> None:
    news = found("a", "b", "c", "d", "a")
    first, trigger = looked(a_trigger(cursor={"etag": "old"}), news)
    assert (first, trigger.cursor) == (["a", "b", "c"], {"etag": "old"})
    second, trigger = looked(trigger, news)
    assert (second, trigger.cursor) == (["d"], {"etag": "new"})
    assert looked(trigger, news)[0] == []


def test_what_could_not_be_started_is_fresh_again() -> None:
    trigger = a_trigger()
    news = found("a", "b")
    after = polling.looked(trigger, news, polling.fresh(trigger, news)[:1], NOW)
    assert ids(polling.fresh(after, news)) == ["b"]


def test_what_is_gone_is_forgotten_at_last_and_what_is_still_there_never() -> None:
    lasting = [f"lasting{n}" for n in range(10)]
    _, trigger = looked(a_trigger(last_polled_at=None), found(*lasting))
    trigger = replace(trigger, max_items=polling.MAX_ITEMS)
    for n in range(polling.MAX_SEEN // polling.MAX_ITEMS + 2):
        _, trigger = looked(trigger, found(*lasting, *(f"x{n * polling.MAX_ITEMS + i}" for i in range(50))))
    assert len(trigger.seen) == polling.MAX_SEEN
    assert ids(polling.fresh(trigger, found(*lasting))) == []
    assert ids(polling.fresh(trigger, found("x0"))) == ["x0"]


@pytest.mark.parametrize(
    ("after", "minutes"),
    [(None, 15), (timedelta(minutes=1), 15), (timedelta(hours=1), 60), (timedelta(days=9), 1_440)],
)
def test_it_looks_again_when_it_is_to_or_later_where_the_source_asks(after: timedelta | None, minutes: int) -> None:
    _, trigger = looked(a_trigger(failures=2, last_error="x"), found(after=after))
    assert trigger.next_at == NOW + timedelta(minutes=minutes)
    assert (trigger.failures, trigger.last_error) == (0, "")


def test_failures_come_ever_later_and_one_day_it_stops() -> None:
    trigger, pauses = a_trigger(), []
    for _ in range(polling.MAX_FAILURES - 1):
        trigger = polling.failed(trigger, "why " * 200, NOW)
        pauses.append((trigger.next_at or NOW) - NOW)
    assert pauses[:3] == [timedelta(minutes=minutes) for minutes in (15, 30, 60)]
    assert pauses[-1] == polling.MAX_BACKOFF
    assert (trigger.state, len(trigger.last_error)) == (State.ACTIVE, 500)
    trigger = polling.failed(trigger, "why", NOW)
    assert (trigger.state, trigger.next_at) == (State.STOPPED, None)


def test_a_failure_that_says_when_to_come_again_is_heard() -> None:
    assert polling.failed(a_trigger(), "busy", NOW, timedelta(hours=2)).next_at == NOW + timedelta(hours=2)


def test_paused_and_resumed_it_begins_anew_and_remembers_what_it_had() -> None:
    _, trigger = looked(a_trigger(), found("a"))
    paused = polling.into(trigger, State.PAUSED, NOW)
    assert (paused.state, paused.next_at, polling.into(paused, State.PAUSED, NOW)) == (State.PAUSED, None, paused)
    resumed = polling.into(paused, State.ACTIVE, NOW)
    assert (resumed.next_at, resumed.cursor, polling.is_first(resumed)) == (NOW, {}, True)
    started, resumed = looked(resumed, found("a", "b"))
    assert started == []
    assert looked(resumed, found("a", "b", "c"))[0] == ["c"]


def test_a_tick_that_comes_a_little_late_makes_no_look_a_minute_later() -> None:
    late = NOW + timedelta(seconds=31, microseconds=5)
    assert polling.claimed(a_trigger(), late).next_at == NOW + timedelta(minutes=15)


def test_while_one_looks_the_next_look_is_at_its_usual_time() -> None:
    assert polling.claimed(a_trigger(), NOW).next_at == NOW + timedelta(minutes=15)
