"""Which status follows which? The whole table, every pair of event and status."""

import itertools

import pytest

from shared.domain import statuses
from shared.domain.statuses import Event, Status

ARROWS = """
fill      INCOMPLETE -> QUEUED
claim     QUEUED RUNNING WAITING -> RUNNING
suspend   RUNNING -> WAITING
ask       RUNNING -> REVIEW
decide    REVIEW -> QUEUED
back_off  QUEUED RUNNING -> WAITING
complete  QUEUED RUNNING -> COMPLETED
fail      QUEUED RUNNING -> FAILED
start     INCOMPLETE QUEUED -> RUNNING
pause     RUNNING REVIEW -> WAITING
ask_all   RUNNING WAITING -> REVIEW
resume    WAITING REVIEW -> RUNNING
terminate INCOMPLETE QUEUED RUNNING REVIEW WAITING -> TERMINATED
"""


def _arrows() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for line in ARROWS.strip().splitlines():
        (event, *sources), target = line.split(" -> ")[0].split(), line.split(" -> ")[1]
        found |= {(event, source): target for source in sources}
    return found


FOLLOWS = _arrows()
PAIRS = list(itertools.product(Event, Status))


@pytest.mark.parametrize(
    ("event", "status"), PAIRS, ids=[f"{e}: {s} -> {FOLLOWS.get((e, s), 'nothing')}" for e, s in PAIRS]
)
def test_every_transition(event: Event, status: Status):
    target = FOLLOWS.get((event, status))
    if target:
        assert statuses.follow(event, status) is Status(target)
    else:
        with pytest.raises(statuses.ForbiddenTransition, match=f"^{event} cannot happen in {status}, only in [A-Z]"):
            statuses.follow(event, status)


@pytest.mark.parametrize("status", Status)
def test_a_status_is_final_exactly_where_nothing_follows_it(status: Status):
    assert statuses.is_final(status) == all(status not in sources for sources, _ in statuses.TRANSITIONS.values())


def test_active_is_what_is_neither_final_nor_incomplete():
    assert set(Status) == statuses.FINAL | statuses.ACTIVE | {Status.INCOMPLETE}
    assert not statuses.FINAL & statuses.ACTIVE
