"""What is ripe at the gates?"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import pairing
from shared.domain.labels import LIST, WAY, Label
from shared.domain.pairing import Active, Held
from shared.domain.plan import Plan

MakePlan = Callable[..., Plan]
Fired = tuple[str, Label, dict[str, list[str]]]


def _item(*ordinals: int) -> Label:
    return tuple((ordinal, LIST) for ordinal in ordinals)


def _held(gate: str, pin: str, label: Label = (), *, link: int = 0, static: bool = False, loop: bool = False) -> Held:
    """Its id names it: ``x1,2`` is the token of the pin ``x`` under that label, ways left out."""
    numbers = ",".join(str(number) for number, kind in label if kind != WAY)
    return Held(id=f"{pin}{numbers}", gate=gate, pin=pin, label=label, link=link, static=static, loop=loop)


def _ripe(
    plan: Plan, held: Sequence[Held], *active: tuple[str, Label] | str, gates: Sequence[str] | None = None
) -> list[Fired]:
    """Node, label and ids of the tokens by pin of each firing. ``active``: nodes, with their labels if any."""
    running = [Active(node=a, label=()) if isinstance(a, str) else Active(node=a[0], label=a[1]) for a in active]
    rows = pairing.decide(plan, plan.gates if gates is None else gates, held, running)
    return [(row.node, row.label, {pin: [t.id for t in ts] for pin, ts in row.tokens.items()}) for row in rows]


# Joins with rivals

RIVALS = ("a.out -> n.x", "b.out -> n.x", "c.out -> n.y")
BY_A, BY_B = (0, WAY), (1, WAY)


def test_a_join_with_rivals_fires_when_no_rival_can_come(make_plan: MakePlan):
    plan = make_plan(*RIVALS)
    held = [_held("n", "x", (BY_B,)), _held("n", "y")]
    assert _ripe(plan, held, "a") == []
    assert _ripe(plan, held) == [("n", (BY_B,), {"x": ["x"], "y": ["y"]})]


def test_a_join_does_not_wait_for_tokens_of_another_key(make_plan: MakePlan):
    plan = make_plan("l.item -> n.x", "l.item -> b.x", "b.out -> n.x", "l.item -> n.y", l="LIST")
    held = [_held("n", "x", (*_item(1), BY_A)), _held("n", "y", _item(1))]
    assert [label for _, label, _ in _ripe(plan, held, ("b", _item(2)))] == [(*_item(1), BY_A)]
    assert _ripe(plan, held, ("b", _item(1))) == []


@given(order=st.permutations(range(4)))
def test_rivals_fire_in_the_order_of_their_places(order: list[int], make_plan: MakePlan):
    tokens = [
        replace(_held("n", "x", (BY_A,), link=0), id="first"),
        replace(_held("n", "x", (BY_B,), link=1), id="second"),
        replace(_held("n", "y", (BY_A,), link=2), id="early"),
        replace(_held("n", "y", (BY_B,), link=2), id="late"),
    ]
    fired = [tokens for _, _, tokens in _ripe(make_plan(*RIVALS), [tokens[i] for i in order])]
    assert fired == [{"x": ["first"], "y": ["early"]}, {"x": ["second"], "y": ["late"]}]


def test_a_rival_may_come_from_the_cycle_that_the_join_is_in(make_plan: MakePlan):
    around = ("s.out -> a.x", "a.out -> b.x", "a.out -> c.x", "n.out -> a.x")
    plan = make_plan(*around, "b.out -> n.x", "c.out -> n.x", "b.out -> n.y")
    held = [_held("n", "x", (BY_B,)), _held("n", "y")]
    assert _ripe(plan, held, "b") == []
    assert len(_ripe(plan, held)) == 1


def test_a_join_that_lacks_a_pin_waits(make_plan: MakePlan):
    assert _ripe(make_plan(*RIVALS), [_held("n", "x", (BY_A,)), _held("n", "x", (BY_B,))]) == []


# Statics

STATIC = ("l.item -> n.x", "k.item => n.s")
LISTS = {"l": "LIST", "k": "LIST"}


def _static(*ordinals: int) -> Held:
    return _held("n", "s", _item(*ordinals), static=True)


def _supplied(plan: Plan, statics: Sequence[Held], *active: tuple[str, Label] | str) -> list[str]:
    """The static value that the item 2 fires with, if it fires."""
    fired = _ripe(plan, [_held("n", "x", _item(2)), *statics], *active)
    return [id_ for _, _, tokens in fired for id_ in tokens["s"]]


def test_a_firing_takes_the_last_static_value_not_above_its_key(make_plan: MakePlan):
    plan = make_plan(*STATIC, **LISTS)
    assert _supplied(plan, [_static(0), _static(1), _static(3)]) == ["s1"]
    assert _supplied(plan, [_static(2), _static(1)]) == ["s2"]


def test_a_firing_waits_while_a_static_value_may_come_that_it_would_take(make_plan: MakePlan):
    plan = make_plan("l.item -> n.x", "k.item -> m.x", "m.out => n.s", **LISTS)
    assert _supplied(plan, [_static(1)], ("m", _item(2))) == []
    assert _supplied(plan, [_static(1)], ("m", _item(3))) == ["s1"]
    assert _supplied(plan, [_static(1)], "k") == []


def test_without_a_static_value_below_the_smallest_serves_once_none_can_come(make_plan: MakePlan):
    plan = make_plan("l.item -> n.x", "k.item -> m.x", "m.out => n.s", **LISTS)
    assert _supplied(plan, [_static(5), _static(4)], ("m", _item(6))) == []
    assert _supplied(plan, [_static(5), _static(4)]) == ["s4"]


def test_without_any_static_value_nothing_fires(make_plan: MakePlan):
    plan = make_plan(*STATIC, **LISTS)
    assert _supplied(plan, []) == []


def test_a_static_value_may_come_by_any_of_several_links(make_plan: MakePlan):
    plan = make_plan("l.item -> n.x", "k.item => n.s", "m.out => n.s", **LISTS)
    assert _supplied(plan, [_static(1)], "m") == []
    assert _supplied(plan, [_static(1)]) == ["s1"]


def test_a_static_value_is_not_consumed(make_plan: MakePlan):
    plan = make_plan(*STATIC, **LISTS)
    rows = pairing.decide(plan, ["n"], [_held("n", "x", _item(0)), _held("n", "x", _item(1)), _static(0)], [])
    assert [[t.id for t in row.consumed] for row in rows] == [["x0"], ["x1"]]
    assert [[t.id for t in row.tokens["s"]] for row in rows] == [["s0"], ["s0"]]


# Mixed joins

MIXED = ("l.item -> n.x", "s.out -> n.y")


def test_a_mixed_join_pairs_equal_keys_at_once(make_plan: MakePlan):
    plan = make_plan(*MIXED, l="LIST")
    assert _ripe(plan, [_held("n", "x", _item(0)), _held("n", "y")], "l") == [
        ("n", _item(0), {"x": ["x0"], "y": ["y"]})
    ]


def test_what_found_no_partner_pairs_in_order_when_nothing_can_come(make_plan: MakePlan):
    plan = make_plan(*MIXED, l="LIST")
    held = [_held("n", "x", _item(3)), _held("n", "x", _item(2)), _held("n", "y")]
    assert _ripe(plan, held, "l") == []
    assert _ripe(plan, held) == [("n", _item(2), {"x": ["x2"], "y": ["y"]})]


def test_every_leftover_that_has_a_partner_fires(make_plan: MakePlan):
    plan = make_plan("l.item -> n.x", "k.item -> m.x", "m.out -> n.y", **LISTS)
    held = [_held("n", "x", _item(n)) for n in (2, 4, 6)] + [_held("n", "y", _item(n)) for n in (3, 1)]
    assert [tokens for _, _, tokens in _ripe(plan, held)] == [{"x": ["x2"], "y": ["y1"]}, {"x": ["x4"], "y": ["y3"]}]


def test_leftovers_without_their_static_value_stay(make_plan: MakePlan):
    plan = make_plan(*MIXED, "k.item => n.s", **LISTS)
    held = [_held("n", "x", _item(2)), _held("n", "y")]
    assert _ripe(plan, held) == []
    assert _ripe(plan, [*held, _static(1)]) == [("n", _item(2), {"x": ["x2"], "y": ["y"], "s": ["s1"]})]


def test_where_origins_agree_the_unpaired_stay_unpaired(make_plan: MakePlan):
    plan = make_plan("l.item -> a.v", "l.item -> n.x", "a.out -> n.x", "a.out -> n.y", l="LIST")
    assert _ripe(plan, [_held("n", "x", _item(1)), _held("n", "y", _item(2))]) == []


# Heads of cycles

LOOP = ("s.out -> h.list", "l.item -> h.entry", "h.out -> h.list")


def test_the_first_turn_takes_the_seed_and_the_first_from_outside(make_plan: MakePlan):
    plan = make_plan(*LOOP, l="LIST")
    held = [_held("h", "list"), _held("h", "entry", _item(1)), _held("h", "entry", _item(0))]
    assert _ripe(plan, held) == [("h", _item(0), {"list": ["list"], "entry": ["entry0"]})]


def test_a_turn_waits_while_a_smaller_one_may_come_from_outside(make_plan: MakePlan):
    plan = make_plan("s.out -> h.list", "l.item -> m.x", "m.out -> h.entry", "h.out -> h.list", l="LIST")
    held = [_held("h", "list"), _held("h", "entry", _item(1))]
    assert _ripe(plan, held, ("m", _item(0))) == []
    assert _ripe(plan, held, ("m", _item(1))) == []
    assert len(_ripe(plan, held, ("m", _item(2)))) == 1


def test_what_waits_in_the_cycle_for_a_turn_does_not_keep_one_from_beginning(make_plan: MakePlan):
    cycle = ("s.out -> h.list", "m.out -> h.entry", "h.out -> j.x", "j.out -> h.list")
    held = [_held("h", "list"), _held("h", "entry", _item(1)), _held("j", "y")]
    fired = _ripe(make_plan(*cycle, "t.out -> j.y", "l.item -> m.x", l="LIST"), held, ("m", _item(5)))
    assert fired == [("h", _item(1), {"list": ["list"], "entry": ["entry1"]})]


def test_a_turn_is_not_over_while_a_join_in_the_cycle_waits_for_its_static_value(make_plan: MakePlan):
    cycle = ("s.out -> h.list", "l.item -> h.entry", "h.out -> j.x", "j.out -> h.list")
    plan = make_plan(*cycle, "k.item -> m.x", "m.out => j.s", **LISTS)
    held = [_held("h", "list"), _held("h", "entry", _item(1)), _held("j", "x", _item(0))]
    assert _ripe(plan, [*held, _held("j", "s", _item(6), static=True)], ("m", _item(5))) == []


def test_a_turn_begins_when_the_last_is_over(make_plan: MakePlan):
    plan = make_plan("s.out -> h.list", "l.item -> h.entry", "h.out -> b.x", "b.out -> h.list", l="LIST")
    held = [_held("h", "list"), _held("h", "entry", _item(1))]
    assert _ripe(plan, held, ("h", _item(0))) == []
    assert _ripe(plan, held, ("b", _item(0))) == []
    assert len(_ripe(plan, held)) == 1


def test_a_token_from_the_loop_goes_before_one_from_outside(make_plan: MakePlan):
    plan = make_plan(*LOOP, l="LIST")
    around = _held("h", "list", ((0, LIST), (1, 1)), link=2, loop=True)
    held = [_held("h", "list"), replace(around, id="around"), _held("h", "entry", _item(0))]
    assert _ripe(plan, held) == [("h", _item(0), {"list": ["around"], "entry": ["entry0"]})]


def test_a_head_waits_for_each_of_its_pins(make_plan: MakePlan):
    assert _ripe(make_plan(*LOOP, l="LIST"), [_held("h", "list")]) == []
    assert _ripe(make_plan(*LOOP, l="LIST"), [_held("h", "entry", _item(0))]) == []


def test_a_head_that_the_loop_feeds_on_every_pin_takes_the_widest_label(make_plan: MakePlan):
    plan = make_plan("s.out -> h.a", "h.out -> h.a", "t.out -> h.b", "h.more -> h.b")
    turn: Label = ((1, 1),)
    held = [_held("h", "a", turn, link=1, loop=True), _held("h", "b", link=2)]
    assert _ripe(plan, held) == [("h", turn, {"a": ["a1"], "b": ["b"]})]


def test_a_head_waits_for_its_static_value(make_plan: MakePlan):
    plan = make_plan(*LOOP, "k.item => h.s", **LISTS)
    held = [_held("h", "list"), _held("h", "entry", _item(0))]
    assert _ripe(plan, held, "k") == []
    assert len(_ripe(plan, [*held, _held("h", "s", _item(0), static=True)])) == 1


# Gathers

GATHER = {"l": "LIST", "g": "GATHER"}


def test_a_gather_gives_one_list_in_order_when_none_can_come_into_it(make_plan: MakePlan):
    plan = make_plan("l.item -> m.x", "m.out -> g.item", **GATHER)
    held = [_held("g", ""), *(_held("g", "item", _item(n)) for n in (2, 0, 1))]
    assert _ripe(plan, held, ("m", _item(3))) == []
    assert _ripe(plan, held) == [("g", (), {"item": ["item0", "item1", "item2"]})]


def test_an_opened_list_into_which_nothing_came_is_empty(make_plan: MakePlan):
    plan = make_plan("l.item -> g.item", **GATHER)
    rows = pairing.decide(plan, ["g"], [_held("g", "", _item(7))], [])
    assert [(row.label, row.tokens, [t.id for t in row.consumed]) for row in rows] == [
        (_item(7), {"item": []}, ["7"])
    ]


def test_each_list_is_gathered_by_itself(make_plan: MakePlan):
    plan = make_plan("k.item -> l.list", "l.item -> m.x", "m.out -> g.item", k="LIST", **GATHER)
    held = [_held("g", "item", _item(*n)) for n in ((1, 0), (0, 1), (0, 0))]
    assert _ripe(plan, held, ("m", _item(1, 4))) == [("g", _item(0), {"item": ["item0,0", "item0,1"]})]
    assert [label for _, label, _ in _ripe(plan, held)] == [_item(0), _item(1)]


def test_lists_within_one_list_are_gathered_by_themselves(make_plan: MakePlan):
    lists = {"j": "LIST", "k": "LIST", "l": "LIST", "g": "GATHER"}
    plan = make_plan("j.item -> k.list", "k.item -> l.list", "l.item -> m.x", "m.out -> g.item", **lists)
    held = [_held("g", "item", _item(0, 0, 0)), _held("g", "item", _item(0, 1, 0))]
    assert [label for _, label, _ in _ripe(plan, held, ("m", _item(0, 1, 2)))] == [_item(0, 0)]


def test_a_gather_waits_for_what_may_turn_into_its_list(make_plan: MakePlan):
    plan = make_plan("k.item -> l.list", "l.item -> m.x", "m.again -> m.x", "m.out -> g.item", k="LIST", **GATHER)
    held = [_held("g", "item", _item(0, 0))]
    assert _ripe(plan, held, ("m", ((9, LIST), (0, LIST), (1, 2)))) == []
    assert len(_ripe(plan, held, ("m", _item(9, 0)))) == 1


# What can still come

THROUGH_A_MIXED_JOIN = ("n.out -> g.item", "k.item -> l.list", "l.item -> n.x", "k.item -> m.x", "m.out -> n.y")
INTO_IT = {"k": "LIST", **GATHER}
FROM_ANOTHER_LIST = ("m", _item(5))


def test_a_gate_that_can_still_fire_holds_up_what_comes_after_it(make_plan: MakePlan):
    plan = make_plan(*THROUGH_A_MIXED_JOIN, **INTO_IT)
    unpaired, gathered = _held("n", "x", _item(1, 3)), _held("g", "item", _item(1, 0))
    assert _ripe(plan, [gathered], FROM_ANOTHER_LIST) == [("g", _item(1), {"item": ["item1,0"]})]
    assert _ripe(plan, [gathered, unpaired], FROM_ANOTHER_LIST) == []


def test_a_gate_that_waits_for_what_cannot_come_holds_up_nothing(make_plan: MakePlan):
    plan = make_plan(*THROUGH_A_MIXED_JOIN, "z.out -> n.z", **INTO_IT)
    held = [_held("n", "x", _item(1, 3)), _held("g", "item", _item(1, 0))]
    fired = [("g", _item(1), {"item": ["item1,0"]})]
    assert _ripe(plan, held) == fired
    assert _ripe(plan, held, FROM_ANOTHER_LIST) == fired
    assert _ripe(plan, held, FROM_ANOTHER_LIST, "z") == []


def test_a_head_that_waits_for_what_cannot_come_holds_up_nothing(make_plan: MakePlan):
    plan = make_plan(*LOOP, "h.out -> g.item", **GATHER)
    held = [_held("h", "list"), _held("g", "item")]
    assert _ripe(plan, held) == [("g", (), {"item": ["item"]})]


def test_a_join_whose_static_value_cannot_come_holds_up_nothing(make_plan: MakePlan):
    plan = make_plan(*STATIC, "n.out -> g.item", "l.item -> g.item", g="GATHER", **LISTS)
    held = [_held("n", "x", _item(1)), _held("g", "item", _item(0))]
    assert _ripe(plan, held, "k") == []
    assert _ripe(plan, held) == [("g", (), {"item": ["item0"]})]


def test_what_is_held_may_keep_what_is_held_alive(make_plan: MakePlan):
    plan = make_plan("n.out -> g.item", "l.item -> n.x", "l.item -> f.item", "f.items -> n.y", f="GATHER", **GATHER)
    held = [_held("n", "x", _item(1)), _held("f", "item", _item(0)), _held("g", "item", _item(0))]
    assert _ripe(plan, held, "l") == []
    assert _ripe(plan, held) == [("f", (), {"item": ["item0"]})]


def test_what_has_fired_counts_as_active_for_the_rest(make_plan: MakePlan):
    plan = make_plan("l.item -> f.item", "f.items -> g.item", f="GATHER", **GATHER)
    held = [_held("f", ""), _held("g", "item")]
    assert [node for node, _, _ in _ripe(plan, held)] == ["f"]


def test_a_decision_goes_on_to_the_end(make_plan: MakePlan):
    plan = make_plan(*RIVALS, "l.item -> g.item", "d.out -> g.item", **GATHER)
    held = [_held("n", "x", (BY_A,)), _held("n", "y"), _held("g", "item", _item(0))]
    assert [node for node, _, _ in _ripe(plan, held)] == ["n", "g"]


def test_only_the_gates_that_are_asked_about_fire(make_plan: MakePlan):
    plan = make_plan("l.item -> f.item", "l.item -> g.item", f="GATHER", **GATHER)
    held = [_held("f", "item", _item(0)), _held("g", "item", _item(0))]
    assert [node for node, _, _ in _ripe(plan, held, gates=["f"])] == ["f"]


def test_nothing_held_fires_nothing(make_plan: MakePlan):
    assert _ripe(make_plan("l.item -> g.item", **GATHER), [], "l") == []


# Properties

SEVERAL = (
    *("l.item -> n.x", "a.out -> n.x", "s.out -> n.y"),
    *("n.out -> h.entry", "s.out -> h.list", "h.out -> h.list", "k.item => h.s"),
    *("n.out -> g.item", "h.out -> g.item"),
)
ordinals = st.integers(0, 3).map(_item)
rivals = st.tuples(ordinals, st.sampled_from([BY_A, BY_B])).map(lambda drawn: (*drawn[0], drawn[1]))
choices = st.fixed_dictionaries(
    {
        "x": st.lists(rivals, max_size=4, unique=True),
        "y": st.lists(st.just(()), max_size=1),
        "entry": st.lists(ordinals, max_size=3, unique=True),
        "list": st.lists(st.just(()), max_size=1),
        "s": st.lists(ordinals, max_size=2, unique=True),
        "item": st.lists(ordinals, max_size=3, unique=True),
    }
)


def _chosen(chosen: dict[str, list[Label]]) -> list[Held]:
    """Tokens at the gates of ``SEVERAL``."""
    gates = {"x": "n", "y": "n", "entry": "h", "list": "h", "s": "h", "item": "g"}
    held = [_held(gates[pin], pin, label, static=pin == "s") for pin, found in chosen.items() for label in found]
    return [replace(one, id=f"{one.pin} {one.label}") for one in held]


@given(
    held=choices.map(_chosen),
    active=st.lists(st.tuples(st.sampled_from("lask"), ordinals), max_size=2),
    data=st.data(),
)
def test_the_order_of_arrival_decides_nothing(
    held: list[Held], active: list[tuple[str, Label]], data: st.DataObject, make_plan: MakePlan
):
    plan = make_plan(*SEVERAL, k="LIST", **GATHER)
    fired = _ripe(plan, held, *active)
    again = _ripe(plan, data.draw(st.permutations(held)), *data.draw(st.permutations(active)))
    assert again == fired


@given(held=choices.map(_chosen), active=st.lists(st.tuples(st.sampled_from("lask"), ordinals), max_size=2))
def test_a_decision_leaves_nothing_ripe_and_takes_nothing_twice(
    held: list[Held], active: list[tuple[str, Label]], make_plan: MakePlan
):
    plan = make_plan(*SEVERAL, k="LIST", **GATHER)
    rows = pairing.decide(plan, plan.gates, held, [Active(node=node, label=label) for node, label in active])
    taken = [token for row in rows for token in row.consumed]
    assert len(set(taken)) == len(taken)
    rest = [token for token in held if token not in taken]
    assert _ripe(plan, rest, *active, *((row.node, row.label) for row in rows)) == []
