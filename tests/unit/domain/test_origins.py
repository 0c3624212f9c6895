"""What its owner may do with a graph that they did not write."""

import pytest

from shared.domain import origins
from shared.domain.origins import Origin, Source


@pytest.mark.parametrize(
    ("origin", "frozen", "listed"),
    [
        (None, False, True),
        (Origin(source=Source.FORK), False, True),
        (Origin(source=Source.STORE), True, True),
        (Origin(source=Source.PART), True, False),
    ],
)
def test_a_fork_is_written_an_added_agent_is_not_and_a_part_is_in_no_list(
    origin: Origin | None, frozen: bool, listed: bool
) -> None:
    assert (origins.is_frozen(origin), origins.is_listed(origin)) == (frozen, listed)
