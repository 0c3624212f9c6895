"""A block that is not here fails a run where it is reached, and nowhere else."""

from shared.domain.statuses import Status
from shared.services import graph_views
from tests.engine.stage import Stage

NODES = [
    {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "n"}},
    {"id": "if", "block_type": "CONDITION", "input_data": {"operator": ">", "value2": 3}},
    {"id": "gone", "block_type": "PLACEHOLDER", "input_data": {"missing_block": "x-1", "data": {"a": 1}}},
    {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "answer"}},
]
LINKS = [
    "in.result -> if.value1",
    "if.yes_output -> gone.some_#_pin",
    "gone.whatever -> out.value",
    "if.no_output -> out.value",
]


async def test_a_placeholder_that_is_not_reached_does_no_harm(stage: Stage) -> None:
    version = await stage.graph(NODES, LINKS)
    execution = await stage.start(version, {"n": 1})
    await stage.run()
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"answer": [3]})


async def test_a_placeholder_that_is_reached_says_which_block_is_missing(stage: Stage) -> None:
    version = await stage.graph(NODES, LINKS)
    execution = await stage.start(version, {"n": 5})
    await stage.run()
    seen = await stage.finished(execution)
    assert (seen["status"], seen["error"]["reason"], seen["error"]["node_id"]) == (
        Status.FAILED, "BLOCK_MISSING", "gone",
    )  # fmt: skip
    assert "x-1" in seen["error"]["message"]


async def test_it_is_a_problem_that_blocks_nothing(stage: Stage) -> None:
    problems = graph_views.problems(await stage.graph(NODES, LINKS))
    assert [(one.field, one.blocking) for one in problems] == [("nodes[2].block_type", False)]
