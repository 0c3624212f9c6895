"""What may still be spent?"""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain import credit
from shared.domain.credit import Allowance, Used

TEN = Allowance(monthly=10)


@pytest.mark.parametrize(
    ("allowance", "used", "needed", "missing"),
    [
        (TEN, Used(spent=4), 6, 0),
        (TEN, Used(spent=4), 7, 1),
        (TEN, Used(spent=10), 0, 1),
        (TEN, Used(spent=12), 3, 5),
        (Allowance(monthly=10, credit=5), Used(spent=12), 3, 0),
        (Allowance(monthly=None), Used(spent=10**12), 10**12, 0),
        (Allowance(monthly=0), Used(), 0, 1),
    ],
)
def test_what_is_missing(allowance: Allowance, used: Used, needed: int, missing: int) -> None:
    assert credit.missing(allowance, used, needed) == missing


def test_what_is_held_has_to_fit_too() -> None:
    assert credit.fits(TEN, Used(spent=4, held=6))
    assert not credit.fits(TEN, Used(spent=4, held=7))
    assert credit.fits(Allowance(monthly=None), Used(held=10**12))


def test_what_goes_beyond_the_limit_comes_out_of_the_credit() -> None:
    allowance = Allowance(monthly=10, credit=5)
    assert [credit.carried(allowance, Used(spent=spent)) for spent in (3, 10, 12, 99)] == [5, 5, 3, 0]
    assert credit.carried(Allowance(monthly=None, credit=5), Used(spent=99)) == 5


def test_months_begin_at_midnight_utc() -> None:
    assert credit.month_of(datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-11"
    assert credit.ends("2026-11") == datetime(2026, 12, 1, tzinfo=UTC) == credit.begins("2026-12")
    assert credit.ends("2026-12") == datetime(2027, 1, 1, tzinfo=UTC)


def test_sums_are_exact() -> None:
    tenth = Used(spent=credit.nano(0.1))
    total = sum([tenth] * 10, Used())
    assert (total.spent, credit.dollars(total.spent)) == (credit.NANO, 1.0)


@pytest.mark.parametrize(("nano", "text"), [(0, "$0.00"), (1_500_000_000, "$1.50"), (123_456, "$0.000123456")])
def test_small_amounts_are_shown_in_full(nano: int, text: str) -> None:
    assert credit.shown(nano) == text
