"""What comes round a cycle comes in a later turn: no rival of what waits in this one."""

from collections.abc import Callable

import pytest

from shared.domain import labels, pairing, sending
from shared.domain.labels import Label
from shared.domain.pairing import Active, Held
from shared.domain.plan import Plan
from shared.domain.shape import Arc, Shape


def shape(*texts: str, gathers: str = "") -> Shape:
    """Of ``a -> b``, and of ``a *> b`` where a list begins."""
    arcs = [
        Arc(position=n, source=text[0], pin_out="out", sink=text[-1], pin="x", static=False, many="*" in text)
        for n, text in enumerate(texts)
    ]
    nodes = dict.fromkeys(end for arc in arcs for end in (arc.source, arc.sink))
    return Shape(list(nodes), arcs, gathers=frozenset(gathers), constants=frozenset())


def test_behind_the_link_that_closes_a_cycle_is_a_later_turn() -> None:
    cycle = shape("a -> b", "b -> c", "c -> d", "d -> b", "d -> e")
    assert {node: cycle.later(node) for node in "abcde"} == {
        "a": set(),
        "b": {"b"},
        "c": {"b", "c"},
        "d": {"b", "c", "d"},
        "e": set(),
    }


def test_a_list_in_a_cycle_stands_between_its_turns() -> None:
    assert shape("a -> b", "b *> c", "c -> b").later("b") == set()
    assert shape("a -> b", "b -> c", "c -> b", gathers="c").later("b") == set()
    assert shape("a *> b", "b -> c", "c -> b").later("b") == {"b"}


@pytest.mark.parametrize(
    ("label", "wanted", "may"),
    [
        ((), ((1, 7),), True),
        ((), ((3, 7),), True),
        ((), (), False),
        (((1, 7),), ((1, 7),), False),
        (((1, 7),), ((2, 7),), True),
        (((2, 7),), ((1, 7),), False),
        (((1, 7), (0, labels.WAY)), ((2, 7),), True),
        (((4, labels.LIST), (1, 7)), ((4, labels.LIST), (2, 7)), True),
        (((4, labels.LIST), (1, 7)), ((5, labels.LIST), (2, 7)), False),
        (((0, labels.LIST), (1, 7)), ((0, labels.LIST), (2, 7)), True),
        ((), ((0, labels.LIST), (1, 7)), True),
        (((1, 7),), ((4, labels.LIST),), False),
    ],
)
def test_what_comes_round_a_cycle_comes_in_a_later_turn(label: Label, wanted: Label, may: bool) -> None:
    assert sending.can_make_later(label, labels.Key(wanted), 7) is may


CHATBOT = (
    "z.out -> h.list",
    "h.out -> m.x",
    "m.out -> j.a",
    "m.out -> k.a",
    "m.out -> n.x",
    "n.out -> k.b",
    "k.out -> h.list",
    "o.out -> s.x",
    "j.out -> s.x",
    "s.out -> c.x",
    "c.out -> j.b",
    "c.out -> h.entry",
)
"""``s`` begins it, from outside or when ``j`` is done; so every join behind it may have rivals. Both ``j`` and ``k``
lead to the other round the cycle alone."""


def test_two_joins_of_one_turn_do_not_wait_for_each_other(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan(*CHATBOT)
    first = ((1, plan.nodes["h"].cycle or 0),)
    held = [
        Held(id=f"{gate}{pin}", gate=gate, pin=pin, label=first, link=0) for gate in ("j", "k") for pin in ("a", "b")
    ]
    assert all(plan.nodes[node].merged for node in ("j", "k"))
    assert sorted(row.node for row in pairing.decide(plan, plan.gates, held, [])) == ["j", "k"]
    late = pairing.decide(plan, plan.gates, held, [Active(node="s", label=())])
    assert late == []
