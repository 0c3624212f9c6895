"""What do the node executions of an execution add up to?"""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain import outcomes
from shared.domain.plan import Plan
from shared.domain.records import Failure, NodeExecution, Output
from shared.domain.statuses import Status

NOW = datetime(2030, 1, 1, tzinfo=UTC)

MakePlan = Callable[..., Plan]


def _ended(
    id_: str,
    node_id: str,
    *outputs: tuple[str, Any],
    order: str = "",
    status: Status = Status.COMPLETED,
    error: Failure | None = None,
) -> NodeExecution:
    return NodeExecution(
        id=id_,
        execution_id="e",
        node_id=node_id,
        block_type="BLOCK",
        label=(),
        order=order,
        status=status,
        hops=1,
        inputs={},
        created_at=NOW,
        outputs=[Output(pin=pin, value=value) for pin, value in outputs],
        error=error,
    )


def _failed(id_: str, order: str, reason: str | None = "TIMEOUT") -> NodeExecution:
    error = Failure(reason=reason, message=f"{id_} took too long.") if reason else None
    return _ended(id_, "node", order=order, status=Status.FAILED, error=error)


def test_nothing_unhandled_is_completed():
    assert outcomes.verdict([]) == (Status.COMPLETED, None)


FAILURES = [_failed("a", "2"), _failed("c", "1"), _failed("b", "1")]


@pytest.mark.parametrize("failed", list(itertools.permutations(FAILURES)))
def test_the_first_unhandled_failure_by_place_is_the_reason(failed: tuple[NodeExecution, ...]):
    why = Failure(reason="TIMEOUT", message="b took too long.", node_id="node", node_execution_id="b")
    assert outcomes.verdict(failed) == (Status.FAILED, why)


def test_a_failure_without_a_reason_is_one_of_its_block():
    status, why = outcomes.verdict([_failed("a", "", reason=None)])
    assert status is Status.FAILED
    assert why == Failure(reason="BLOCK_FAILED", message="The block failed.", node_id="node", node_execution_id="a")


NAMED = ("a.out -> o.value", "a.out -> p.value")


def _named(make_plan: MakePlan, names: dict[str, str], *finished: NodeExecution) -> dict[str, Any]:
    plan = make_plan(*NAMED, o="AGENT_OUTPUT", p="AGENT_OUTPUT")
    return outcomes.output(plan, names, finished)


def test_outputs_go_by_their_names_in_the_order_of_their_places(make_plan: MakePlan):
    later = _ended("1", "o", ("output", "second"), ("name", "answer"), order="b")
    first = _ended("2", "o", ("output", "first"), ("name", "answer"), order="a")
    assert _named(make_plan, {"o": "answer"}, later, first) == {"answer": ["first", "second"]}


def test_an_output_that_never_came_is_an_empty_list(make_plan: MakePlan):
    assert _named(make_plan, {"o": "answer", "p": "note"}) == {"answer": [], "note": []}


def test_a_failed_output_gives_nothing(make_plan: MakePlan):
    failed = _ended("1", "o", ("output", 1), status=Status.FAILED)
    assert _named(make_plan, {"o": "answer"}, failed) == {"answer": []}


def test_a_name_that_came_by_a_link_goes_before_the_literal_and_that_before_the_id(make_plan: MakePlan):
    named = _ended("1", "o", ("name", 7), ("output", "x"))
    literal = _ended("2", "o", ("output", "y"))
    bare = _ended("3", "p", ("output", "z"))
    values = _named(make_plan, {"o": "answer"}, named, literal, bare)
    assert values == {"answer": ["y"], "7": ["x"], "p": ["z"]}


def test_two_outputs_of_one_name_share_a_list(make_plan: MakePlan):
    finished = [_ended("1", "o", ("output", 1), order="a"), _ended("2", "p", ("output", 2), order="b")]
    assert _named(make_plan, {"o": "answer", "p": "answer"}, *finished) == {"answer": [1, 2]}


def test_without_outputs_the_last_nodes_give_theirs_by_pin_but_no_errors(make_plan: MakePlan):
    plan = make_plan("a.out -> b.x", "a.out -> c.x")
    finished = [_ended("2", "b", ("out", 2), ("error", "no"), order="b"), _ended("1", "b", ("out", 1), order="a")]
    assert outcomes.output(plan, {}, finished) == {"b": {"out": [1, 2]}, "c": {}}


def test_values_of_a_pin_keep_their_order():
    assert outcomes.by_pin(_ended("1", "a", ("x", 2), ("y", 0), ("x", 1))) == {"x": [2, 1], "y": [0]}
