"""Workflows of n8n that run others: in one list, or held by a node; they come in together and run."""

import dataclasses
import json
from typing import Any

import pytest

from shared.domain.statuses import Status
from shared.interop import n8n_workflows
from tests.engine.stage import Stage
from tests.interop import made, world
from tests.interop.test_n8n import condition, node, setting, workflow
from tests.interop.test_n8n_more import ANSWER, START, fields, rows

TRIGGER = node("Called", "executeWorkflowTrigger", {"inputSource": "passthrough"}, 1.1)
COUNTED = fields(two=("number", "={{ $json.n * 2 }}"), at=("number", "={{ $itemIndex }}"))
DOUBLE = {
    **workflow([TRIGGER, node("Double", "set", COUNTED, 3.4)], "Called -> Double"),
    "id": "dbl",
    "name": "Double",
}


def calling(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "workflowId": {"__rl": True, "mode": "list", "value": id_, "cachedResultName": "Double"},
        "options": {},
        **more,
    }


def caller(parameters: dict[str, Any], *others: Any, **more: Any) -> list[Any]:
    """A list of files: one that runs another for the items n = 1, 2, and others."""
    call = node("Call", "executeWorkflow", parameters, 1.2, **more)
    main = workflow(
        [START, *rows("List", [{"n": 1}, {"n": 2}]), call, ANSWER],
        "Start -> List", "List -> Each List", "Each List -> Call", "Call -> Answer",
    )  # fmt: skip
    return [*others, {**main, "id": "main"}]


async def answered(stage: Stage, raw: Any) -> list[Any]:
    imported = await world.imported(stage, raw)
    graphs = [imported["graph"], *imported["sub_graphs"]]
    assert [n["id"] for one in graphs for n in one["nodes"] if n["block_type"] == "PLACEHOLDER"] == []
    seen = await world.executed(stage, imported["graph"]["id"])
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    return seen["output"]["Answer"]


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"workflowInputs": {"value": {"n": "={{ $json.n + 10 }}"}}}, [{"two": 22, "at": 0}, {"two": 24, "at": 1}]),
        ({"options": {"waitForSubWorkflow": False}}, [{"n": 1}, {"n": 2}]),
    ],
    ids=["all at once with values", "not waited for"],
)
async def test_another_workflow_of_the_list_is_run_and_answers(stage: Stage, more: Any, answer: Any) -> None:
    assert await answered(stage, caller(calling("dbl", **more), DOUBLE)) == answer


async def test_a_workflow_that_a_node_holds_is_run(stage: Stage) -> None:
    [main] = caller({"source": "parameter", "workflowJson": json.dumps(DOUBLE), "mode": "each"})
    assert await answered(stage, main) == [{"two": 2, "at": 0}, {"two": 4, "at": 0}]


@pytest.mark.parametrize("held", [DOUBLE, f"={json.dumps(DOUBLE)}"], ids=["object", "="])
def test_it_may_be_held_in_other_forms(held: Any) -> None:
    imported = made.imported(caller({"source": "parameter", "workflowJson": held})[0])
    assert [one.place for one in imported.graphs] == ["", "nodes[3].parameters.workflowJson"]
    assert "AGENT_EXECUTOR" in made.types_of(imported)


async def test_only_the_fields_that_the_trigger_names_go_in(stage: Stage) -> None:
    named = {"workflowInputs": {"values": [{"name": "n"}, {"name": "gone"}]}}
    shows = workflow([node("Called", "executeWorkflowTrigger", named, 1.1), node("Show", "noOp")], "Called -> Show")
    schema = [{"id": "n", "displayName": "n"}, {"id": "x", "removed": True}]
    inputs = {"value": {"n": "={{ $json.n }}", "x": 1}, "schema": schema}
    raw = caller(calling("shows", workflowInputs=inputs), {**shows, "id": "shows"})
    assert await answered(stage, raw) == [{"n": 1, "gone": None}, {"n": 2, "gone": None}]


async def test_a_workflow_that_runs_itself_ends_where_it_stops(stage: Stage) -> None:
    """Only the items that are left run it again, and none would run it for ever."""
    down = workflow(
        [
            TRIGGER,
            node("More?", "if", condition("={{ $json.n }}", "gt", 0, "number"), 2),
            node("Less", "set", fields(n=("number", "={{ $json.n - 1 }}")), 3.4),
            node("Again", "executeWorkflow", calling("={{ $workflow.id }}"), 1.2),
            node("Done", "set", setting(end="=at {{ $json.n }}"), 3.4),
        ],
        "Called -> More?", "More? -> Less", "Less -> Again", "More?:1 -> Done",
    )  # fmt: skip
    main = workflow(
        [
            START,
            node("Two", "set", fields(n=("number", "2")), 3.4),
            node("Call", "executeWorkflow", calling("d"), 1.2),
            ANSWER,
        ],
        "Start -> Two",
        "Two -> Call",
        "Call -> Answer",
    )
    assert await answered(stage, [main, {**down, "id": "d"}]) == [{"end": "at 0"}]


async def test_one_that_never_stops_is_stopped(stage: Stage) -> None:
    stage.world = dataclasses.replace(stage.world, settings=stage.world.settings.model_copy(update={"max_depth": 2}))
    forever = workflow([TRIGGER, node("Again", "executeWorkflow", calling("f"), 1.2)], "Called -> Again")
    imported = await world.imported(stage, caller(calling("f"), {**forever, "id": "f"}))
    seen = await world.executed(stage, imported["graph"]["id"])
    assert seen["status"] == Status.FAILED
    assert "MAX_DEPTH" in str(seen["error"])


async def test_a_failure_of_the_other_goes_on_where_the_node_says_so(stage: Stage) -> None:
    fails = workflow([TRIGGER, node("X", "code", {}, 2)], "Called -> X")
    raw = caller(calling("f", mode="each"), {**fails, "id": "f"}, onError="continueRegularOutput")
    imported = await world.imported(stage, raw)
    seen = await world.executed(stage, imported["graph"]["id"])
    assert seen["status"] == Status.COMPLETED
    assert ["FAILED" in one["error"] for one in seen["output"]["Answer"]] == [True, True]


def _placeholder(raw: Any) -> str:
    nodes = made.imported(raw).graphs[0].body["nodes"]
    [found] = [one for one in nodes if one["block_type"] == "PLACEHOLDER"]
    return found["input_data"]["reason"]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (calling("gone"), "Double (gone), which is not in the file"),
        ({"workflowId": "gone"}, "the workflow gone, which is not in the file"),
        ({"workflowId": "={{ $json.id }}"}, "is computed"),
        ({"workflowId": {"value": ""}}, "names no workflow"),
        ({"source": "url", "workflowUrl": "https://x.example/w.json"}, "from elsewhere"),
        ({"source": "localFile", "workflowPath": "/w.json"}, "from elsewhere"),
        ({"source": "parameter", "workflowJson": "{"}, "cannot be read"),
        ({"source": "parameter", "workflowJson": "[" * 100_000}, "cannot be read"),
        ({"source": "parameter", "workflowJson": {"nodes": [{"type": 1}]}}, "cannot be read"),
        ({"source": "parameter", "workflowJson": {"nodes": [], "connections": {}}}, "has no trigger"),
        ({"source": ["parameter"], "workflowId": {"value": ["x"]}}, "from elsewhere"),
    ],
)
def test_a_workflow_that_is_not_there_is_a_placeholder_that_says_what_to_do(parameters: Any, reason: str) -> None:
    [main] = caller(parameters)
    assert reason in _placeholder(main)


def test_a_workflow_may_have_a_number() -> None:
    imported = made.imported(caller({"workflowId": 7}, {**DOUBLE, "id": 7}))
    assert "AGENT_EXECUTOR" in made.types_of(imported)


def test_a_list_tells_by_name_what_its_files_have_no_id_for() -> None:
    nameless = {key: value for key, value in DOUBLE.items() if key != "id"}
    imported = made.imported(caller(calling("dbl"), nameless))
    [executor] = [one for one in imported.graphs[0].body["nodes"] if one["block_type"] == "AGENT_EXECUTOR"]
    assert executor["input_data"]["graph_id"] == imported.graphs[1].id
    assert {one.place for one in imported.report.entries if one.kind == "graph"} == {"[0]", "[1]"}


def test_what_is_wrong_in_a_list_has_its_place() -> None:
    assert made.refused([DOUBLE, {"nodes": [{"type": "x"}], "connections": {}}]) == ["[1].nodes[0].name"]
    assert made.refused([DOUBLE] * 101) == ["body"]
    assert made.refused([DOUBLE, made.export([])]) == ["body"]


def test_workflows_within_workflows_come_to_an_end() -> None:
    inner: Any = DOUBLE
    for _ in range(30):
        held = {"source": "parameter", "workflowJson": inner}
        inner = workflow([TRIGGER, node("Call", "executeWorkflow", held, 1.2)], "Called -> Call")
    imported = made.imported(inner)
    assert len(imported.graphs) == 11
    assert made.types_of(imported).count("PLACEHOLDER") == 1
    last = imported.graphs[-1].body["nodes"]
    assert "PLACEHOLDER" in [one["block_type"] for one in last]


def test_begun_by_hand_it_begins_by_hand_unless_another_runs_it() -> None:
    both = workflow([START, TRIGGER, node("X", "noOp")], "Start -> X", "Called -> X")

    def valued(graph: Any) -> list[str]:
        return [one["input_data"]["name"] for one in graph.body["nodes"] if "value" in one["input_data"]]

    assert valued(made.imported(both).graphs[0]) == ["Start"]
    assert valued(made.imported(caller(calling("b"), {**both, "id": "b"})).graphs[1]) == ["Called"]


def test_a_file_of_more_expressions_than_can_be_read_in_a_moment_is_refused() -> None:
    half = "={{ $json.n }}" + "x" * (n8n_workflows.MAX_EXPRESSIONS // 2)
    nodes = [node(name, "set", {"list": [{"of": half}], "plain": "y" * 900_000}, 3.4) for name in ("One", "Two")]
    assert made.refused(workflow([START, *nodes])) == ["nodes"]
    assert len(made.imported(workflow([START, nodes[0]])).graphs) == 1
