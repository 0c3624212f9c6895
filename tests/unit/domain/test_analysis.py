"""Which plan follows from a version?"""

from collections.abc import Callable

import pytest

from shared.domain import analysis
from shared.domain.plan import Kind, Plan

MakePlan = Callable[..., Plan]


@pytest.mark.parametrize(
    ("block_type", "expected"),
    [("AGENT_INPUT", True), ("AGENT_DATE_INPUT", True), ("AGENT_OUTPUT", False), ("TEXT_INPUT", False)],
)
def test_inputs_of_the_agent_are_known_by_their_type(block_type: str, expected: bool):
    assert analysis.is_input(block_type) is expected


@pytest.mark.parametrize(
    ("links", "blocks", "kind"),
    [
        ([], {"n": "AGENT_INPUT"}, Kind.CONSTANT),
        (["a.out -> n.name"], {"n": "AGENT_INPUT"}, Kind.SINGLE),
        ([], {"n": "NOTE"}, Kind.COMMENT),
        (["n.out -> a.x"], {"n": "NOTE"}, Kind.ENTRY),
        (["a.out -> n.x"], {"n": "NOTE"}, Kind.SINGLE),
        ([], {"n": "BLOCK"}, Kind.ENTRY),
        (["a.out -> n.x"], {}, Kind.SINGLE),
        (["a.out -> n.x", "b.out -> n.x"], {}, Kind.SINGLE),
        (["a.out -> n.x", "b.out -> n.y"], {}, Kind.JOIN),
        (["i.result => n.x", "b.out -> n.y"], {"i": "AGENT_INPUT"}, Kind.SINGLE),
        (["a.out -> n.item"], {"n": "GATHER"}, Kind.GATE),
        (["s.out -> n.x", "n.out -> n.x", "b.out -> n.y"], {}, Kind.GATE),
        (["l.item -> n.x", "b.out -> n.y"], {"l": "LIST"}, Kind.GATE),
        (["l.item -> n.x", "l.item -> n.y"], {"l": "LIST"}, Kind.JOIN),
        (["a.out -> n.x", "b.out -> n.x", "b.out -> n.y"], {}, Kind.GATE),
        (["a.out => n.x", "l.item -> n.y"], {"l": "LIST"}, Kind.GATE),
        (["a.out -> n.x", "l.item -> n.y"], {"a": "STATIC", "l": "LIST"}, Kind.GATE),
    ],
)
def test_the_links_into_a_node_say_how_it_fires(
    links: list[str], blocks: dict[str, str], kind: Kind, make_plan: MakePlan
):
    assert make_plan(*links, **blocks).nodes["n"].kind is kind


def test_a_join_lists_what_fires_it_and_what_supplies_it(make_plan: MakePlan):
    plan = make_plan(
        "i.result => n.a", "l.item -> n.b", "s.out => n.c", "l.item -> n.d", "s.out => n.c", i="AGENT_INPUT", l="LIST"
    )
    node = plan.nodes["n"]
    assert (node.ordinary, node.constants, node.statics) == (["b", "d"], [0], ["c"])
    assert (node.into, node.links) == ([0, 1, 2, 3, 4], [])
    assert [link.constant for link in plan.links] == [True, False, False, False, False]


def test_what_a_constant_shares_a_pin_with_makes_it_wait_like_a_computed_value(make_plan: MakePlan):
    plan = make_plan("i.result => n.a", "s.out => n.a", "l.item -> n.b", i="AGENT_INPUT", l="LIST")
    assert (plan.nodes["n"].constants, plan.nodes["n"].statics) == ([], ["a"])


def test_links_know_their_cycle_and_their_way(make_plan: MakePlan):
    plan = make_plan("s.out -> n.x", "t.out -> n.x", "n.out -> m.x", "m.out -> n.x")
    assert [(link.cycle, link.loop, link.way) for link in plan.links] == [
        (None, False, 0),
        (None, False, 1),
        (None, True, None),
        (1, True, None),
    ]
    assert [plan.nodes[n].cycle for n in "snm"] == [None, 1, 1]


def test_links_from_a_secret_input_are_secret(make_plan: MakePlan):
    plan = make_plan(
        "i.result -> a.x",
        "k.result -> b.x",
        "s.out -> c.x",
        i="AGENT_INPUT",
        k="AGENT_INPUT",
        literals={"i": {"secret": True}, "s": {"secret": True}},
    )
    assert [link.secret for link in plan.links] == [True, False, False]


def test_a_block_declares_which_pins_emit_many(make_plan: MakePlan):
    plan = make_plan("l.item -> a.x", "l.length -> b.x", l="LIST")
    assert plan.nodes["l"].many == ["item"]
    assert plan.nodes["a"].many == []


def test_every_linked_pin_of_an_open_block_may_emit_many_but_its_error(make_plan: MakePlan):
    plan = make_plan("o.b_#_x -> a.x", "o.a -> a.y", "o.error -> b.x", o="OPEN")
    assert plan.nodes["o"].many == ["a", "b"]


def test_a_node_knows_whether_its_error_is_handled(make_plan: MakePlan):
    plan = make_plan("a.error -> b.x", "b.out -> c.x")
    assert [plan.nodes[n].error_linked for n in "abc"] == [True, False, False]


def test_outputs_are_those_of_the_agent_or_else_the_last_nodes(make_plan: MakePlan):
    named = make_plan("a.out -> o.value", "a.out -> b.x", o="AGENT_OUTPUT")
    assert (named.named_outputs, [n for n, node in named.nodes.items() if node.output]) == (True, ["o"])
    last = make_plan("a.out -> b.x", "a.out -> c.x", d="NOTE")
    assert (last.named_outputs, [n for n, node in last.nodes.items() if node.output]) == (False, ["b", "c"])


def test_a_list_opens_the_gathers_that_close_it_and_all_before_them_reach_them(make_plan: MakePlan):
    links = ["s.out -> l.list", "l.item -> m.x", "m.out -> g.item", "g.items -> h.item"]
    plan = make_plan(*links, l="LIST", g="GATHER", h="GATHER")
    assert plan.gates == ["g", "h"]
    assert {n: node.gates for n, node in plan.nodes.items()} == {
        "s": ["g", "h"],
        "l": ["g", "h"],
        "m": ["g", "h"],
        "g": ["h"],
        "h": [],
    }
    assert [n for n, node in plan.nodes.items() if node.gather] == ["g", "h"]
    assert {n: node.opens for n, node in plan.nodes.items() if node.opens} == {"l": ["g"]}


def test_reach_is_kept_for_gates_what_links_into_them_and_lists(make_plan: MakePlan):
    links = ["s.out -> t.x", "t.out -> l.list", "l.item -> m.x", "m.out -> g.item", "g.items -> z.x"]
    plan = make_plan(*links, l="LIST", g="GATHER")
    assert plan.nodes["s"].reaches == {"l", "m", "g"}
    assert plan.nodes["m"].reaches == {"g"}
    assert plan.nodes["g"].reaches == set()


def test_a_gate_knows_why_it_is_one(make_plan: MakePlan):
    plan = make_plan(
        "s.out -> h.list",
        "h.out -> h.list",
        "l.item -> h.entry",
        "l.item -> x.a",
        "s.out -> x.b",
        "s.out -> m.a",
        "t.out -> m.a",
        "t.out -> m.b",
        l="LIST",
    )
    traits = {n: (plan.nodes[n].head, plan.nodes[n].mixed, plan.nodes[n].merged) for n in "hxm"}
    assert traits == {"h": (True, False, False), "x": (False, True, False), "m": (False, False, True)}


def test_a_version_that_could_be_analysed_has_no_problems(make_plan: MakePlan):
    assert make_plan("a.out -> b.x").problems == []
