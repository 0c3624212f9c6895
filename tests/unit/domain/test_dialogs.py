"""A node that answers what came of what it sent: what begins a dialog, and what its next turn?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain import pairing, planning
from shared.domain.labels import LIST, Label
from shared.domain.pairing import Active, Held
from shared.domain.plan import Kind, Plan
from shared.domain.planning import Sender
from shared.domain.records import Execution, Output
from shared.domain.statuses import Status

MakePlan = Callable[..., Plan]
LOOP = ("talk.call -> tool.x", "talk.out -> talk.said", "tool.out -> talk.came")
SEEDED = ("begin.out -> talk.goal", *LOOP)


def plan_of(make_plan: MakePlan, *links: str, **blocks: str) -> Plan:
    return make_plan(*links, talk="TALK", **blocks)


def held(pin: str, label: Label = (), *, loop: bool = False, static: bool = False, id_: str = "") -> Held:
    return Held(id=id_ or f"{pin}{len(label)}", gate="talk", pin=pin, label=label, link=0, loop=loop, static=static)


def ripe(plan: Plan, tokens: Sequence[Held], *active: str) -> list[tuple[Label, dict[str, list[str]], set[str]]]:
    rows = pairing.decide(plan, plan.gates, tokens, [Active(node=node, label=()) for node in active])
    return [
        (row.label, {pin: [t.id for t in ts] for pin, ts in row.tokens.items()}, {t.id for t in row.consumed})
        for row in rows
    ]


def test_a_node_that_is_answered_from_its_own_cycle_is_a_gate_that_waits_for_seeds_first(make_plan: MakePlan):
    node = plan_of(make_plan, *SEEDED).nodes["talk"]
    assert (node.kind, node.head, node.answers, node.seeds, node.entry) == (
        Kind.GATE, True, ["said", "came"], ["goal"], False,
    )  # fmt: skip


def test_what_is_fed_from_outside_alone_is_an_ordinary_pin(make_plan: MakePlan):
    node = plan_of(make_plan, "a.out -> talk.said", "b.out -> talk.goal").nodes["talk"]
    assert (node.kind, node.answers, node.seeds) == (Kind.JOIN, [], [])


def test_without_anything_from_outside_it_begins_at_the_start(make_plan: MakePlan):
    plan = plan_of(make_plan, *LOOP)
    assert (plan.nodes["talk"].entry, plan.nodes["talk"].seeds) == (True, [])
    now = datetime(2030, 1, 1, tzinfo=UTC)
    execution = Execution(
        id="e", user_id="u", graph_id="g", graph_version=1, status=Status.RUNNING, queue="q", constants={}, absent=(),
        created_at=now,
    )  # fmt: skip
    assert [firing.node_id for firing in planning.start(plan, execution).firings] == ["talk"]


def test_what_begins_a_dialog_counts_as_ordinary_though_it_is_static(make_plan: MakePlan):
    node = plan_of(make_plan, "begin.out => talk.goal", *LOOP).nodes["talk"]
    assert (node.seeds, node.statics) == (["goal"], [])


def test_the_links_back_into_it_close_the_cycle_wherever_it_is_entered(make_plan: MakePlan):
    plan = make_plan("in.out -> tool.y", *SEEDED, tool="BLOCK", talk="TALK")
    closing = [(link.source, link.sink_pin) for link in plan.links if link.cycle is not None]
    assert closing == [("talk", "said"), ("tool", "came")]


def test_a_seed_is_held_twice_to_begin_and_to_stay(make_plan: MakePlan):
    plan = plan_of(make_plan, *SEEDED)
    sender = Sender(
        execution_id="e", node_execution_id="n", node_id="begin", label=(), absent=frozenset[int](), hops=1
    )
    made = planning.deliver(plan, sender, [Output(pin="out", value="goal")], opens=True)
    assert [(parked.held.static, parked.token.value) for parked in made.parked] == [(False, "goal"), (True, "goal")]
    assert len({parked.held.id for parked in made.parked}) == 2
    sender = replace(sender, node_id="tool")
    assert len(planning.deliver(plan, sender, [Output(pin="out", value=1)], opens=True).parked) == 1


SEED = [held("goal", id_="seed"), held("goal", static=True, id_="kept")]


def test_seeds_begin_once_all_are_there_and_no_smaller_can_come(make_plan: MakePlan):
    plan = plan_of(make_plan, "more.out -> talk.how", *SEEDED)
    assert ripe(plan, SEED) == []
    both = [*SEED, held("how", id_="how")]
    assert ripe(plan, both, "begin") == []
    assert ripe(plan, both) == [((), {"how": ["how"], "goal": ["seed"]}, {"how", "seed"})]


TURN: Label = ((1, 1),)


def test_a_turn_has_an_answer_on_every_pin_and_what_began_the_dialog(make_plan: MakePlan):
    plan = plan_of(make_plan, *SEEDED)
    said = held("said", TURN, loop=True, id_="said")
    came = [held("came", (*TURN, (k, LIST), (1, 1)), loop=True, id_=f"came{k}") for k in (1, 0)]
    kept = SEED[1]
    assert ripe(plan, [kept, said, *came], "tool") == []
    assert ripe(plan, [kept, said]) == []
    assert ripe(plan, [kept, said, *came]) == [
        (TURN, {"said": ["said"], "came": ["came0"], "goal": ["kept"]}, {"said", "came0"})
    ]


def test_a_turn_waits_for_what_began_the_dialog_while_that_may_change(make_plan: MakePlan):
    plan = plan_of(make_plan, *SEEDED)
    answers = [held("said", TURN, loop=True), held("came", TURN, loop=True)]
    assert ripe(plan, [*answers, SEED[1]], "begin") == []


def test_the_next_dialog_begins_when_the_last_is_over_and_drops_what_that_left(make_plan: MakePlan):
    plan = plan_of(make_plan, *SEEDED)
    left = held("said", TURN, loop=True, id_="left")
    assert ripe(plan, [*SEED, left], "tool") == []
    assert ripe(plan, [*SEED, left]) == [((), {"goal": ["seed"]}, {"seed", "left"})]


def test_a_seed_waits_for_a_static_value_that_may_still_come(make_plan: MakePlan):
    plan = plan_of(make_plan, "other.out => talk.how", *SEEDED)
    how = held("how", static=True, id_="how")
    assert ripe(plan, [*SEED, how], "other") == []
    assert ripe(plan, [*SEED, how]) == [((), {"goal": ["seed"], "how": ["how"]}, {"seed"})]


@pytest.mark.parametrize("tokens", [SEED, [held("said", TURN, loop=True), held("came", TURN, loop=True), SEED[1]]])
def test_what_follows_a_dialog_waits_while_it_may_go_on(make_plan: MakePlan, tokens: Any):
    plan = make_plan(*SEEDED, "talk.end -> after.item", talk="TALK", after="GATHER")
    mark = Held(id="item", gate="after", pin="item", label=(), link=5)
    rows = pairing.decide(plan, ["after"], [mark, *tokens], [])
    assert [row.node for row in rows] == []


def test_what_follows_a_dialog_does_not_wait_for_one_that_is_over(make_plan: MakePlan):
    plan = make_plan(*SEEDED, "talk.end -> after.item", talk="TALK", after="GATHER")
    mark = Held(id="item", gate="after", pin="item", label=(), link=5)
    over = [held("said", TURN, loop=True), SEED[1]]
    rows = pairing.decide(plan, ["after"], [mark, *over], [])
    assert [row.node for row in rows] == ["after"]


def test_a_dialog_begins_once_its_static_value_has_come(make_plan: MakePlan):
    plan = plan_of(make_plan, *SEEDED, "kept.out => talk.tone")
    assert plan.nodes["talk"].statics == ["tone"]
    assert ripe(plan, [held("goal")], "kept") == ripe(plan, [held("goal")]) == []
    assert len(ripe(plan, [held("goal"), held("tone", static=True)])) == 1
