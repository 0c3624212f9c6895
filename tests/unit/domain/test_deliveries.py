"""A lost race is a value: what is done with a task that finds another state than it speaks of?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain import deliveries
from shared.domain.deliveries import AskChild, Claim, Conclude, GoOn, Ignore, Later, Terminate
from shared.domain.records import NodeExecution
from shared.domain.statuses import Status

NOW = datetime(2030, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
FENCE = "2030-01-01T00:00:00.000000001Z"
MINE, THEIRS = "my-claim", "another-claim"


def _found(status: Status, **changes: Any) -> NodeExecution:
    return NodeExecution(
        id="n",
        execution_id="e",
        node_id="node",
        block_type="BLOCK",
        label=(),
        order="",
        status=status,
        hops=1,
        inputs={},
        created_at=NOW,
        update_time=FENCE,
        **changes,
    )


ROWS: dict[str, tuple[Status, dict[str, Any], deliveries.Decision]] = {
    "INCOMPLETE: nothing": (Status.INCOMPLETE, {}, Ignore()),
    "REVIEW: nothing": (Status.REVIEW, {}, Ignore()),
    "TERMINATED: nothing": (Status.TERMINATED, {}, Ignore()),
    "COMPLETED: conclude": (Status.COMPLETED, {}, Conclude()),
    "FAILED: conclude": (Status.FAILED, {}, Conclude()),
    "QUEUED: claim on the fence just read": (Status.QUEUED, {}, Claim(FENCE)),
    "RUNNING, my claim: go on": (Status.RUNNING, {"claim_id": MINE, "lease_until": NOW + INSTANT}, GoOn(FENCE)),
    "RUNNING, my claim, its lease over: go on": (
        Status.RUNNING,
        {"claim_id": MINE, "lease_until": NOW - INSTANT},
        GoOn(FENCE),
    ),
    "RUNNING, another's, its lease alive: at its end": (
        Status.RUNNING,
        {"claim_id": THEIRS, "lease_until": NOW + INSTANT},
        Later(NOW + INSTANT),
    ),
    "RUNNING, another's, its lease ends now: claim": (
        Status.RUNNING,
        {"claim_id": THEIRS, "lease_until": NOW},
        Claim(FENCE),
    ),
    "RUNNING, another's, its lease over: claim": (
        Status.RUNNING,
        {"claim_id": THEIRS, "lease_until": NOW - INSTANT},
        Claim(FENCE),
    ),
    "RUNNING without a lease: claim": (Status.RUNNING, {"claim_id": THEIRS}, Claim(FENCE)),
    "RUNNING, my claim, to be cancelled: terminate": (
        Status.RUNNING,
        {"claim_id": MINE, "lease_until": NOW + INSTANT, "cancel_requested": True},
        Terminate(FENCE),
    ),
    "RUNNING, another's, its lease alive, to be cancelled: they see it": (
        Status.RUNNING,
        {"claim_id": THEIRS, "lease_until": NOW + INSTANT, "cancel_requested": True},
        Later(NOW + INSTANT),
    ),
    "RUNNING, the lease over, to be cancelled: terminate": (
        Status.RUNNING,
        {"claim_id": THEIRS, "lease_until": NOW, "cancel_requested": True},
        Terminate(FENCE),
    ),
    "WAITING, its time to come: then": (Status.WAITING, {"wait_until": NOW + INSTANT}, Later(NOW + INSTANT)),
    "WAITING, its time is now: claim": (Status.WAITING, {"wait_until": NOW}, Claim(FENCE)),
    "WAITING, its time over: claim": (Status.WAITING, {"wait_until": NOW - INSTANT}, Claim(FENCE)),
    "WAITING for a sub-agent: ask it": (
        Status.WAITING,
        {"suspended": {"kind": "agents", "execution_ids": ["child", "other"]}},
        AskChild(("child", "other"), FENCE),
    ),
    "WAITING for nothing known: nothing": (Status.WAITING, {}, Ignore()),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_document_says_what_to_do(row: str):
    status, changes, decision = ROWS[row]
    assert deliveries.decide(_found(status, **changes), MINE, NOW) == decision


def test_a_document_that_is_gone_needs_nothing():
    assert deliveries.decide(None, MINE, NOW) == Ignore()


def test_the_table_has_a_row_for_every_status():
    assert {status for status, _, _ in ROWS.values()} == set(Status)
