"""For whom is a feature on?"""

import pytest

from shared.domain import flags
from shared.domain.flags import Flag

USERS = [f"user-{n}" for n in range(2_000)]


def _flag(name: str = "f", *, enabled: bool = True, percent: float = 0, user_ids: tuple[str, ...] = ()) -> Flag:
    return Flag(name=name, description="", enabled=enabled, percent=percent, user_ids=user_ids)


def test_it_is_on_for_whom_it_names():
    assert flags.is_on(_flag(user_ids=("ann",)), "ann")
    assert not flags.is_on(_flag(user_ids=("ann",)), "bob")


def test_one_that_is_not_enabled_is_off_for_everybody():
    assert not any(flags.is_on(_flag(enabled=False, percent=100, user_ids=("user-1",)), user) for user in USERS)


@pytest.mark.parametrize(("percent", "share"), [(0, 0), (25, 0.25), (100, 1)])
def test_it_is_on_for_about_as_many_as_it_says(percent: float, share: float):
    on = sum(flags.is_on(_flag(percent=percent), user) for user in USERS)
    assert on / len(USERS) == pytest.approx(share, abs=0.04)


def test_who_has_it_keeps_it_when_more_get_it():
    few = {user for user in USERS if flags.is_on(_flag(percent=10), user)}
    more = {user for user in USERS if flags.is_on(_flag(percent=20), user)}
    assert few < more


def test_other_flags_begin_with_other_users():
    one = {user for user in USERS if flags.is_on(_flag("one", percent=10), user)}
    two = {user for user in USERS if flags.is_on(_flag("two", percent=10), user)}
    assert len(one & two) < len(one) / 2
