"""What is sent to a webhook reaches the trigger of an imported agent, through an input."""

from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.interop import made, world

AGENT = made.export(
    [
        made.node("hook", "GENERIC_WEBHOOK_TRIGGER", {"payload": {"n": 1}, "constants": {"shop": "Brest"}}),
        made.node("out", "AGENT_OUTPUT", {"name": "got"}),
    ],
    ["hook.payload -> out.value"],
)


async def test_a_run_gives_what_was_sent(stage: Stage) -> None:
    graph_id = (await world.imported(stage, AGENT))["graph"]["id"]
    for inputs, got in ({"payload": {"n": 7}}, {"n": 7}), ({}, {"n": 1}):
        seen = await world.executed(stage, graph_id, inputs)
        assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"got": [got]})


def test_the_input_is_told_and_made_once() -> None:
    imported = made.imported(AGENT)
    made.assert_accounted(AGENT, imported)
    [told] = [one for one in imported.report.entries if one.outcome == "changed"]
    assert (told.place, "'payload'" in told.message) == ("nodes[0]", True)
    linked = made.export(
        [*AGENT["nodes"], made.node("in", "AGENT_INPUT", {"name": "payload"})],
        ["hook.payload -> out.value", "in.result -> hook.payload"],
    )
    assert made.types_of(made.imported(linked)).count("AGENT_INPUT") == 1
