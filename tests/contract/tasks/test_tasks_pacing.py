"""A queue's limits are those of Cloud Tasks' pages."""

import pytest
from google.cloud import tasks_v2

from local.tasks import pacing

RetryConfig = tasks_v2.RetryConfig.pb()


def retry_config(**settings):
    config = RetryConfig(
        max_attempts=settings.get("max_attempts", -1), max_doublings=settings.get("max_doublings", 3)
    )
    config.min_backoff.FromSeconds(settings.get("min_backoff", 10))
    config.max_backoff.FromSeconds(settings.get("max_backoff", 300))
    config.max_retry_duration.FromSeconds(settings.get("max_retry_duration", 0))
    return config


def test_the_backoff_doubles_then_grows_by_steps_then_stays():
    delays = [pacing.retry_delay(retry_config(), failures) for failures in range(1, 9)]
    assert delays == [10, 20, 40, 80, 160, 240, 300, 300]


def test_the_backoff_stays_finite_after_very_many_failures():
    assert pacing.retry_delay(retry_config(max_doublings=16), 10_000) == 300


@pytest.mark.parametrize(
    ("settings", "attempts", "age", "given_up"),
    [
        ({"max_attempts": 3}, 2, 0, False),
        ({"max_attempts": 3}, 3, 0, True),
        ({"max_attempts": -1}, 10_000, 10_000, False),
        ({"max_attempts": -1, "max_retry_duration": 60}, 5, 59, False),
        ({"max_attempts": -1, "max_retry_duration": 60}, 5, 60, True),
        ({"max_attempts": 3, "max_retry_duration": 60}, 3, 59, False),
        ({"max_attempts": 3, "max_retry_duration": 60}, 2, 60, False),
        ({"max_attempts": 3, "max_retry_duration": 60}, 3, 60, True),
    ],
)
def test_a_task_is_given_up_when_both_limits_are_passed(settings, attempts, age, given_up):
    assert pacing.is_exhausted(retry_config(**settings), attempts, 1000.0, 1000.0 + age) is given_up


def test_a_bucket_lets_a_burst_through_and_then_the_rate():
    bucket = pacing.TokenBucket(rate=2.0, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(0.0) == 0.5
    assert bucket.take(0.5) == 0.0
    assert bucket.take(0.5) == 0.5
    assert [bucket.take(100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(100.0) > 0
