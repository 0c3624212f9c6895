"""Imported agents run to a final status: loops, static values, error links, nested sub-agents and all."""

from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage
from tests.interop import made, world


async def test_a_loop_goes_round_until_its_condition_ends_it(stage: Stage) -> None:
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "n", "value": 0}),
        made.node("add", "CALCULATOR", {"operation": "Add", "b": 1}),
        made.node("if", "CONDITION", {"operator": "<", "value2": 5}),
        made.node("out", "AGENT_OUTPUT", {"name": "end"}),
    ]
    links = ["in.result -> add.a", "add.result -> if.value1", "if.yes_output -> add.a", "if.no_output -> out.value"]
    seen = await world.ran(stage, made.export(nodes, links))
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"end": [5]})


async def test_a_stored_value_supplies_every_item_whatever_its_link_says(stage: Stage) -> None:
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "who"}),
        made.node("go", "AGENT_INPUT", {"name": "go", "value": "START"}),
        made.node("hello", "STORE_VALUE", {"data": "Hello"}),
        made.node("each", "STEP_THROUGH_ITEMS"),
        made.node("fill", "FILL_TEXT_TEMPLATE", {"format": "{{ a }} {{ b }}"}),
        made.node("out", "AGENT_OUTPUT", {"name": "greetings"}),
    ]
    links = [
        "go.result -> hello.input",
        "in.result -> each.items",
        "hello.output -> fill.values_#_a",
        "each.item -> fill.values_#_b",
        "fill.output -> out.value",
    ]
    seen = await world.ran(stage, made.export(nodes, links), {"who": ["Ada", "Grace"]})
    assert seen["output"] == {"greetings": ["Hello Ada", "Hello Grace"]}


async def test_a_linked_error_is_handled(stage: Stage) -> None:
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "items", "value": ["a"]}),
        made.node("get", "GET_LIST_ITEM", {"index": 7}),
        made.node("out", "AGENT_OUTPUT", {"name": "got"}),
        made.node("err", "AGENT_OUTPUT", {"name": "why"}),
    ]
    links = ["in.result -> get.list", "get.item -> out.value", "get.error -> err.value"]
    seen = await world.ran(stage, made.export(nodes, links))
    assert seen["status"] == Status.COMPLETED
    assert seen["output"]["got"] == []
    assert "7" in seen["output"]["why"][0]


def _shouting(version: int, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """A graph that puts a mark behind its text, by itself or by another graph."""
    nodes = [made.node("i", "AGENT_INPUT", {"name": "text"}), made.node("o", "AGENT_OUTPUT", {"name": "loud"})]
    if inner is None:
        nodes.append(made.node("x", "FILL_TEXT_TEMPLATE", {"format": "{{ t }}!"}))
        return made.export(nodes, ["i.result -> x.values_#_t", "x.output -> o.value"], version=version)
    nodes.append(inner)
    return made.export(nodes, ["i.result -> x.text", "x.loud -> o.value"], version=version)


async def test_sub_agents_run_within_sub_agents(stage: Stage) -> None:
    def calling(version: int) -> dict[str, Any]:
        return made.executor("x", version, ["text"], ["loud"])

    raw = _shouting(1, calling(9))
    raw["sub_graphs"] = [_shouting(4), _shouting(9, calling(4))]
    seen = await world.ran(stage, raw, {"text": "hey"})
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"loud": ["hey!"]})


async def test_an_input_without_a_value_emits_nothing_and_the_rest_runs(stage: Stage) -> None:
    nodes = [
        made.node("a", "AGENT_INPUT", {"name": "a"}),
        made.node("b", "AGENT_INPUT", {"name": "b", "value": 2}),
        made.node("oa", "AGENT_OUTPUT", {"name": "oa"}),
        made.node("ob", "AGENT_OUTPUT", {"name": "ob"}),
    ]
    seen = await world.ran(stage, made.export(nodes, ["a.result -> oa.value", "b.result -> ob.value"]))
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"oa": [], "ob": [2]})


async def test_parts_of_values_are_taken_out_and_put_together(stage: Stage) -> None:
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "row", "value": {"a": [1, 2]}}),
        made.node("make", "CREATE_DICTIONARY", {"values": {"kept": True}}),
        made.node("out", "AGENT_OUTPUT", {"name": "row"}),
        made.node("none", "AGENT_OUTPUT", {"name": "nothing"}),
    ]
    links = [
        "in.result_#_a_$_1 -> make.values_#_deep_$_0",
        "in.result_#_a_$_9 -> none.value",
        "make.dictionary -> out.value",
    ]
    seen = await world.ran(stage, made.export(nodes, links))
    assert seen["output"] == {"row": [{"kept": True, "deep": [2]}], "nothing": []}


async def test_an_agent_of_110_nodes_with_loops_errors_and_sub_agents_runs(stage: Stage) -> None:
    child = _shouting(2)
    nodes = [made.node("in", "AGENT_INPUT", {"name": "text", "value": "a"})]
    links: list[str] = []
    last = "in.result"
    for n in range(21):
        nodes += [
            made.executor(f"sub{n}", 2, ["text"], ["loud"]) if n % 7 == 0 else made.node(
                f"sub{n}", "FILL_TEXT_TEMPLATE", {"format": "{{ t }}."}
            ),
            made.node(f"count{n}", "COUNT_ITEMS"),
            made.node(f"if{n}", "CONDITION", {"operator": ">", "value2": -1}),
            made.node(f"get{n}", "GET_LIST_ITEM", {"index": 99}),
            made.node(f"err{n}", "AGENT_OUTPUT", {"name": f"error {n}"}),
        ]  # fmt: skip
        links += [
            f"{last} -> sub{n}.{'text' if n % 7 == 0 else 'values_#_t'}",
            f"sub{n}.{'loud' if n % 7 == 0 else 'output'} -> count{n}.collection",
            f"sub{n}.{'loud' if n % 7 == 0 else 'output'} -> if{n}.yes_value",
            f"count{n}.count -> if{n}.value1",
            f"count{n}.count -> get{n}.list",
            f"get{n}.error -> err{n}.value",
        ]
        last = f"if{n}.yes_output"
    nodes += [made.node("out", "AGENT_OUTPUT", {"name": "end"}), made.node("note", "NOTE", {"text": "A note."})]
    nodes += [made.node(f"lone{n}", "STORE_VALUE", {"input": n}) for n in range(2)]
    links.append(f"{last} -> out.value")
    raw = made.export(nodes, links, sub_graphs=[child])
    assert len(nodes) == 110
    seen = await world.ran(stage, raw)
    assert seen["status"] == Status.COMPLETED
    assert seen["output"]["end"] == ["a!......!......!......"]
    assert len(seen["output"]) == 22


async def test_a_language_model_answers_in_an_imported_agent(stage: Stage, model_port: int) -> None:
    world.give(stage, world.Web(), model_port)
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "q", "value": "Which colour?"}),
        made.node("ai", "AI_TEXT_GENERATOR", {"sys_prompt": "Be brief.", "prompt": "", "model": "gpt-4o-mini"}),
        made.node("out", "AGENT_OUTPUT", {"name": "a", "format": "<{{ a }}>"}),
    ]
    seen = await world.ran(stage, made.export(nodes, ["in.result -> ai.prompt", "ai.response -> out.value"]))
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    assert "Which colour?" in seen["output"]["a"][0]


async def test_a_node_of_an_unknown_block_fails_the_run_that_reaches_it(stage: Stage) -> None:
    nodes = [
        made.node("in", "AGENT_INPUT", {"name": "n", "value": 1}),
        {**made.node("gone", "x"), "block_id": "11111111-2222-4333-8444-555555555555"},
        made.node("out", "AGENT_OUTPUT", {"name": "n"}),
    ]
    seen = await world.ran(stage, made.export(nodes, ["in.result -> gone.a", "gone.b -> out.value"]))
    assert (seen["status"], seen["error"]["reason"]) == (Status.FAILED, "BLOCK_MISSING")
    assert "11111111-2222-4333-8444-555555555555" in seen["error"]["message"]


@pytest.mark.parametrize("raw", made.REAL.values(), ids=made.REAL)
async def test_a_real_export_comes_to_a_final_status_whatever_it_lacks(
    stage: Stage, raw: dict[str, Any], model_port: int
) -> None:
    world.give(stage, world.Web(), model_port)
    imported = await world.imported(stage, raw)
    version = await world.version(imported["graph"]["id"])
    execution = await stage.start(version)
    await stage.run()
    assert (await stage.finished(execution))["status"] in (Status.COMPLETED, Status.FAILED)
