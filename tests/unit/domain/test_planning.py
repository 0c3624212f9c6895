"""What does a commit make of the outputs of a firing?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import identity, labels, planning
from shared.domain.labels import LIST, WAY, Key, Label
from shared.domain.pairing import Held, Row
from shared.domain.plan import Plan
from shared.domain.planning import Deliveries, Firing, Meeting
from shared.domain.records import Execution, NodeExecution, Output, Token
from shared.domain.statuses import Status

NOW = datetime(2030, 1, 1, tzinfo=UTC)
BIRTH = planning.Birth(execution_id="e", hops=4, now=NOW, due_at=NOW + timedelta(minutes=5))

MakePlan = Callable[..., Plan]


def _deliver(
    plan: Plan, node_id: str, *outputs: Output, label: Label = (), absent: Sequence[int] = (), opens: bool = True
) -> Deliveries:
    sender = planning.Sender(
        execution_id="e",
        node_execution_id=f"{node_id} {labels.encode(label)}",
        node_id=node_id,
        label=label,
        absent=frozenset(absent),
        hops=2,
    )
    return planning.deliver(plan, sender, outputs, opens=opens)


def _out(value: Any, pin: str = "out") -> Output:
    return Output(pin=pin, value=value)


def _execution(constants: Mapping[str, Any], absent: Sequence[int] = ()) -> Execution:
    return Execution(
        id="e",
        user_id="u",
        graph_id="g",
        graph_version=1,
        status=Status.QUEUED,
        queue="q",
        constants={id_: Output(pin="result", value=value) for id_, value in constants.items()},
        absent=absent,
        created_at=NOW,
    )


def _arrivals(made: Deliveries) -> list[tuple[str, Label, Any]]:
    """Node, label and value of every firing of a single token."""
    return [(f.node_id, f.label, t.value) for f in made.firings for t in f.tokens.values()]


# Tokens on their way


def test_a_token_goes_along_every_link_of_its_pin_and_no_other(make_plan: MakePlan):
    plan = make_plan("a.out -> b.x", "a.other -> c.x", "a.out -> d.x")
    assert _arrivals(_deliver(plan, "a", _out(1))) == [("b", (), 1), ("d", (), 1)]


def test_a_node_that_emits_nothing_makes_nothing(make_plan: MakePlan):
    assert _deliver(make_plan("a.out -> b.x"), "a").size == 0


def test_only_pins_that_may_emit_many_number_their_tokens(make_plan: MakePlan):
    plan = make_plan("l.item -> b.x", "l.length -> c.x", l="LIST")
    made = _deliver(plan, "l", _out("p", "item"), _out(2, "length"), _out("q", "item"), label=((3, LIST),))
    assert _arrivals(made) == [
        ("b", ((3, LIST), (0, LIST)), "p"),
        ("c", ((3, LIST),), 2),
        ("b", ((3, LIST), (1, LIST)), "q"),
    ]


def test_a_link_from_a_dynamic_pin_carries_a_part_where_there_is_one(make_plan: MakePlan):
    plan = make_plan("a.out_#_x -> b.v", "a.out_#_y -> c.v", "a.out -> d.v")
    assert _arrivals(_deliver(plan, "a", _out({"x": None}))) == [("b", (), None), ("d", (), {"x": None})]


def test_several_links_into_one_pin_are_told_apart_by_their_way(make_plan: MakePlan):
    plan = make_plan("a.out -> c.x", "b.out -> c.x")
    assert _arrivals(_deliver(plan, "a", _out(1))) == [("c", ((0, WAY),), 1)]
    assert _arrivals(_deliver(plan, "b", _out(1))) == [("c", ((1, WAY),), 1)]


def test_a_link_that_closes_a_cycle_counts_the_turn(make_plan: MakePlan):
    plan = make_plan("a.out -> b.x", "b.again -> b.x")
    assert _arrivals(_deliver(plan, "b", _out(1, "again"), label=((1, 1),))) == [("b", ((2, 1),), 1)]


def test_a_large_value_goes_by_reference_unless_a_part_of_it_is_meant(make_plan: MakePlan):
    plan = make_plan("a.out -> b.x", "a.out_$_0 -> c.x")
    made = _deliver(plan, "a", Output(pin="out", value=["v"], stored="path"))
    assert [(f.tokens["x"].value, f.tokens["x"].stored) for f in made.firings] == [(None, "path"), ("v", None)]


def test_what_one_firing_makes_has_the_same_ids_every_time(make_plan: MakePlan):
    plan = make_plan("l.item -> b.x", "l.item -> j.x", "b.out -> j.y", l="LIST")
    outputs = [_out(n, "item") for n in range(3)]
    assert _deliver(plan, "l", *outputs) == _deliver(plan, "l", *outputs)


@given(turns=st.integers(1, 3))
def test_tokens_that_are_alike_in_a_cycle_fire_once_each(turns: int, make_plan: MakePlan):
    """Every turn sends two tokens back into one pin, so that labels repeat."""
    plan = make_plan("s.out -> a.x", "a.out -> b.x", "a.out -> c.x", "b.out -> d.x", "c.out -> d.x", "d.out -> a.x")
    wave = [Firing(id="first", node_id="a", label=(), tokens={})]
    seen: set[str] = set()
    for _ in range(3 * turns):
        wave = [
            made
            for one in wave
            for made in planning.deliver(
                plan,
                planning.Sender(
                    execution_id="e",
                    node_execution_id=one.id,
                    node_id=one.node_id,
                    label=one.label,
                    absent=frozenset(),
                    hops=1,
                ),
                [_out(0)],
                opens=True,
            ).firings
        ]
        ids = {one.id for one in wave}
        assert len(ids) == len(wave)
        assert not ids & seen
        seen |= ids
    assert len(wave) == 2**turns


# Joins and gates


def test_a_token_for_a_join_meets_others_of_its_key_there(make_plan: MakePlan):
    plan = make_plan("l.item -> j.x", "l.item -> b.x", "b.out -> j.y", l="LIST")
    made = _deliver(plan, "l", _out("p", "item"), _out("q", "item"))
    assert [(m.node_id, m.key, sorted(m.tokens)) for m in made.meetings] == [
        ("j", (), ["x"]),
        ("j", ((1, LIST),), ["x"]),
    ]
    answer = _deliver(plan, "b", _out("Q"), label=((1, LIST),))
    assert [m.id for m in answer.meetings] == [made.meetings[1].id]
    assert made.size == 4


def test_one_firing_may_fill_a_join_alone(make_plan: MakePlan):
    (met,) = _deliver(make_plan("a.out -> j.x", "a.other -> j.y"), "a", _out(1), _out(2, "other")).meetings
    assert {pin: token.value for pin, token in met.tokens.items()} == {"x": 1, "y": 2}


def test_tokens_for_a_gate_are_held_there(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", l="LIST", g="GATHER")
    mark, *tokens = _deliver(plan, "l", _out("p", "item"), _out("q", "item"), label=((4, LIST),)).parked
    assert (mark.held.gate, mark.held.pin, mark.held.label) == ("g", "", ((4, LIST),))
    assert [(p.held.pin, p.held.label, p.held.link, p.held.hops, p.token.value) for p in tokens] == [
        ("item", ((4, LIST), (0, LIST)), 0, 2, "p"),
        ("item", ((4, LIST), (1, LIST)), 0, 2, "q"),
    ]
    assert len({p.held.id for p in [mark, *tokens]}) == 3


def test_the_size_of_a_commit_counts_every_document(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", "l.item -> a.x", "l.item -> j.x", "a.out -> j.y", l="LIST", g="GATHER")
    assert _deliver(plan, "l", _out("p", "item"), _out("q", "item")).size == 3 + 2 + 2


def test_a_list_that_failed_opens_no_gather(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", l="LIST", g="GATHER")
    assert len(_deliver(plan, "l", opens=True).parked) == 1
    assert not _deliver(plan, "l", opens=False).parked


def test_a_held_token_knows_whether_it_is_static_and_whether_it_came_round(make_plan: MakePlan):
    plan = make_plan("s.out -> h.list", "l.item -> h.entry", "h.out -> h.list", "l.item => h.extra", l="LIST")
    around = _deliver(plan, "h", _out([]))
    assert [(p.held.pin, p.held.loop, p.held.static) for p in around.parked] == [("list", True, False)]
    outside = _deliver(plan, "l", _out(1, "item"))
    assert [(p.held.pin, p.held.loop, p.held.static) for p in outside.parked] == [
        ("entry", False, False),
        ("extra", False, True),
    ]


# The start, and constants


def test_the_start_fires_entries_and_what_constants_reach(make_plan: MakePlan):
    plan = make_plan("i.result -> b.x", "e.out -> c.x", i="AGENT_INPUT")
    made = planning.start(plan, _execution({"i": 5}))
    assert [(f.id, f.node_id, f.label) for f in made.firings] == [
        (identity.entry("e", "e"), "e", ()),
        (identity.token(identity.root("e"), 0, 0), "b", ()),
    ]
    assert made.firings[1].tokens["x"].value == 5


def test_the_start_holds_at_gates_and_meets_at_joins(make_plan: MakePlan):
    plan = make_plan(
        "i.result -> j.x", "k.result -> j.y", "i.result -> g.item", i="AGENT_INPUT", k="AGENT_INPUT", g="GATHER"
    )
    made = planning.start(plan, _execution({"i": 5, "k": 6}))
    assert [sorted(m.tokens) for m in made.meetings] == [["x", "y"]]
    assert [(p.held.gate, p.held.hops, p.token.value) for p in made.parked] == [("g", 0, 5)]


def test_the_ids_of_a_start_do_not_depend_on_the_order_of_its_constants(make_plan: MakePlan):
    plan = make_plan("i.result -> b.x", "k.result -> g.item", i="AGENT_INPUT", k="AGENT_INPUT", g="GATHER")
    one, other = (planning.start(plan, _execution(c)) for c in ({"i": 5, "k": 6}, {"k": 6, "i": 5}))
    assert one == other


STATIC_INPUTS = ("i.result => b.x", "k.result_#_key => b.y", "s.out -> b.z")


def test_constants_that_supply_statically_are_sent_to_nobody(make_plan: MakePlan):
    plan = make_plan(*STATIC_INPUTS, i="AGENT_INPUT", k="AGENT_INPUT")
    made = planning.start(plan, _execution({"i": 5, "k": {"key": 6}}))
    assert [f.node_id for f in made.firings] == ["s"]
    assert planning.static_values(plan, "b", {"i": 5, "k": {"key": 6}}) == {"x": 5, "y": 6}


def test_a_constant_without_a_value_supplies_nothing(make_plan: MakePlan):
    plan = make_plan(*STATIC_INPUTS, i="AGENT_INPUT", k="AGENT_INPUT")
    assert planning.static_values(plan, "b", {"i": None}) == {"x": None}
    assert planning.absent_constants(plan, {"i": None}) == [1]
    assert planning.absent_constants(plan, {"k": {"other": 1}}) == [0, 1]
    assert planning.absent_constants(plan, {"i": 0, "k": {"key": None}}) == []


def test_of_several_constants_on_one_pin_the_last_in_the_version_counts(make_plan: MakePlan):
    plan = make_plan("i.result => b.x", "k.result => b.x", "s.out -> b.z", i="AGENT_INPUT", k="AGENT_INPUT")
    assert planning.static_values(plan, "b", {"k": 2, "i": 1}) == {"x": 2}
    assert planning.static_values(plan, "b", {"i": 1}) == {"x": 1}


def test_what_needs_a_constant_without_a_value_never_fires(make_plan: MakePlan):
    plan = make_plan("i.result => b.x", "s.out -> b.z", "s.out -> c.x", i="AGENT_INPUT")
    assert [f.node_id for f in _deliver(plan, "s", _out(1), absent=[0]).firings] == ["c"]
    assert [f.node_id for f in _deliver(plan, "s", _out(1)).firings] == ["b", "c"]


def test_another_constant_on_the_same_pin_stands_in_for_an_absent_one(make_plan: MakePlan):
    plan = make_plan("i.result => b.x", "k.result => b.x", "s.out -> b.z", i="AGENT_INPUT", k="AGENT_INPUT")
    assert [len(_deliver(plan, "s", _out(1), absent=absent).firings) for absent in ([0], [1], [0, 1])] == [1, 1, 0]


# New node executions


def test_a_child_is_queued_with_what_its_birth_says(make_plan: MakePlan):
    plan = make_plan("a.out -> b.x", "b.out -> g.item", g="GATHER")
    (firing,) = _deliver(plan, "a", _out(1)).firings
    made = planning.child(plan, "BLOCK", firing, BIRTH)
    assert (made.id, made.execution_id, made.node_id, made.block_type) == (firing.id, "e", "b", "BLOCK")
    assert (made.status, made.active, made.hops, list(made.gates)) == (Status.QUEUED, True, 4, ["g"])
    assert (made.created_at, made.due_at, made.inputs) == (NOW, BIRTH.due_at, firing.tokens)


def _held(id_: str, hops: int, label: Label = ()) -> Held:
    return Held(id=id_, gate="g", pin="item", label=label, link=0, hops=hops)


def _row(*tokens: Held, consumed: Sequence[Held] = (), label: Label = ()) -> Row:
    return Row(node="g", label=label, tokens={"item": tokens}, consumed=consumed or tokens)


def test_the_firing_of_a_gate_refers_to_the_tokens_that_it_takes(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", l="LIST", g="GATHER")
    made = planning.fired(plan, "GATHER", _row(_held("p", 7), _held("q", 3)), BIRTH)
    assert made.held == {"item": ["p", "q"]}
    assert made.inputs == {}
    assert (made.status, made.hops) == (Status.QUEUED, 8)


def test_the_firing_of_a_gate_without_tokens_is_as_far_as_its_birth(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", l="LIST", g="GATHER")
    made = planning.fired(plan, "GATHER", _row(consumed=[_held("mark", 2)]), BIRTH)
    assert (made.held, made.hops) == ({"item": []}, BIRTH.hops)


def test_the_id_of_a_gates_firing_follows_from_what_it_consumes(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", l="LIST", g="GATHER")
    p, q = _held("p", 1), _held("q", 1)
    rows = [_row(p), _row(q), _row(p, q), _row(p, label=((1, LIST),))]
    ids = [planning.fired(plan, "GATHER", row, BIRTH).id for row in rows]
    assert len(set(ids)) == len(ids)
    assert planning.fired(plan, "GATHER", _row(q, p), BIRTH).id == ids[2]


JOIN = ("a.out -> j.x", "b.out -> j.y")


def _meeting(*pins: str, label: Label = ()) -> Meeting:
    tokens = {pin: Token(label=label, link=0, value=pin) for pin in pins}
    return Meeting(id="met", node_id="j", key=Key(()), tokens=tokens)


def _meet(plan: Plan, meeting: Meeting, found: NodeExecution | None = None, hops: int = 4) -> NodeExecution:
    made = planning.meet(plan, "BLOCK", meeting, found, replace(BIRTH, hops=hops))
    assert made is not None
    return made


def test_a_join_waits_until_every_pin_has_a_token(make_plan: MakePlan):
    plan = make_plan(*JOIN)
    waiting = _meet(plan, _meeting("x"))
    assert (waiting.id, waiting.status, waiting.active, waiting.due_at) == ("met", Status.INCOMPLETE, False, None)
    full = _meet(plan, _meeting("y"), waiting)
    assert (full.status, full.active, full.due_at) == (Status.QUEUED, True, BIRTH.due_at)
    assert {pin: token.value for pin, token in full.inputs.items()} == {"x": "x", "y": "y"}


def test_a_join_that_gets_all_its_tokens_at_once_is_queued_at_once(make_plan: MakePlan):
    assert _meet(make_plan(*JOIN), _meeting("x", "y")).status is Status.QUEUED


def test_tokens_that_came_before_change_nothing_at_a_join(make_plan: MakePlan):
    plan = make_plan(*JOIN)
    waiting = _meet(plan, _meeting("x"))
    assert planning.meet(plan, "BLOCK", _meeting("x"), waiting, BIRTH) is None


def test_a_join_is_the_same_whichever_token_comes_first(make_plan: MakePlan):
    plan = make_plan(*JOIN)
    x, y = _meeting("x", label=((0, LIST),)), _meeting("y")
    one = _meet(plan, y, _meet(plan, x, hops=2), hops=9)
    other = _meet(plan, x, _meet(plan, y, hops=9), hops=2)
    assert one == other
    assert (one.label, one.hops) == (((0, LIST),), 9)
    assert one.order == planning.order(plan, "j", ((0, LIST),))


plain_labels: st.SearchStrategy[Label] = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([LIST, WAY, 0, 1])), max_size=4
).map(tuple)
places = st.tuples(plain_labels, st.sampled_from(["a", "b", "c"]))


@given(one=places, other=places)
def test_node_executions_sort_by_key_then_label_then_rank(
    one: tuple[Label, str], other: tuple[Label, str], make_plan: MakePlan
):
    plan = make_plan("a.out -> b.x", "b.out -> c.x")

    def place(label: Label, node_id: str) -> tuple[Key, Label, int]:
        return labels.key(label), label, plan.nodes[node_id].rank

    def text(label: Label, node_id: str) -> str:
        return planning.order(plan, node_id, label)

    assert (text(*one) < text(*other)) == (place(*one) < place(*other))
