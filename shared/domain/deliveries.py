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


@dataclass(frozen=True, slots=True)
class AskChild:
    """It waits for sub-agents: claim it, on that fence, if the executions of all of them are final."""

    execution_ids: tuple[str, ...]
    update_time: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """Its execution is being stopped, and nobody runs it: it ends, on that fence."""

    update_time: str


Decision = Ignore | Later | Claim | GoOn | Conclude | AskChild | Terminate


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
    if found.status is Status.WAITING:
        return _waiting(found, now)
    return Ignore()


def _running(found: NodeExecution, claim_id: str, now: datetime) -> Decision:
    mine = found.claim_id == claim_id
    if not mine and found.lease_until is not None and now < found.lease_until:
        return Later(found.lease_until)
    if found.cancel_requested:
        return Terminate(found.update_time)
    return GoOn(found.update_time) if mine else Claim(found.update_time)


def _waiting(found: NodeExecution, now: datetime) -> Decision:
    if found.wait_until is not None:
        return Later(found.wait_until) if now < found.wait_until else Claim(found.update_time)
    children = found.children
    return AskChild(children, found.update_time) if children else Ignore()
