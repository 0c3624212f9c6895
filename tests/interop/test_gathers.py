"""A sample of what comes one by one is taken of all of it, as accumulate means it."""

from typing import Any

from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.interop import made, world


def sampling(**defaults: Any) -> dict[str, Any]:
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "rows", "value": [{"n": 1}, {"n": 2}, {"n": 3}]}),
        made.node("each", "STEP_THROUGH_ITEMS"),
        made.node("it", "DATA_SAMPLING", {"sample_size": 2, "sampling_method": "top", **defaults}),
        made.node("out", "AGENT_OUTPUT", {"name": "sample"}),
    ]
    links = ["in.result -> each.items", "each.item -> it.data", "it.sampled_data -> out.value"]
    return made.export(nodes, links)


async def test_with_accumulate_one_sample_is_taken_of_all(stage: Stage) -> None:
    seen = await world.ran(stage, sampling(accumulate=True))
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"sample": [[{"n": 1}, {"n": 2}]]})


async def test_without_it_each_is_sampled(stage: Stage) -> None:
    seen = await world.ran(stage, sampling(accumulate=False))
    assert seen["output"] == {"sample": [[{"n": 1}], [{"n": 2}], [{"n": 3}]]}


def test_the_gather_is_told_and_nothing_of_the_file_is_lost() -> None:
    raw = sampling(accumulate=True)
    imported = made.imported(raw)
    made.assert_accounted(raw, imported)
    [told] = [one for one in imported.report.entries if one.outcome == "changed"]
    assert (told.node_id, "it-gather" in told.message) == ("it", True)
    assert made.types_of(imported)[-1] == "GATHER"


def test_its_id_is_one_that_the_file_does_not_have() -> None:
    raw = sampling(accumulate=True)
    raw["nodes"].append(made.node("it-gather", "NOTE", {"text": "mine"}))
    assert made.imported(raw).graphs[0].body["nodes"][-1]["id"] == "it-gather-2"
