"""When does a queue dispatch? Exactly, with a clock that the test has in hand."""

import asyncio
import itertools

import pytest
from virtual import Handler, Line, run

from local import calling
from local.tasks import wire


@pytest.mark.parametrize(("rate", "burst"), [(500.0, 100), (50.0, 10), (1.0, 10), (0.5, 10)])
def test_a_queue_holds_its_rate_once_its_burst_is_used(rate, burst):
    async def scenario() -> None:
        line = Line(handler := Handler(), max_dispatches_per_second=rate)
        line.add(int(burst + 10 * max(1, rate)) + 1)
        await asyncio.sleep(10.0)
        expected = burst + int(10 * rate)
        assert abs(len(handler.times) - expected) <= 1
        assert len([at for at in handler.times if at == 0.0]) == burst
        paced = handler.times[burst:]
        gaps = [later - earlier for earlier, later in itertools.pairwise(paced)]
        assert all(gap == pytest.approx(1 / rate, rel=0.01) for gap in gaps)

    run(scenario)


def test_no_more_run_at_once_than_the_queue_allows_and_a_free_place_is_taken_at_once():
    async def scenario() -> None:
        handler = Handler(lambda number: asyncio.sleep(1.0, 200))
        Line(handler, max_concurrent_dispatches=3).add(7)
        await asyncio.sleep(5.0)
        assert handler.times == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0]

    run(scenario)


def test_retries_come_at_the_intervals_of_the_documentation():
    """10 s, 300 s and 3 doublings: 10, 20, 40, 80, 160, 240, 300, 300."""

    async def scenario() -> None:
        line = Line(handler := Handler(lambda _: 500), min_backoff=10, max_backoff=300, max_doublings=3)
        line.add()
        await asyncio.sleep(1200.0)
        waits = [later - earlier for earlier, later in itertools.pairwise(handler.times)]
        assert waits == pytest.approx([10, 20, 40, 80, 160, 240, 300, 300], abs=0.001)

    run(scenario)


@pytest.mark.parametrize(("status", "wait"), [(429, 90.0), (503, 90.0), (500, 10.0)])
def test_retry_after_counts_where_it_asks_for_more_than_the_backoff(status, wait):
    async def scenario() -> None:
        said = calling.Answer(status=status, headers={"retry-after": "90"})
        line = Line(handler := Handler(lambda number: said if number == 1 else 200), min_backoff=10)
        line.add()
        await asyncio.sleep(200.0)
        assert handler.times == pytest.approx([0.0, wait], abs=0.001)
        assert line.left == 0

    run(scenario)


def test_a_retry_after_that_is_shorter_than_the_backoff_changes_nothing():
    async def scenario() -> None:
        said = calling.Answer(status=429, headers={"retry-after": "1"})
        Line(handler := Handler(lambda number: said if number == 1 else 200), min_backoff=10).add()
        await asyncio.sleep(100.0)
        assert handler.times == pytest.approx([0.0, 10.0], abs=0.001)

    run(scenario)


def test_a_handler_is_given_up_at_its_deadline():
    async def scenario() -> None:
        handler = Handler(lambda number: asyncio.sleep(3600, 200) if number == 1 else 200)
        line = Line(handler, min_backoff=5, max_concurrent_dispatches=1)
        line.add(deadline=15.0)
        await asyncio.sleep(60.0)
        assert handler.times == pytest.approx([0.0, 20.0], abs=0.001)
        assert handler.headers[1]["X-CloudTasks-TaskRetryReason"] == "DEADLINE_EXCEEDED"
        assert line.left == 0

    run(scenario)


def test_attempts_and_duration_have_both_to_be_passed():
    async def scenario() -> None:
        limits = {"max_attempts": 3, "max_retry_duration": 35, "min_backoff": 10, "max_backoff": 10}
        line = Line(handler := Handler(lambda _: 500), **limits)
        line.add()
        await asyncio.sleep(1000.0)
        assert handler.times == pytest.approx([0.0, 10.0, 20.0, 30.0, 40.0], abs=0.001)
        assert line.left == 0

    run(scenario)


def test_a_paused_queue_dispatches_nothing_and_goes_on_when_it_resumes():
    async def scenario() -> None:
        line = Line(handler := Handler(), max_dispatches_per_second=1)
        line.add(12)
        await asyncio.sleep(0.5)
        line.set_state(wire.PAUSED)
        await asyncio.sleep(100.0)
        assert handler.times == [0.0] * 10
        line.set_state(wire.RUNNING)
        await asyncio.sleep(10.0)
        assert handler.times == pytest.approx([0.0] * 10 + [100.5, 100.5], abs=0.001)

    run(scenario)


def test_a_purge_leaves_what_is_under_way_and_nothing_else():
    async def scenario() -> None:
        handler = Handler(lambda _: asyncio.sleep(5.0, 500))
        line = Line(handler, max_concurrent_dispatches=2)
        line.add(6)
        await asyncio.sleep(1.0)
        line.store.purge(line.queue.name, 0.0)
        line.dispatcher.clear()
        await asyncio.sleep(100.0)
        assert handler.times == [0.0, 0.0]
        assert line.left == 0

    run(scenario)


def test_a_503_slows_the_whole_queue_and_the_queue_recovers():
    async def scenario() -> None:
        line = Line(handler := Handler(lambda number: 503 if number <= 20 else 200), max_attempts=1)
        line.add(5000)
        await asyncio.sleep(1.0)
        slowed = len(handler.times)
        assert slowed == pytest.approx(100 + 250, abs=5)
        await asyncio.sleep(1.0)
        assert len(handler.times) - slowed == pytest.approx(500, abs=5)

    run(scenario)


def test_a_task_of_31_days_is_dropped():
    async def scenario() -> None:
        line = Line(handler := Handler())
        line.add(age=31 * 86400.0 + 1)
        line.add(age=30 * 86400.0)
        await asyncio.sleep(1.0)
        assert len(handler.times) == 1
        assert line.left == 0

    run(scenario)
