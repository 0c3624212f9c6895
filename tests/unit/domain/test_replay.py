"""What does a retry take over, and what is left for it? Compared with an execution that runs it all itself."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import identity, pairing, planning, replay
from shared.domain.plan import Kind, Plan
from shared.domain.planning import Deliveries, Parked
from shared.domain.records import Execution, NodeExecution, Output
from shared.domain.replay import Replay
from shared.domain.statuses import Status

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
MakePlan = Callable[..., Plan]

LIST = ("l.item -> a.x", "l.item -> b.x", "a.out -> j.x", "b.out -> j.y", "j.out -> g.item", "g.items -> z.x")
LISTED = {"l": "LIST", "g": "GATHER"}
CYCLE = ("s.out -> h.x", "t.out -> h.y", "h.out -> h.x", "h.out -> z.x")
STATICS = ("s.out => m.kept", "l.item -> m.x", "m.out -> z.x")


def execution(id_: str, plan: Plan, repairs: Collection[str] = ()) -> Execution:
    constants = {n: Output(pin="result", value=7) for n, at in plan.nodes.items() if at.kind is Kind.CONSTANT}
    return Execution(
        id=id_,
        user_id="u",
        graph_id="g",
        graph_version=1,
        status=Status.COMPLETED,
        queue="q",
        constants=constants,
        absent=[],
        created_at=NOW,
        repairs=sorted(repairs),
    )


@dataclass
class Whole:
    """An execution that is run to its end: each node emits one token, a list three. ``stuck``: nodes that do not
    end, ``failing``: those that fail."""

    plan: Plan
    id: str
    stuck: Collection[str] = ()
    failing: Collection[str] = ()
    nodes: dict[str, NodeExecution] = field(default_factory=dict[str, NodeExecution])
    held: dict[str, Parked] = field(default_factory=dict[str, Parked])
    taken: set[str] = field(default_factory=set[str])

    def run(self) -> "Whole":
        self._take(planning.start(self.plan, execution(self.id, self.plan)), 0)
        while True:
            queued = [n for n in self.nodes.values() if n.status is Status.QUEUED and n.node_id not in self.stuck]
            for node in queued:
                self._end(node)
            if not queued and not self._settle():
                return self

    def _end(self, node: NodeExecution) -> None:
        failed = node.node_id in self.failing
        pins = dict.fromkeys(self.plan.links[i].source_pin for i in self.plan.nodes[node.node_id].links)
        many = self.plan.nodes[node.node_id].many
        outputs = [Output(pin=p, value=i) for p in pins for i in range(3 if p in many else 1)] if not failed else []
        status = Status.FAILED if failed else Status.COMPLETED
        self.nodes[node.id] = replace(node, status=status, outputs=outputs, completed_at=NOW, active=False, cost=1.0)
        sender = planning.Sender(
            execution_id=self.id,
            node_execution_id=node.id,
            node_id=node.node_id,
            label=node.label,
            absent=frozenset(),
            hops=node.hops,
        )
        if node.hops < 9:
            self._take(planning.deliver(self.plan, sender, outputs, opens=not failed), node.hops)

    def _take(self, made: Deliveries, hops: int) -> None:
        birth = planning.Birth(execution_id=self.id, hops=hops + 1, now=NOW, due_at=NOW)
        for firing in made.firings:
            self.nodes[firing.id] = planning.child(self.plan, "B", firing, birth)
        for meeting in made.meetings:
            joined = planning.meet(self.plan, "B", meeting, self.nodes.get(meeting.id), birth)
            assert joined is not None
            self.nodes[meeting.id] = joined
        self.held |= {parked.held.id: parked for parked in made.parked}

    def _settle(self) -> bool:
        held = [parked.held for id_, parked in self.held.items() if id_ not in self.taken]
        active = [pairing.Active(node=n.node_id, label=n.label) for n in self.nodes.values() if n.active]
        rows = pairing.decide(self.plan, self.plan.gates, held, active)
        birth = planning.Birth(execution_id=self.id, hops=1, now=NOW, due_at=NOW)
        for row in rows:
            made = planning.fired(self.plan, "B", row, birth)
            self.nodes[made.id] = made
            self.taken |= {token.id for token in row.consumed}
        return bool(rows)

    def told(self, but: Collection[str] = ()) -> dict[str, tuple[object, ...]]:
        """By id, what there is of each node execution."""
        return {n.id: _told(n) for n in self.nodes.values() if n.node_id not in but}


def _told(node: NodeExecution) -> tuple[object, ...]:
    held = {pin: list(ids) for pin, ids in node.held.items()}
    return node.node_id, node.label, node.order, node.status, node.inputs, held, list(node.marks), node.hops


def repeat(
    plan: Plan, source: Whole, repairs: Collection[str] = (), nodes: list[NodeExecution] | None = None
) -> Replay:
    birth = replay.Birth(block_type=lambda _: "B", now=LATER, due_at=LATER)
    target = execution("new", plan, repairs)
    given = list(source.nodes.values()) if nodes is None else nodes
    return replay.replay(plan, execution("old", plan), target, given, birth)


GRAPHS = [
    pytest.param(("a.out -> b.x", "b.out -> c.x"), {}, id="chain"),
    pytest.param(("i.result -> a.x", "a.out -> b.x"), {"i": "AGENT_INPUT"}, id="input"),
    pytest.param(LIST, LISTED, id="list"),
    pytest.param((*LIST, "i.result -> j.z"), {**LISTED, "i": "AGENT_INPUT"}, id="list-and-input"),
    pytest.param(CYCLE, {}, id="cycle"),
    pytest.param(STATICS, {"l": "LIST", "s": "STATIC"}, id="statics"),
]


@pytest.mark.parametrize(("links", "blocks"), GRAPHS)
def test_what_is_taken_over_is_what_the_retry_would_have_made_itself(
    make_plan: MakePlan, links: tuple[str, ...], blocks: dict[str, str]
):
    plan = make_plan(*links, **blocks)
    source, whole = Whole(plan, "old").run(), Whole(plan, "new").run()
    for start in plan.nodes:
        again = replay.repeated(plan, [start])
        made = repeat(plan, source, [start])
        assert {n.id: _told(n) for n in made.copies} == whole.told(but=again)
        assert {n.id for n in made.made} <= set(whole.nodes)
        assert {n.node_id for n in made.made} <= again
        assert {kept.parked.held.id: kept.parked.held for kept in made.kept}.items() <= {
            id_: parked.held for id_, parked in whole.held.items()
        }.items()
        for kept in made.kept:
            assert kept.is_held == (kept.parked.held.id not in whole.taken or kept.parked.held.gate in again)


def test_a_copy_is_at_rest_and_costs_nothing(make_plan: MakePlan):
    plan = make_plan("a.out -> b.x")
    source = Whole(plan, "old").run()
    busy = [replace(n, active=True, settling=True, spreading=True, update_time="t") for n in source.nodes.values()]
    for copy in repeat(plan, source, nodes=busy).copies:
        assert (copy.execution_id, copy.copied, copy.cost, copy.update_time) == ("new", True, 0.0, "")
        assert (copy.active, copy.settling, copy.spreading, copy.due_at) == (False, False, False, None)
        assert copy.completed_at == NOW


def test_what_was_not_over_is_queued_again(make_plan: MakePlan):
    plan = make_plan(*LIST, **LISTED)
    source = Whole(plan, "old", stuck={"b"}).run()
    made = repeat(plan, source)
    assert sorted(n.node_id for n in made.copies) == ["a", "a", "a", "l"]
    assert sorted((n.node_id, n.status, n.created_at) for n in made.made) == [
        *[("b", Status.QUEUED, LATER)] * 3,
        *[("j", Status.INCOMPLETE, LATER)] * 3,
    ]
    (mark,) = made.kept
    assert (mark.parked.held.pin, mark.is_held) == ("", True)


def test_a_handled_failure_is_taken_over_and_opens_no_gather(make_plan: MakePlan):
    plan = make_plan(*LIST, **LISTED)
    made = repeat(plan, Whole(plan, "old", failing={"l"}).run())
    assert [(n.node_id, n.status) for n in made.copies] == [("l", Status.FAILED)]
    assert made.kept == []


def test_what_no_way_leads_to_is_left_out(make_plan: MakePlan):
    """Nothing is taken over of which it is not known what it would be here."""
    plan = make_plan(*LIST, **LISTED)
    source = Whole(plan, "old").run()
    without = [n for n in source.nodes.values() if n.node_id != "l"]
    made = repeat(plan, source, nodes=without)
    assert ([n.node_id for n in made.copies], [n.node_id for n in made.made]) == ([], ["l"])
    strange = [replace(n, marks=["?"]) if n.node_id == "g" else n for n in source.nodes.values()]
    assert {n.node_id for n in repeat(plan, source, nodes=strange).copies} == {"l", "a", "b", "j"}


def test_all_that_can_be_reached_is_repeated(make_plan: MakePlan):
    plan = make_plan(
        "a.out -> b.x", "b.out -> c.x", "c.out -> b.y", "d.out -> c.y", "i.result -> d.x", i="AGENT_INPUT"
    )
    assert replay.repeated(plan, ["b"]) == {"b", "c"}
    assert replay.repeated(plan, ["i"]) == {"i", "d", "c", "b"}
    assert replay.repeated(plan, []) == set()


def test_the_inputs_are_recorded_anew(make_plan: MakePlan):
    plan = make_plan("i.result -> a.x", i="AGENT_INPUT")
    recorded = replace(
        planning.child(
            plan,
            "B",
            planning.Firing(id=identity.entry("old", "i"), node_id="i", label=(), tokens={}),
            planning.Birth(execution_id="old", hops=0, now=NOW, due_at=NOW),
        ),
        status=Status.COMPLETED,
    )
    source = Whole(plan, "old").run()
    made = repeat(plan, source, nodes=[recorded, *source.nodes.values()])
    assert [n.node_id for n in made.copies] == ["a"]
