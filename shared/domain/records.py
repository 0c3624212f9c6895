"""What is kept of an execution and of a node execution?

Plain records, as the engine sees them; ``shared.firestore`` says how they lie in documents. ``update_time`` is
the fence: the document's own, as RFC 3339 text with all its digits. A write that names it applies only to the
very state that was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain import labels
from shared.domain.statuses import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One value on its way. ``link``: position of the link in the version, by which it arrives. ``stored``: where
    a value lies that is too large for a document; ``value`` is None then."""

    label: labels.Label
    link: int
    value: Any = None
    stored: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One token as its node emitted it, before it took any link."""

    pin: str
    value: Any = None
    stored: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a node execution or an execution failed. ``reason`` is stable, ``message`` is for people."""

    reason: str
    message: str
    node_id: str | None = None
    node_execution_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The node execution of which an execution is the sub-agent, with what a task for it needs."""

    execution_id: str
    node_execution_id: str
    node_id: str
    graph_id: str
    graph_version: int
    queue: str
    absent: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How an execution is to end, whatever its nodes do. ``status``: TERMINATED or FAILED."""

    status: Status
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a graph version. ``constants``: node id of an input -> its output. ``absent``: positions of links
    from constants that carry nothing. ``occupies``: whether it counts against the user's executions at a time.
    ``output`` is None until it is final, or where it is too large to keep here. ``depth``: of how many executions it
    is the sub-agent. ``running_since`` and ``ran_seconds``: its wall time, which rests while everything waits.

    ``retry_of``: the execution that it repeats, from the nodes ``repairs`` on; ``copied``: how many documents are
    taken over from it; ``sources``: it and those that it repeated, whose stored values this one may share.
    ``deleting``: for its user it is gone. ``credentials``: node id or provider -> the id of the credential that its
    user chose when they started it."""

    id: str
    user_id: str
    graph_id: str
    graph_version: int
    status: Status
    queue: str
    constants: Mapping[str, Output]
    absent: Sequence[int]
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    due_at: datetime | None = None
    output: Any = None
    error: Failure | None = None
    node_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    cost: float = 0.0
    stop: Stop | None = None
    parent: Parent | None = None
    depth: int = 0
    running_since: datetime | None = None
    ran_seconds: float = 0.0
    retry_of: str | None = None
    repairs: Sequence[str] = ()
    sources: Sequence[str] = ()
    copied: int = 0
    deleting: bool = False
    credentials: Mapping[str, str] = field(default_factory=dict[str, str])
    update_time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeExecution:
    """One firing of one node.

    ``inputs``: pin -> the token that came by a link; ``held``: pin -> ids of tokens that were held at the gate, where
    it is one; ``marks``: of a gather those of the marks that it consumed with them. ``order`` sorts node executions
    of an execution. ``spreading``: not all that it emitted is delivered.
    ``settling``: what it left behind at gates is not decided. ``gates``: those that it reaches. ``attempts``: how
    often the block raised or returned; ``claims``: how often an instance took it since it last rested. ``suspended``:
    what it waits for, or waited for: ``{kind: delay|review|agent|agents, round, state…}``; ``decision``: what a
    person decided. ``copied``: it ran in the execution that this one repeats; ``cached``: its outputs are those of an
    earlier one with the same inputs.
    """

    id: str
    execution_id: str
    node_id: str
    block_type: str
    label: labels.Label
    order: str
    status: Status
    hops: int
    inputs: Mapping[str, Token]
    created_at: datetime
    held: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    marks: Sequence[str] = ()
    gates: Sequence[str] = ()
    active: bool = False
    spreading: bool = False
    settling: bool = False
    attempts: int = 0
    claims: int = 0
    claim_id: str | None = None
    lease_until: datetime | None = None
    wait_until: datetime | None = None
    suspended: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None
    cancel_requested: bool = False
    due_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    outputs: Sequence[Output] = ()
    error: Failure | None = None
    unhandled: bool = False
    cost: float = 0.0
    copied: bool = False
    cached: bool = False
    update_time: str = ""

    @property
    def children(self) -> tuple[str, ...]:
        """The executions of the sub-agents that it waits for, or waited for last."""
        return tuple((self.suspended or {}).get("execution_ids", ()))


@dataclass(frozen=True, slots=True)
class Applied:
    """A conditional write took place; ``update_time`` is the document's new fence."""

    update_time: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A conditional write did not take place: somebody else was first. Read again, and decide."""


Written = Applied | Lost
