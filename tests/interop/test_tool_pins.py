"""Agents with tools come in with their tool pins, in the forms of all times, and run."""

from collections.abc import Sequence
from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.interop import made, world

FORMS = {
    "by the node": "tools_^_calc_~_{field}",
    "by the name": "tools_^_my_calculator_~_{field}",
    "the first": "tools_^_my_calculator_{field}",
}
FEEDBACK = ["calc.result -> ai.last_tool_output", "ai.conversations -> ai.conversation_history"]
SUB = made.export(
    [
        made.node("i", "AGENT_INPUT", {"name": "Search Keyword"}),
        made.node("t", "FILL_TEXT_TEMPLATE", {"format": "Found {{ x }}"}),
        made.node("o", "AGENT_OUTPUT", {"name": "Result"}),
    ],
    ["i.result -> t.values_#_x", "t.output -> o.value"],
    version=4,
)


def agent(turns: int, tools: Sequence[dict[str, Any]], links: Sequence[str], **more: Any) -> dict[str, Any]:
    orchestrator = made.node("ai", "ORCHESTRATOR", {"prompt": "Add", "agent_mode_max_iterations": turns})
    out = made.node("out", "AGENT_OUTPUT", {"name": "answer"})
    return made.export([orchestrator, *tools, out], [*links, "ai.finished -> out.value"], **more)


def calculating(turns: int, form: str) -> dict[str, Any]:
    links = [f"ai.{form.format(field=field)} -> calc.{field}" for field in ("a", "b")]
    calculator = made.node("calc", "CALCULATOR", {"operation": "Add"})
    return agent(turns, [calculator], links + ([] if turns else FEEDBACK))


@pytest.mark.parametrize("turns", [0, 3, -1])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_a_calculator_is_called_and_heard(stage: Stage, model_port: int, form: str, turns: int) -> None:
    world.give(stage, world.Web(), model_port)
    seen = await world.ran(stage, calculating(turns, form))
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    assert seen["output"]["answer"][0].startswith("[stub] The tool answered: ")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_is_accounted_for_and_means_the_same(form: str) -> None:
    raw = calculating(0, form)
    imported = made.imported(raw)
    made.assert_accounted(raw, imported)
    assert [one["source_name"] for one in imported.graphs[0].body["links"]][:2] == [
        "tools_^_calc_~_a",
        "tools_^_calc_~_b",
    ]


@pytest.mark.parametrize("turns", [0, 3])
async def test_a_sub_agent_is_called_by_a_field_as_its_name_is_cleaned(
    stage: Stage, model_port: int, turns: int
) -> None:
    links = ["ai.tools_^_sub_~_search_keyword -> sub.Search Keyword"]
    back = ["sub.Result -> ai.last_tool_output", FEEDBACK[1]] if not turns else []
    sub = made.executor("sub", 4, ["Search Keyword"], ["Result"])
    world.give(stage, world.Web(), model_port)
    seen = await world.ran(stage, agent(turns, [sub], [*links, *back], sub_graphs=[SUB]))
    assert seen["status"] == Status.COMPLETED
    assert "Found Your objective: Add" in seen["output"]["answer"][0]
