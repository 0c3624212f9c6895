"""Occurrences in time zones, against an independent library, and by hand where clocks change."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter

from shared.domain import cron

EXPRESSIONS = [
    "*/15 * * * *", "0 * * * *", "30 2 * * *", "0 2 * * *", "15 3 * * *", "0 0 * * *", "30 1 * * SUN",
    "0 9 * * MON-FRI", "0 12 1 * *", "0 0 L * *", "0 6 * * 1#1", "45 23 31 12 *", "*/7 1-3 * * *", "0 */6 * * *",
    "5,35 2,3 * 3,10,11 *",
]  # fmt: skip
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
    "Africa/Casablanca",
]  # fmt: skip
STARTS = ["2026-03-07T20:00:00", "2026-03-28T20:00:00", "2026-10-24T20:00:00"]
CASES = list(itertools.product(EXPRESSIONS, ZONES, STARTS))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def in_order(expression: str, zone: str, start: str, count: int) -> list[datetime]:
    return list(itertools.islice(cron.after(expression, zone, at(start)), count))


def independent(expression: str, zone: str, start: str, count: int) -> list[datetime]:
    """What croniter says; it lets a fixed time occur again when its hour comes twice, as Debian's cron does not."""
    tz = ZoneInfo(zone)
    times = croniter(expression, at(start).astimezone(tz))
    found = [times.get_next(datetime) for _ in range(count + 4)]
    if not any(field.startswith("*") for field in expression.split()[:2]):
        found = [one for one in found if one.utcoffset() == one.replace(fold=0).utcoffset()]
    return [one.astimezone(UTC) for one in found][:count]


def test_there_are_more_than_two_hundred_cases() -> None:
    assert len(CASES) > 200


@pytest.mark.parametrize(("expression", "zone", "start"), CASES)
def test_occurrences_are_those_of_an_independent_library(expression: str, zone: str, start: str) -> None:
    assert in_order(expression, zone, start, 8) == independent(expression, zone, start, 8)


@pytest.mark.parametrize(("expression", "zone", "start"), CASES)
def test_looking_back_finds_the_same(expression: str, zone: str, start: str) -> None:
    forward = in_order(expression, zone, start, 8)
    back = itertools.takewhile(lambda found: found > at(start), cron.until(expression, zone, forward[-1]))
    assert list(back) == forward[::-1]


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        # 02:00 to 03:00 is left out on 2026-03-29
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00", ["2026-03-29T01:00:00", "2026-03-30T00:30:00"]),
        ("5,35 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00", ["2026-03-29T01:00:00", "2026-03-30T00:05:00"]),
        ("*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00", ["2026-03-30T00:00:00", "2026-03-30T00:30:00"]),
        # 02:00 to 03:00 comes twice on 2026-10-25
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00", ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00", ["2026-10-26T01:30:00"]),
        ("*/30 2 * * *", "Europe/Berlin", "2026-10-25T00:10:00", ["2026-10-25T00:30:00", "2026-10-25T01:00:00"]),
        # half an hour comes twice on 2026-04-05
        ("0 */6 * * *", "Australia/Lord_Howe", "2026-04-04T10:00:00", ["2026-04-04T13:00:00", "2026-04-04T19:30:00"]),
        # a day is left out: 2011-12-30
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00", ["2011-12-30T10:00:00", "2012-12-29T22:00:00"]),
        ("@daily", "Asia/Kathmandu", "2026-01-01T00:00:00", ["2026-01-01T18:15:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
    ],
)
def test_where_clocks_change_it_is_as_in_debians_cron(
    expression: str, zone: str, start: str, expected: list[str]
) -> None:
    assert in_order(expression, zone, start, len(expected)) == [at(text) for text in expected]


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "minute, hour"),
        ("* * * *", "minute, hour"),
        ("* * * * * *", "minute, hour"),
        ("61 * * * *", "minute"),
        ("a b c d e", "minute"),
        ("0 0 30 2 *", "day"),
        ("0 0 31 2,4 *", "day"),
        ("@reboot", "minute, hour"),
        ("*" * 500, "200 characters"),
    ],
)
def test_what_is_no_expression_is_refused_with_what_is_wrong(expression: str, says: str) -> None:
    with pytest.raises(cron.CronError, match=says):
        cron.check(expression)


@pytest.mark.parametrize("expression", ["*/15 9-17 * * MON-FRI", "@Daily", "0 0 L * *", "0 0 29 2 *"])
def test_what_is_one_is_taken(expression: str) -> None:
    cron.check(expression)


def test_a_zone_is_one_of_the_iana_database() -> None:
    assert cron.is_zone("Europe/Berlin")
    assert not any(
        cron.is_zone(name)
        for name in ("", "localtime", "Factory", "../passwd", "Mars/Olympus", "europe/berlin", "x" * 5_000)
    )
