"""What does a retry take over from the execution that it repeats, and what is left for it to run?

Pure. From the start on, what a copied node execution emitted is delivered twice: under its id there, which tells what
came of it, and under its id here, which is the one that this execution itself would have derived. Both give the
same deliveries in the same order, so that the one is the other's name. What has no copy is to be run.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain import identity, planning
from shared.domain.plan import Kind, Plan
from shared.domain.planning import Deliveries, Meeting, Parked, Sender
from shared.domain.records import Execution, NodeExecution
from shared.domain.statuses import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A token at a gate. ``is_held``: no copied firing has consumed it."""

    parked: Parked
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """``copies``: what is final as it was; ``made``: what is QUEUED, and joins that are INCOMPLETE; ``kept``: the
    tokens at gates. All with the ids of the retry, each list in an order that does not change."""

    copies: Sequence[NodeExecution]
    made: Sequence[NodeExecution]
    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """Of what is to be run. ``block_type``: that of a node."""

    block_type: Callable[[str], str]
    now: datetime
    due_at: datetime


def repeated(plan: Plan, repairs: Collection[str]) -> set[str]:
    """The nodes to be run again: the given ones, and all that can be reached from them."""
    found, rest = set(repairs), deque(repairs)
    while rest:
        node = rest.popleft()
        sinks = {link.sink for link in plan.links if link.source == node} - found
        found |= sinks
        rest.extend(sinks)
    return found


def replay(plan: Plan, source: Execution, target: Execution, nodes: Sequence[NodeExecution], birth: Birth) -> Replay:
    """``nodes``: all node executions of ``source``, in order, with the values of their outputs."""
    again = repeated(plan, target.repairs)
    copied = [node for node in nodes if node.node_id not in again and _is_done(plan, node)]
    return _Replay(plan, source, target, birth).of(copied)


def _is_done(plan: Plan, node: NodeExecution) -> bool:
    """Whether it need not be run. The constants are recorded anew at the start."""
    recorded = node.status in (Status.COMPLETED, Status.FAILED)
    return recorded and plan.nodes[node.node_id].kind is not Kind.CONSTANT


def _opens(node: NodeExecution) -> bool:
    return node.status is Status.COMPLETED


class _Replay:
    def __init__(self, plan: Plan, source: Execution, target: Execution, birth: Birth) -> None:
        self.plan = plan
        self.source = source
        self.target = target
        self.birth = birth
        self.ids: dict[str, str] = {}  # there -> here, of node executions and of tokens
        self.made: dict[str, NodeExecution] = {}
        self.kept: dict[str, Parked] = {}

    def of(self, copied: Sequence[NodeExecution]) -> Replay:
        self._deliver(planning.start(self.plan, self.source), planning.start(self.plan, self.target), hops=0)
        copies = self._walk(copied)
        names = {copy.id for copy in copies}
        taken = {id_ for copy in copies for id_ in self._consumed(copy)}
        return Replay(
            copies=sorted(copies, key=lambda node: (node.order, node.id)),
            made=[node for id_, node in sorted(self.made.items()) if id_ not in names],
            kept=[Kept(parked=p, is_held=id_ not in taken) for id_, p in sorted(self.kept.items())],
        )

    def _walk(self, copied: Sequence[NodeExecution]) -> list[NodeExecution]:
        """The copies of those to which a way leads from the start, senders before what they send to."""
        copies: list[NodeExecution] = []
        rest = sorted(copied, key=lambda node: node.hops)
        while rest:
            left: list[NodeExecution] = []
            for node in rest:
                copy = self._copy(node)
                if copy is None:
                    left.append(node)
                    continue
                copies.append(copy)
                self._deliver(self._sent(node, self.source), self._sent(copy, self.target), hops=copy.hops)
            if len(left) == len(rest):
                break
            rest = left
        return copies

    def _copy(self, node: NodeExecution) -> NodeExecution | None:
        """None: what leads to it is not known yet."""
        held = {pin: [self.ids.get(id_, "") for id_ in ids] for pin, ids in node.held.items()}
        marks = [self.ids.get(id_, "") for id_ in node.marks]
        if "" in marks or any("" in ids for ids in held.values()):
            return None
        id_ = self._id(replace(node, held=held, marks=marks), node.id)
        if id_ is None:
            return None
        return replace(
            node,
            id=id_,
            execution_id=self.target.id,
            held=held,
            marks=marks,
            active=False,
            spreading=False,
            settling=False,
            due_at=None,
            cost=0.0,
            copied=True,
            update_time="",
        )

    def _id(self, node: NodeExecution, old: str) -> str | None:
        """``node`` has the tokens of the retry."""
        if node.held or node.marks:
            return identity.firing(self.target.id, node.node_id, node.label, self._consumed(node))
        return self.ids.get(old)

    def _consumed(self, node: NodeExecution) -> list[str]:
        """Tokens and marks; static ones supply others too."""
        statics = self.plan.nodes[node.node_id].statics
        return [*node.marks, *(id_ for pin, ids in node.held.items() if pin not in statics for id_ in ids)]

    def _sent(self, node: NodeExecution, execution: Execution) -> Deliveries:
        sender = Sender(
            execution_id=execution.id,
            node_execution_id=node.id,
            node_id=node.node_id,
            label=node.label,
            absent=frozenset(self.source.absent),
            hops=node.hops,
        )
        return planning.deliver(self.plan, sender, node.outputs, opens=_opens(node))

    def _deliver(self, there: Deliveries, here: Deliveries, *, hops: int) -> None:
        """Learn the names, and make what the deliveries make."""
        self.ids |= {a.id: b.id for a, b in zip(there.firings, here.firings, strict=True)}
        self.ids |= {a.id: b.id for a, b in zip(there.meetings, here.meetings, strict=True)}
        self.ids |= {a.held.id: b.held.id for a, b in zip(there.parked, here.parked, strict=True)}
        birth = planning.Birth(
            execution_id=self.target.id, hops=hops + 1, now=self.birth.now, due_at=self.birth.due_at
        )
        for firing in here.firings:
            self.made[firing.id] = planning.child(self.plan, self.birth.block_type(firing.node_id), firing, birth)
        for meeting in here.meetings:
            self._meet(meeting, birth)
        self.kept |= {parked.held.id: parked for parked in here.parked}

    def _meet(self, meeting: Meeting, birth: planning.Birth) -> None:
        block_type = self.birth.block_type(meeting.node_id)
        found = self.made.get(meeting.id)
        joined = planning.meet(self.plan, block_type, meeting, found, birth)
        self.made |= {joined.id: joined} if joined else {}
