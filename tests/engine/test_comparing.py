"""Two executions, firing by firing."""

from typing import Any

import pytest

from shared.domain import errors
from shared.domain.graph import UserId
from shared.domain.permissions import caller
from shared.services import comparing
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

ANN, BOB = (caller(UserId(name), "", None) for name in ("ann", "bob"))


async def executed(stage: Stage, *given: list[str]) -> list[str]:
    """Executions of one graph, which makes each of a list of texts upper."""
    version = await stage.graph(
        [agent_input("in", "texts"), {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}, upper("up"), agent_output()],
        ["in.result -> each.items", "each.item -> up.text", "up.processed_text -> out.value"],
    )
    ids: list[str] = []
    for texts in given:
        execution = await stage.start(version, {"texts": texts})
        await stage.run()
        ids.append(execution.id)
    return ids


async def compared(
    stage: Stage, left: str, right: str, size: int = 100
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    items: list[dict[str, Any]] = []
    cursor: int | None = None
    while True:
        summary, page, cursor = await comparing.compare(stage.world, ANN, left, right, size, cursor)
        items += page
        if cursor is None:
            return summary, items


async def test_the_same_inputs_differ_in_nothing(stage: Stage) -> None:
    left, right = await executed(stage, ["a", "b"], ["a", "b"])
    summary, items = await compared(stage, left, right)
    assert summary["same_output"]
    assert [one["differences"] for one in items] == [[]] * len(items)
    assert {one["node_id"] for one in items} == {"in", "each", "up", "out"}


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_firings_are_paired_by_what_they_work_on(stage: Stage, size: int) -> None:
    left, right = await executed(stage, ["a", "b", "c"], ["a", "x"])
    summary, items = await compared(stage, left, right, size)
    assert not summary["same_output"]
    assert (summary["left"]["output"], summary["right"]["output"]) == ({"out": ["A", "B", "C"]}, {"out": ["A", "X"]})
    ups = [one for one in items if one["node_id"] == "up"]
    assert [one["differences"] for one in ups] == [[], ["output"], ["firing"]]
    assert ups[1]["left"]["output"]["processed_text"] == ["B"]
    assert ups[1]["right"]["output"]["processed_text"] == ["X"]
    assert (ups[2]["left"]["status"], ups[2]["right"]) == ("COMPLETED", None)
    assert len({one["id"] for one in items}) == len(items)


async def test_only_ones_own_and_two_of_them(stage: Stage) -> None:
    left, right = await executed(stage, ["a"], ["b"])
    for who, one, other in ((BOB, left, right), (ANN, left, "nowhere"), (ANN, "nowhere", left)):
        with pytest.raises(errors.NotFound):
            await comparing.compare(stage.world, who, one, other, 9, None)
    with pytest.raises(errors.InvalidArgument):
        await comparing.compare(stage.world, ANN, left, left, 9, None)
