"""What follows from how the nodes of a version lie to each other?"""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.shape import Arc, Shape


def _arc(position: int, text: str) -> Arc:
    """``a -> b.x``; ``=>`` static, ``*>`` from a pin that may emit many."""
    source, sign, sink = text.split(" ")
    node, pin = sink.split(".")
    return Arc(
        position=position, source=source, pin_out="out", sink=node, pin=pin, static=sign == "=>", many=sign == "*>"
    )


def _shape(*texts: str, gathers: str = "", constants: str = "", nodes: Iterable[str] = ()) -> Shape:
    arcs = [_arc(position, text) for position, text in enumerate(texts)]
    ids = dict.fromkeys([*nodes, *(end for arc in arcs for end in (arc.source, arc.sink))])
    return Shape(list(ids), arcs, gathers=frozenset(gathers), constants=frozenset(constants))


def _static(shape: Shape) -> list[int]:
    return [arc.position for arc in shape.arcs if arc.static]


# Reach and cycles


def test_a_node_reaches_what_its_tokens_may_reach():
    shape = _shape("a -> b.x", "b -> c.x", "b -> d.x", "d -> b.y")
    assert shape.reach == {"a": set("bcd"), "b": set("bcd"), "c": set(), "d": set("bcd")}
    assert shape.cyclic == {"b", "d"}


def test_a_cycle_goes_by_the_place_of_its_first_node():
    assert _shape("a -> b.x", "b -> b.y", "c -> d.x", "d -> c.x").cycle_of == {"b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    ("links", "closing"),
    [
        (["a -> b.x", "b -> c.x"], set()),
        (["a -> b.x", "b -> b.y"], {1}),
        (["a -> b.x", "b -> c.x", "c -> b.y"], {2}),
        (["c -> b.y", "b -> c.x", "a -> b.x"], {0}),
        (["a -> b.x", "b -> c.x", "b -> d.x", "c -> e.x", "d -> e.y", "e -> b.y"], {5}),
        (["a -> b.x", "b -> c.x", "c -> b.y", "c -> d.x", "d -> c.y"], {2, 4}),
        (["b -> c.x", "c -> b.x"], {1}),
        (["a -> b.x", "b -> c.x", "c -> b.y", "d -> c.y"], {2}),
    ],
)
def test_a_cycle_is_closed_by_the_links_back_to_where_it_is_entered(links: list[str], closing: set[int]):
    assert _shape(*links).back == closing


def test_a_join_in_a_cycle_that_is_fed_from_outside_is_its_head():
    assert _shape("s -> a.list", "i -> a.entry", "a -> a.list").heads == {"a"}


@pytest.mark.parametrize(
    "links",
    [
        ["s -> a.x", "a -> a.x"],
        ["s -> a.x", "i -> a.y"],
        ["s -> a.x", "i => a.y", "a -> a.x"],
        ["s -> a.x", "a -> b.x", "a -> b.y", "b -> a.x"],
    ],
    ids=["one pin", "no cycle", "one ordinary pin", "fed from within"],
)
def test_other_joins_and_cycles_have_no_head(links: list[str]):
    assert _shape(*links).heads == set()


# Effective statics


def test_a_static_link_into_a_pin_that_has_an_ordinary_one_is_ordinary():
    assert _static(_shape("a *> b.x", "c => b.x", "a *> b.y")) == []
    assert _static(_shape("a *> b.x", "c => b.z", "d => b.z", "a *> b.y")) == [1, 2]


def test_where_all_pins_are_static_those_of_the_widest_origin_fire():
    lists = ["a *> b.x", "b *> c.x"]
    assert _static(_shape(*lists, "b => d.x", "c => d.y")) == [2]
    assert _static(_shape("a => d.x", "b => d.y")) == []


def test_pins_of_unlike_origins_fire_together_where_all_are_static():
    assert _static(_shape("a *> b.x", "c *> d.x", "b => e.x", "d => e.y", "a => e.z")) == [4]


def test_a_value_that_comes_once_into_a_join_that_fires_once_is_ordinary():
    assert _static(_shape("a => b.x", "c -> b.y")) == []


@pytest.mark.parametrize(
    "links",
    [
        ["a => b.x", "l *> b.y"],
        ["a => b.x", "l *> m.x", "m -> b.y"],
        ["a => b.x", "c -> b.y", "d -> b.y"],
        ["a => b.x", "c -> b.y", "b -> b.y"],
        ["a => b.x", "e => b.x", "c -> b.y"],
        ["l *> a.v", "a => b.x", "c -> b.y"],
        ["k -> a.v", "a -> a.v", "a => b.x", "c -> b.y"],
        ["k -> a.v", "m -> a.v", "a => b.x", "c -> b.y"],
    ],
    ids=[
        "into a list",
        "behind a list",
        "into a merge",
        "into a cycle",
        "two on the pin",
        "out of a list",
        "out of a cycle",
        "out of a merge",
    ],
)
def test_a_static_value_stays_so_where_it_may_come_or_be_taken_more_than_once(links: list[str]):
    declared = [position for position, text in enumerate(links) if "=>" in text]
    assert _static(_shape(*links)) == declared


def test_a_static_pin_that_may_emit_many_stays_static():
    arcs = [_arc(0, "a => b.x"), _arc(1, "c -> b.y")]
    many = Arc(position=0, source="a", pin_out="out", sink="b", pin="x", static=True, many=True)
    assert _static(Shape(list("abc"), arcs, gathers=frozenset(), constants=frozenset())) == []
    assert _static(Shape(list("abc"), [many, arcs[1]], gathers=frozenset(), constants=frozenset())) == [0]


def test_a_static_constant_stays_static():
    assert _static(_shape("a => b.x", "c -> b.y", constants="a")) == [0]


# Lists, origins, merges


@pytest.mark.parametrize(
    ("links", "gathers", "closes"),
    [
        (["a *> g.item"], "g", {"g": {"a"}}),
        (["a *> b.x", "b -> g.item"], "g", {"g": {"a"}}),
        (["a *> b.x", "b *> g.item"], "g", {"g": {"b"}}),
        (["a *> b.x", "b *> g.item", "g -> h.item"], "gh", {"g": {"b"}, "h": {"a"}}),
        (["a *> g.item", "b *> g.item"], "g", {"g": {"a", "b"}}),
        (["a -> g.item"], "g", {"g": set()}),
        (["a *> b.x", "b -> c.x", "c -> b.y", "c -> g.item"], "g", {"g": {"a"}}),
        (["a *> b.x", "b *> b.y", "b -> g.item", "g -> g.item"], "g", {"g": {"a", "b"}}),
    ],
)
def test_a_gather_closes_the_innermost_list_before_it(links: list[str], gathers: str, closes: dict[str, set[str]]):
    assert _shape(*links, gathers=gathers).closes == closes


def test_the_origin_is_what_no_gather_has_closed():
    shape = _shape("a *> b.x", "b *> g.item", "g -> h.item", "c -> c.x", "s -> c.x", "c -> d.x", gathers="gh")
    names = {node: set(shape.origin[node]) for node in "abghd"}
    assert names == {"a": set(), "b": {"list:a"}, "g": {"list:a"}, "h": set(), "d": {"cycle:4"}}


def test_a_join_of_unlike_origins_is_mixed():
    assert _shape("a *> b.x", "c -> b.y").mixed == {"b"}
    assert _shape("a *> b.x", "a *> b.y").mixed == set()
    assert _shape("a *> b.x", "c => b.y").mixed == set()


def test_the_head_of_a_cycle_is_not_mixed():
    assert _shape("s -> a.list", "l *> a.entry", "a -> a.list").mixed == set()


def test_what_comes_after_two_links_into_one_pin_may_have_rivals():
    assert _shape("a -> c.x", "b -> c.x", "c -> d.x", "a -> e.x").merged == {"c", "d"}


@pytest.mark.parametrize(
    "links",
    [["a -> c.x", "b -> c.y"], ["a => c.x", "b => c.x", "l *> c.y"], ["a -> c.x", "c -> c.x"]],
    ids=["other pins", "static", "one from outside, one from within"],
)
def test_links_that_bring_no_rivals_do_not_merge(links: list[str]):
    assert _shape(*links).merged == set()


def test_ways_are_the_ordinary_links_into_a_pin_from_one_side_of_a_cycle():
    shape = _shape("a -> c.x", "b -> c.x", "c -> c.x", "d -> c.x", "a -> c.y")
    assert [arc.position for arc in shape.ways(shape.arcs[1])] == [0, 1, 3]
    assert [arc.position for arc in shape.ways(shape.arcs[2])] == [2]


# Properties

NAMES = "abcdef"
names, signs = st.sampled_from(NAMES), st.sampled_from(["->", "=>", "*>"])
ends = st.tuples(names, signs, names, st.sampled_from("xy"))
graphs = st.lists(ends.map(lambda e: f"{e[0]} {e[1]} {e[2]}.{e[3]}"), max_size=10)


@given(graphs, st.sampled_from(["", "f", "ef"]))
def test_links_that_close_no_cycle_lead_to_a_higher_rank(links: list[str], gathers: str):
    shape = _shape(*links, gathers=gathers, nodes=NAMES)
    ranks = shape.ranks()
    assert sorted(ranks.values()) == list(range(len(NAMES)))
    for arc in shape.arcs:
        if arc.position not in shape.back:
            assert ranks[arc.source] < ranks[arc.sink]


def test_ranks_follow_the_version_where_links_leave_them_open():
    assert _shape("c -> b.x", nodes="abc").ranks() == {"a": 0, "c": 1, "b": 2}


@given(graphs)
def test_links_that_close_a_cycle_lie_in_one(links: list[str]):
    shape = _shape(*links, nodes=NAMES)
    assert all(shape.same_cycle(arc.source, arc.sink) for arc in shape.arcs if arc.position in shape.back)


@given(graphs)
def test_every_node_with_links_has_something_that_fires_it(links: list[str]):
    shape = _shape(*links, nodes=NAMES)
    assert all(shape.pins(node, static=False) for node in NAMES if shape.into[node])


@given(graphs)
def test_a_pin_is_static_by_all_its_links_or_by_none(links: list[str]):
    shape = _shape(*links, nodes=NAMES)
    for node in NAMES:
        assert not set(shape.pins(node, static=True)) & set(shape.pins(node, static=False))


def test_a_chain_may_be_long():
    shape = _shape(*(f"n{i} -> n{i + 1}.x" for i in range(300)), "n300 -> n1.x")
    assert shape.back == {300}
