"""The life of an execution, on the happy path: chains, branches, diamonds, lists, joins, inputs, outputs."""

import json
from typing import Any

import pytest

from shared.domain.statuses import Status
from tests.engine.stage import Stage


def upper(id_: str, **input_data: Any) -> dict[str, Any]:
    return {"id": id_, "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper", **input_data}}


def chain(length: int) -> tuple[list[dict[str, Any]], list[str]]:
    nodes = [upper("n0", text="hello world"), *(upper(f"n{i}") for i in range(1, length))]
    return nodes, [f"n{i}.processed_text -> n{i + 1}.text" for i in range(length - 1)]


async def test_a_single_node_completes_with_its_pins(stage: Stage) -> None:
    version = await stage.graph([upper("node1", text="hello world")], [])
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    assert seen["output"] == {
        "node1": {"processed_text": ["HELLO WORLD"], "original_length": [11], "processed_length": [11]}
    }
    assert seen["progress"] == 1.0
    assert seen["error"] is None


async def test_a_chain_of_pure_nodes_costs_one_commit_and_one_task_a_node(stage: Stage) -> None:
    async def calls(length: int) -> tuple[dict[str, int], int]:
        version = await stage.graph(*chain(length))
        execution = await stage.start(version)
        stage.calls.counts.clear()
        created = stage.created
        await stage.run()
        assert (await stage.execution(execution)).status is Status.COMPLETED
        return dict(stage.calls.counts), stage.created - created

    short, short_tasks = await calls(3)
    long, long_tasks = await calls(13)
    more = {method: long[method] - short.get(method, 0) for method in long}
    assert {method: n for method, n in more.items() if n} == {"Commit": 10}
    assert long_tasks - short_tasks == 10


async def test_branches_of_a_condition_meet_in_one_node(stage: Stage) -> None:
    version = await stage.graph(
        [
            {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "n"}},
            {"id": "if", "block_type": "CONDITION", "input_data": {"operator": ">", "value2": 3}},
            {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "chosen"}},
        ],
        ["in.result -> if.value1", "if.yes_output -> out.value", "if.no_output -> out.value"],
    )
    for n in (1, 5):
        execution = await stage.start(version, {"n": n})
        await stage.run()
        seen = await stage.finished(execution)
        assert seen["status"] == Status.COMPLETED
        assert len(seen["output"]["chosen"]) == 1


DIAMOND = (
    [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "text", "value": "Ab"}},
        {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
        {"id": "down", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "lower"}},
        {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}-{{b}}"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "joined"}},
    ],
    [
        "in.result -> up.text",
        "in.result -> down.text",
        "up.processed_text -> both.values_#_a",
        "down.processed_text -> both.values_#_b",
        "both.output -> out.value",
    ],
)


async def test_a_diamond_joins_once(stage: Stage) -> None:
    version = await stage.graph(*DIAMOND)
    for parallel in (1, 2, 4):
        execution = await stage.start(version)
        await stage.run(parallel=parallel, duplicate=0.3)
        assert (await stage.finished(execution))["output"] == {"joined": ["AB-ab"]}
        assert len(await stage.nodes(execution)) == 5


LIST_WITH_DROPS: tuple[list[dict[str, Any]], list[str]] = (
    [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "items"}},
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        {"id": "big", "block_type": "CONDITION", "input_data": {"operator": ">=", "value2": 50}},
        {"id": "double", "block_type": "CALCULATOR", "input_data": {"operation": "Multiply", "b": 2}},
        {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}:{{b}}"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "pairs"}},
    ],
    [
        "in.result -> each.items",
        "each.item -> big.value1",
        "each.item -> double.a",
        "big.yes_output -> both.values_#_a",
        "double.result -> both.values_#_b",
        "both.output -> out.value",
    ],
)


@pytest.mark.parametrize(("items", "parallel"), [(100, 8), (10, 1), (250, 16)])
async def test_a_list_through_two_branches_pairs_item_by_item(stage: Stage, items: int, parallel: int) -> None:
    version = await stage.graph(*LIST_WITH_DROPS)
    values = [(i * 37) % 100 for i in range(items)]
    execution = await stage.start(version, {"items": values})
    await stage.run(parallel=parallel, duplicate=0.05)
    seen = await stage.finished(execution)
    assert seen["error"] is None
    expected = [(v, v * 2) for v in values if v >= 50]
    got = [tuple(float(part) for part in pair.split(":")) for pair in seen["output"]["pairs"]]
    assert got == expected


async def test_a_failure_is_told_with_its_node(stage: Stage) -> None:
    version = await stage.graph([upper("a", text="x", operation="sideways")], [])
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.FAILED
    assert seen["error"]["node_id"] == "a"
    assert "sideways" in seen["error"]["message"]


async def test_a_failure_whose_error_pin_is_linked_is_handled(stage: Stage) -> None:
    version = await stage.graph(
        [
            upper("a", text="x", operation="sideways"),
            {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "why"}},
        ],
        ["a.error -> out.value"],
    )
    execution = await stage.start(version)
    await stage.run()
    seen = await stage.finished(execution)
    assert seen["status"] == Status.COMPLETED
    assert "sideways" in seen["output"]["why"][0]


async def test_events_tell_every_status_once_by_id(stage: Stage) -> None:
    version = await stage.graph(*chain(2))
    execution = await stage.start(version)
    await stage.run(duplicate=0.5)
    told = {e["event_id"]: e for _, data in stage.events if (e := json.loads(data))}
    statuses = sorted((e.get("node_id", ""), e["status"]) for e in told.values())
    assert statuses == [
        ("", "COMPLETED"), ("", "QUEUED"), ("", "RUNNING"),
        ("n0", "COMPLETED"), ("n0", "QUEUED"), ("n1", "COMPLETED"), ("n1", "QUEUED"),
    ]  # fmt: skip
    assert {key for key, _ in stage.events} == {execution.id}


async def test_an_empty_list_completes_with_no_output(stage: Stage) -> None:
    version = await stage.graph(*LIST_WITH_DROPS)
    execution = await stage.start(version, {"items": []})
    await stage.run()
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"pairs": []})
