"""A task arrived, and the node execution is not in the state that it speaks of. What is to be done?

The table of docs/ARCHITECTURE.md, "A lost race is a value", as a pure function of what the document says.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.records import NodeExecution
from shared.domain.statuses import Status, is_final


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to do: somebody else has it, or nobody needs it."""


@dataclass(frozen=True, slots=True)
class Later:
    """Call again at that time, by a named task; holding or failing this one would slow the whole queue."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Take it, on that fence."""

    update_time: str


@dataclass(frozen=True, slots=True)
class GoOn:
    """The claim was applied, and only its answer lost: go on, on that fence."""

    update_time: str


@dataclass(frozen=True, slots=True)
class Conclude:
    """It is final: publish again, spread on, dispatch what is still QUEUED, finish."""


Decision = Ignore | Later | Claim | GoOn | Conclude


def decide(found: NodeExecution | None, claim_id: str, now: datetime) -> Decision:
    """What a delivery does that found this document. ``claim_id``: its own."""
    if found is None:
        return Ignore()
    if is_final(found.status):
        return Ignore() if found.status is Status.TERMINATED else Conclude()
    if found.status is Status.QUEUED:
        return Claim(found.update_time)
    if found.status is Status.RUNNING:
        return _running(found, claim_id, now)
    if found.status is Status.WAITING and found.wait_until is not None:
        return Later(found.wait_until) if now < found.wait_until else Claim(found.update_time)
    return Ignore()


def _running(found: NodeExecution, claim_id: str, now: datetime) -> Decision:
    if found.claim_id == claim_id:
        return GoOn(found.update_time)
    if found.lease_until is not None and now < found.lease_until:
        return Later(found.lease_until)
    return Claim(found.update_time)
