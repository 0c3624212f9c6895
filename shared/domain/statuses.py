"""Which status may follow which, and why?

``TRANSITIONS`` is the whole answer: event -> (from, to). An execution and a node execution share the names.
"""

from enum import StrEnum


class Status(StrEnum):
    INCOMPLETE = "INCOMPLETE"  # waits for inputs
    QUEUED = "QUEUED"  # dispatched, or waiting for its turn
    RUNNING = "RUNNING"
    REVIEW = "REVIEW"  # waits for a person
    WAITING = "WAITING"  # for a sub-agent, a delay, a retry
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TERMINATED = "TERMINATED"


class Event(StrEnum):
    FILL = "fill"  # a join has all its tokens
    CLAIM = "claim"
    BACK_OFF = "back_off"  # failed, and will be tried again
    COMPLETE = "complete"
    FAIL = "fail"
    SUSPEND = "suspend"  # for a time or a sub-agent
    ASK = "ask"  # a person
    DECIDE = "decide"  # a person has decided
    START = "start"  # of an execution
    PAUSE = "pause"  # of an execution: everything active waits
    ASK_ALL = "ask_all"  # of an execution: everything active waits, and a person is asked
    RESUME = "resume"  # of an execution
    TERMINATE = "terminate"


BEGINNING = frozenset({Status.INCOMPLETE, Status.QUEUED})
"""Of an execution that has not started."""
FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.TERMINATED})
ACTIVE = frozenset({Status.QUEUED, Status.RUNNING, Status.REVIEW, Status.WAITING})

TRANSITIONS: dict[Event, tuple[frozenset[Status], Status]] = {
    Event.FILL: (frozenset({Status.INCOMPLETE}), Status.QUEUED),
    Event.CLAIM: (frozenset({Status.QUEUED, Status.RUNNING, Status.WAITING}), Status.RUNNING),
    # A pure block skips the claim: it goes from QUEUED straight on.
    Event.BACK_OFF: (frozenset({Status.QUEUED, Status.RUNNING}), Status.WAITING),
    Event.COMPLETE: (frozenset({Status.QUEUED, Status.RUNNING}), Status.COMPLETED),
    Event.FAIL: (frozenset({Status.QUEUED, Status.RUNNING}), Status.FAILED),
    Event.SUSPEND: (frozenset({Status.RUNNING}), Status.WAITING),
    Event.ASK: (frozenset({Status.RUNNING}), Status.REVIEW),
    Event.DECIDE: (frozenset({Status.REVIEW}), Status.QUEUED),
    Event.PAUSE: (frozenset({Status.RUNNING, Status.REVIEW}), Status.WAITING),
    Event.ASK_ALL: (frozenset({Status.RUNNING, Status.WAITING}), Status.REVIEW),
    Event.RESUME: (frozenset({Status.WAITING, Status.REVIEW}), Status.RUNNING),
    # A retry is INCOMPLETE until it has taken over what it does not repeat.
    Event.START: (frozenset({Status.QUEUED, Status.INCOMPLETE}), Status.RUNNING),
    Event.TERMINATE: (ACTIVE | {Status.INCOMPLETE}, Status.TERMINATED),
}


class ForbiddenTransition(Exception):
    """A defect: the caller must have looked at the status first."""


def follow(event: Event, status: Status) -> Status:
    """The status after ``event``. ForbiddenTransition: it cannot happen in ``status``."""
    sources, target = TRANSITIONS[event]
    if status not in sources:
        raise ForbiddenTransition(f"{event} cannot happen in {status}, only in {', '.join(sorted(sources))}.")
    return target


def is_final(status: Status) -> bool:
    return status in FINAL
