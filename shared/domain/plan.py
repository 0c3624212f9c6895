"""What does the engine know of a version before it runs? Everything that follows from its shape.

``shared.domain.analysis`` computes it once, when the version is saved; it is stored with the version and cached
by instances for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    CONSTANT = "constant"  # an input without linked pins: recorded as completed at the start
    COMMENT = "comment"  # a note that nothing is linked to: never runs
    ENTRY = "entry"  # no linked pins: fires once, at the start
    SINGLE = "single"  # one ordinary linked pin: fires once a token
    JOIN = "join"  # several: pairs tokens of equal key
    GATE = "gate"  # its firing is decided by what may still come


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLink:
    """A link with what follows for its tokens. ``static``: it supplies its value again and again. ``constant``: it
    comes from a constant. ``cycle``: the cycle that it closes. ``loop``: both its ends are in one cycle. ``way``:
    which of several links into the pin it is. ``secret``: its value must not be in a task."""

    position: int
    source: str
    source_pin: str
    sink: str
    sink_pin: str
    static: bool
    constant: bool
    cycle: int | None
    loop: bool
    way: int | None
    secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """A node with all that follows from where it stands.

    ``ordinary``: the linked pins that must each have a token; ``constants``: positions of the static links from
    constants that supply it, in order; ``statics``: the other static pins, whose values are held like tokens.
    ``into`` and ``links``: positions of the links that lead into it and out of it. ``many``: output pins that may
    emit many. ``rank``: its place in an order in which every link that closes no cycle leads forward. ``output``:
    its values are the execution's output. ``cycle``: the number of the cycle that it is in. ``reaches``: those that
    its tokens may reach of the gates, of the nodes that link into them and of the lists that they close. ``later``:
    those of them that they reach in a later turn of their cycle alone.

    Of gates: ``gather``, ``head`` (a cycle begins at it), ``mixed`` (its pins come out of different lists or
    cycles), ``merged`` (a join on which two tokens of one key may arrive). ``opens``: the gathers that a firing of
    this node opens. ``gates``: the gates that it reaches, in the order of the version.

    Of the head of a dialog, which answers what its own cycle gave to what it had sent: ``answers``, the pins on which
    that comes; ``seeds``, those whose tokens begin a dialog and hold for all its turns; ``entry``: there are none,
    and it begins at the start.
    """

    kind: Kind
    rank: int
    ordinary: Sequence[str]
    constants: Sequence[int]
    statics: Sequence[str]
    into: Sequence[int]
    links: Sequence[int]
    many: Sequence[str]
    error_linked: bool
    output: bool
    cycle: int | None
    reaches: frozenset[str]
    gather: bool
    head: bool
    mixed: bool
    merged: bool
    opens: Sequence[str]
    gates: Sequence[str]
    answers: Sequence[str] = ()
    seeds: Sequence[str] = ()
    entry: bool = False
    later: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What the version lacks. ``field`` as in validation errors: ``nodes[3]``. ``blocking``: it cannot be executed
    as it is; else it can, and fails where it reaches this."""

    field: str
    message: str
    blocking: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``nodes`` by id, in the order of the version; ``links`` by position. ``named_outputs``: whether output
    values go by the names of AGENT_OUTPUT nodes, or by node id and pin."""

    nodes: Mapping[str, PlanNode]
    links: Sequence[PlanLink]
    named_outputs: bool
    problems: Sequence[Problem]

    @property
    def gates(self) -> list[str]:
        """All gates, in the order of the version."""
        return [node_id for node_id, node in self.nodes.items() if node.kind is Kind.GATE]
