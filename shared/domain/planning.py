"""What does a commit make? The node executions and join tokens that follow from what a node execution emitted.

Pure: the same version, label and outputs always give the same deliveries, in the same order, with the same ids.
That is what makes them safe to repeat after a crash.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.domain import identity, labels, pins
from shared.domain.pairing import Held, Row
from shared.domain.plan import Kind, Plan, PlanLink
from shared.domain.records import Execution, NodeExecution, Output, Token
from shared.domain.statuses import Event, Status, follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A node execution that has all it needs: to be created QUEUED."""

    id: str
    node_id: str
    label: labels.Label
    tokens: Mapping[str, Token]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Tokens for one join and key: pin -> token. They may not be all."""

    id: str
    node_id: str
    key: labels.Key
    tokens: Mapping[str, Token]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A token that is to wait at a gate, or the mark that opens a gather (``pin`` empty)."""

    held: Held
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    firings: Sequence[Firing]
    meetings: Sequence[Meeting]
    parked: Sequence[Parked] = ()

    @property
    def size(self) -> int:
        """How many documents they touch."""
        return len(self.firings) + len(self.meetings) + len(self.parked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose tokens are delivered: a firing of ``node_id`` in an execution. ``hops``: how far it is from the start."""

    execution_id: str
    node_execution_id: str
    node_id: str
    label: labels.Label
    absent: frozenset[int]
    hops: int


def deliver(plan: Plan, sender: Sender, outputs: Sequence[Output], *, opens: bool) -> Deliveries:
    """What the outputs of one firing make, in the order in which they were emitted, then that of the links.
    ``opens``: whether it opens the gathers that close its list; a firing that failed opens none."""
    made = _sort(plan, sender, _tokens(plan, sender.node_id, sender.label, outputs))
    marks = [_mark(sender, gather) for gather in plan.nodes[sender.node_id].opens] if opens else []
    return replace(made, parked=[*marks, *made.parked])


def _mark(sender: Sender, gather: str) -> Parked:
    id_ = identity.derive(sender.node_execution_id, "opens", gather)
    held = Held(id=id_, gate=gather, pin="", label=sender.label, link=-1, hops=sender.hops)
    return Parked(held=held, token=Token(label=sender.label, link=-1))


def start(plan: Plan, execution: Execution) -> Deliveries:
    """What the start of an execution makes: its entries, and what its constants fire."""
    sender = Sender(
        execution_id=execution.id,
        node_execution_id=identity.root(execution.id),
        node_id="",
        label=labels.ROOT,
        absent=frozenset(execution.absent),
        hops=0,
    )
    entries = [
        Firing(id=identity.entry(execution.id, node_id), node_id=node_id, label=(), tokens={})
        for node_id, node in plan.nodes.items()
        if node.kind is Kind.ENTRY or node.entry
    ]
    tokens = [
        token
        for node_id, output in execution.constants.items()
        for token in _tokens(plan, node_id, labels.ROOT, [output])
    ]
    made = _sort(plan, sender, tokens)
    return Deliveries(firings=[*entries, *made.firings], meetings=made.meetings, parked=made.parked)


def absent_constants(plan: Plan, constants: Mapping[str, Any]) -> list[int]:
    """Positions of the static links from constants that will carry nothing: a firing that needs one never is."""
    return [link.position for link in plan.links if _supplies(plan, link) and constant_value(link, constants) is None]


def constant_value(link: PlanLink, constants: Mapping[str, Any]) -> pins.Found | None:
    """What a link from a constant carries."""
    if link.source not in constants:
        return None
    return pins.select(link.source_pin, constants[link.source])


def static_values(plan: Plan, node_id: str, constants: Mapping[str, Any]) -> dict[str, Any]:
    """Pin -> value of the constants that supply a node; of several links into one pin the last in the version."""
    values: dict[str, Any] = {}
    for position in plan.nodes[node_id].constants:
        link = plan.links[position]
        found = constant_value(link, constants)
        if found is not None:
            values[link.sink_pin] = found.value
    return values


def _tokens(
    plan: Plan, node_id: str, label: labels.Label, outputs: Sequence[Output]
) -> Iterator[tuple[int, PlanLink, Token]]:
    """Every token with the number of its output, the link that it takes and the label under which it arrives."""
    node = plan.nodes[node_id]
    counts: dict[str, int] = defaultdict(int)
    for number, output in enumerate(outputs):
        ordinal = counts[output.pin]
        counts[output.pin] += 1
        sent = labels.append(label, ordinal, labels.LIST) if output.pin in node.many else label
        for position in node.links:
            link = plan.links[position]
            if output.pin == pins.base_name(link.source_pin) and not _supplies(plan, link):
                found = pins.select(link.source_pin, output.value)
                if found is not None:
                    yield number, link, _arriving(link, sent, output, found)


def _supplies(plan: Plan, link: PlanLink) -> bool:
    """Whether its value is read with the execution, and sent to nobody."""
    return link.position in plan.nodes[link.sink].constants


def _arriving(link: PlanLink, label: labels.Label, output: Output, found: pins.Found) -> Token:
    if link.cycle is not None:
        label = labels.next_turn(label, link.cycle)
    if link.way is not None:
        label = labels.append(label, link.way, labels.WAY)
    if output.stored is not None and not pins.is_dynamic(link.source_pin):
        return Token(label=label, link=link.position, stored=output.stored)
    return Token(label=label, link=link.position, value=found.value)


def _sort(plan: Plan, sender: Sender, tokens: Iterable[tuple[int, PlanLink, Token]]) -> Deliveries:
    """Tokens for gates are parked, tokens for joins meet by key; every other token fires its node."""
    firings: list[Firing] = []
    meetings: dict[str, Meeting] = {}
    parked: list[Parked] = []
    for number, link, token in tokens:
        node = plan.nodes[link.sink]
        if _starved(plan, link.sink, sender.absent):
            continue
        if node.kind is Kind.GATE:
            parked.append(_park(sender, number, link, token))
            if link.sink_pin in node.seeds and not link.static and not link.loop:
                parked.append(_keep(parked[-1]))
        elif node.kind is Kind.JOIN:
            key = labels.key(token.label)
            id_ = identity.join(sender.execution_id, link.sink, key)
            met = meetings.get(id_) or Meeting(id=id_, node_id=link.sink, key=key, tokens={})
            meetings[id_] = replace(met, tokens={**met.tokens, link.sink_pin: token})
        else:
            id_ = identity.token(sender.node_execution_id, number, link.position)
            firings.append(Firing(id=id_, node_id=link.sink, label=token.label, tokens={link.sink_pin: token}))
    return Deliveries(firings=firings, meetings=list(meetings.values()), parked=parked)


def _park(sender: Sender, number: int, link: PlanLink, token: Token) -> Parked:
    held = Held(
        id=identity.token(sender.node_execution_id, number, link.position),
        gate=link.sink,
        pin=link.sink_pin,
        label=token.label,
        link=token.link,
        static=link.static,
        loop=link.loop,
        hops=sender.hops,
    )
    return Parked(held=held, token=token)


def _keep(seed: Parked) -> Parked:
    """The same token, to be there for the later turns of the dialog that it begins."""
    held = replace(seed.held, id=identity.derive(seed.held.id, "kept"), static=True)
    return replace(seed, held=held)


def _starved(plan: Plan, node_id: str, absent: frozenset[int]) -> bool:
    """Whether a pin of the node waits for a constant that has no value: it never fires. Another link into the same
    pin may supply it."""
    if not absent:
        return False
    supplied: dict[str, bool] = {}
    for position in plan.nodes[node_id].constants:
        pin = plan.links[position].sink_pin
        supplied[pin] = supplied.get(pin, False) or position not in absent
    return not all(supplied.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a new node execution inherits."""

    execution_id: str
    hops: int
    now: datetime
    due_at: datetime


def child(plan: Plan, block_type: str, firing: Firing, birth: Birth) -> NodeExecution:
    """The QUEUED node execution of a firing."""
    return NodeExecution(
        id=firing.id,
        execution_id=birth.execution_id,
        node_id=firing.node_id,
        block_type=block_type,
        label=firing.label,
        order=order(plan, firing.node_id, firing.label),
        status=Status.QUEUED,
        active=True,
        hops=birth.hops,
        inputs=firing.tokens,
        gates=plan.nodes[firing.node_id].gates,
        created_at=birth.now,
        due_at=birth.due_at,
    )


def fired(plan: Plan, block_type: str, row: Row, birth: Birth) -> NodeExecution:
    """The QUEUED node execution of a gate's firing. Its inputs stay where they are held; the id tells which."""
    firing = Firing(
        id=identity.firing(birth.execution_id, row.node, row.label, [t.id for t in row.consumed]),
        node_id=row.node,
        label=row.label,
        tokens={},
    )
    made = child(plan, block_type, firing, birth)
    hops = 1 + max((t.hops for tokens in row.tokens.values() for t in tokens), default=birth.hops - 1)
    held = {pin: [t.id for t in tokens] for pin, tokens in row.tokens.items()}
    return replace(made, hops=hops, held=held, marks=[t.id for t in row.consumed if not t.pin])


def meet(
    plan: Plan, block_type: str, meeting: Meeting, found: NodeExecution | None, birth: Birth
) -> NodeExecution | None:
    """The join after these tokens arrived; None: they had arrived before. With a token on every pin it is QUEUED,
    under the label of greatest key among its tokens, then the longest."""
    if found is not None and set(meeting.tokens) <= set(found.inputs):
        return None
    tokens = {**meeting.tokens, **(found.inputs if found else {})}
    waiting = found or replace(
        child(plan, block_type, Firing(id=meeting.id, node_id=meeting.node_id, label=(), tokens={}), birth),
        status=Status.INCOMPLETE,
        active=False,
        due_at=None,
    )
    label = labels.widest([t.label for t in tokens.values()])
    joined = replace(
        waiting,
        inputs=tokens,
        label=label,
        order=order(plan, meeting.node_id, label),
        hops=max(waiting.hops, birth.hops),
    )
    if set(plan.nodes[meeting.node_id].ordinary) <= set(tokens):
        return replace(joined, status=follow(Event.FILL, joined.status), active=True, due_at=birth.due_at)
    return joined


def order(plan: Plan, node_id: str, label: labels.Label) -> str:
    """Text by which node executions of an execution sort: key, then label, then the node's rank. The blank sorts
    before all that a label is written with, so that a prefix comes first."""
    return f"{labels.encode(labels.key(label))} {labels.encode(label)} {plan.nodes[node_id].rank:06d}"
