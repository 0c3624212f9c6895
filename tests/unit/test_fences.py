"""Is a fence as exact as the time that Firestore gave, read and written?"""

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds

from shared.firestore import commits


@pytest.mark.parametrize(
    "fence",
    [
        "2026-01-01T00:00:00.123456Z",
        "2026-12-31T23:59:59Z",
        "2026-02-28T12:00:00.34Z",
        "2026-02-28T12:00:00.345Z",
        "2026-02-28T12:00:00.000000001Z",
        "1970-01-01T00:00:00.999999999Z",
    ],
)
def test_a_fence_is_read_and_written_with_all_its_digits(fence: str) -> None:
    read, known = commits.timestamp(fence), DatetimeWithNanoseconds.from_rfc3339(fence)
    assert (read, read.nanosecond, read.tzinfo) == (known, known.nanosecond, known.tzinfo)
    assert read.timestamp_pb() == known.timestamp_pb()
    assert commits.fence_of(read) == commits.fence_of(read.timestamp_pb()) == known.rfc3339()
