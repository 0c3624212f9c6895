"""A file goes through its states one way, and is looked at when something is to be done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from shared.domain import files
from shared.domain.files import CHECKED, File, FileStatus, Step

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)


def a_file(status: FileStatus = FileStatus.PENDING, **changes) -> File:
    made = File(
        id="f",
        user_id="u",
        name="a.txt",
        status=status,
        size=1,
        held=1,
        upload_until=LATER,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(("before", "after"), list(product(FileStatus, FileStatus)), ids=lambda status: status.value)
def test_nothing_becomes_clean_that_was_not_in_quarantine_and_nothing_goes_back(before, after):
    allowed = files.may_become(a_file(before), after)
    if after is FileStatus.CLEAN:
        assert allowed == (before is FileStatus.QUARANTINED)
    elif after is FileStatus.DELETED:
        assert allowed == (before is not FileStatus.DELETED)
    else:
        order = [FileStatus.PENDING, FileStatus.QUARANTINED]
        later = before in order and (order.index(before) + 1 == order.index(after) if after in order else False)
        assert allowed == (later or (before is FileStatus.QUARANTINED and after in CHECKED))


def test_retries_double_up_to_a_limit():
    waits = [(files.retry_at(tries, NOW) - NOW).total_seconds() for tries in (1, 2, 3, 4, 5, 1000)]
    assert waits == [60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize(
    ("file", "at", "expected"),
    [
        (a_file(), LATER, Step.SCAN),
        (a_file(FileStatus.QUARANTINED, quarantined="1"), NOW, Step.SCAN),
        (a_file(FileStatus.QUARANTINED, expires_at=NOW), NOW, Step.ERASE),
        (a_file(FileStatus.CLEAN, quarantined="1"), NOW, Step.NOTHING),
        (a_file(FileStatus.CLEAN, quarantined="1"), LATER, Step.LEAVE_QUARANTINE),
        (a_file(FileStatus.CLEAN, quarantined="1", expires_at=LATER), LATER, Step.ERASE),
        (a_file(FileStatus.CLEAN), LATER, Step.NOTHING),
        (a_file(FileStatus.REJECTED, expires_at=LATER), NOW, Step.NOTHING),
        (a_file(FileStatus.INFECTED, expires_at=LATER), LATER, Step.ERASE),
        (a_file(FileStatus.DELETED), NOW, Step.ERASE),
    ],
)
def test_what_is_due_is_looked_at(file, at, expected):
    assert files.step(file, at) is expected


def test_a_checked_file_is_due_when_its_upload_url_ends_and_then_at_its_end():
    end = NOW + timedelta(days=1)
    kept = a_file(FileStatus.CLEAN, quarantined="1", expires_at=end)
    assert files.checked_due(kept) == LATER
    assert files.checked_due(replace(kept, quarantined="")) == end
    assert files.checked_due(a_file(FileStatus.CLEAN)) is None
