"""What the property tests found: cases in which the answer depended on which token came first."""

from typing import Any

import pytest

from shared.domain.statuses import Status
from shared.services import node_tasks, settling
from tests.engine.stage import Pending, Stage
from tests.engine.test_gates import agent_input, agent_output, run
from tests.engine.test_life import LIST_WITH_DROPS


@pytest.mark.parametrize("seed", range(6))
async def test_the_parts_of_a_dictionary_stand_in_the_order_of_their_links(stage: Stage, seed: int) -> None:
    stage.random.seed(seed)
    parts = [
        {"id": f"n{i}", "block_type": "TEXT_PROCESSING", "input_data": {"text": f"t{i}", "operation": "upper"}}
        for i in range(4)
    ]
    seen = await run(
        stage,
        [*parts, {"id": "all", "block_type": "CREATE_DICTIONARY"}, agent_output()],
        [*(f"n{i}.processed_text -> all.values_#_k{i}" for i in (2, 0, 3, 1)), "all.dictionary -> out.value"],
        {},
    )
    assert list(seen["output"]["out"][0]) == ["k2", "k0", "k3", "k1"]


async def test_who_settles_after_its_children_are_over_finishes_the_execution(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its children found it active, and left the question to it."""
    settle = settling.settle

    async def late(*args: Any) -> Any:
        while new := [task for task in stage.tasks if not task.deliveries]:
            await stage.deliver(new[0])
        return await settle(*args)

    monkeypatch.setattr(settling, "settle", late)
    version = await stage.graph(
        [
            {"id": "n", "block_type": "TEXT_PROCESSING", "input_data": {"text": "t", "operation": "upper"}},
            {"id": "failures", "block_type": "GATHER"},
            agent_output(),
        ],
        ["n.processed_text -> out.value", "n.error -> failures.item"],
    )
    execution = await stage.start(version)
    await stage.run()
    assert (await stage.execution(execution)).status is Status.COMPLETED


async def test_many_on_their_way_to_one_gate_keep_no_other_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list node is the last that may send to ``one``; its items go to ``both``, too many to be weighed."""
    monkeypatch.setattr(settling, "MAX_WEIGHED", 3)
    texts = [
        {"id": id_, "block_type": "TEXT_PROCESSING", "input_data": {"text": id_, "operation": "upper"}}
        for id_ in ("title", "word")
    ]
    joins = [
        {"id": id_, "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}{{b}}"}}
        for id_ in ("one", "both")
    ]
    version = await stage.graph(
        [
            agent_input("in", "items"),
            *texts,
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
            *joins,
            agent_output("first"),
            agent_output("second"),
        ],
        [
            "in.result -> each.items",
            "each.item -> up.text",
            "title.processed_text -> both.values_#_a",
            "up.processed_text -> both.values_#_b",
            "title.processed_text -> one.values_#_a",
            "each.error -> one.values_#_a",
            "word.processed_text -> one.values_#_b",
            "one.output -> first.value",
            "both.output -> second.value",
        ],
    )
    execution = await stage.start(version, {"items": ["a", "b", "c", "d", "e"]})
    for node in ("", "title", "word", "each"):
        for task in [t for t in stage.tasks if node_tasks.decode(t.body).node_id == node]:
            await stage.deliver(task)
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"first": ["TITLEWORD"], "second": ["TITLEA"]}


async def test_nodes_of_one_ordinary_pin_do_not_wait_for_each_other_round_a_cycle(stage: Stage) -> None:
    """Each fires once a token, whichever others may still come by the same pin."""

    def number(id_: str, value: int) -> dict[str, Any]:
        return {"id": id_, "block_type": "CALCULATOR", "input_data": {"operation": "Add", "a": value, "b": 0}}

    seen = await run(
        stage,
        [
            *(number(id_, value) for id_, value in (("left", 0), ("right", 10), ("one", 1), ("limit", 12))),
            {"id": "step", "block_type": "STORE_VALUE"},
            {"id": "end", "block_type": "STORE_VALUE"},
            {"id": "add", "block_type": "CALCULATOR", "input_data": {"operation": "Add"}},
            {"id": "more", "block_type": "CONDITION", "input_data": {"operator": "<"}},
            agent_output(),
        ],
        [
            "one.result -> step.input",
            "limit.result -> end.input",
            "left.result -> add.a",
            "right.result -> add.a",
            "step.output -> add.b",
            "add.result -> more.value1",
            "end.output -> more.value2",
            "more.yes_output -> add.a",
            "more.no_output -> out.value",
        ],
        {},
    )
    assert len(seen["output"]["out"]) == 2


async def test_a_cycle_that_is_entered_in_two_places_tells_its_tokens_apart(stage: Stage) -> None:
    """What comes in at its middle stands under another label than what comes round to there."""
    numbers = [
        {"id": id_, "block_type": "CALCULATOR", "input_data": {"operation": "Add", "a": value, "b": 0}}
        for id_, value in (("first", 0), ("second", 100))
    ]
    version = await stage.graph(
        [
            *numbers,
            {"id": "add", "block_type": "CALCULATOR", "input_data": {"operation": "Add", "b": 1}},
            {"id": "more", "block_type": "CONDITION", "input_data": {"operator": "<", "value2": 2}},
            agent_output(),
        ],
        [
            "first.result -> add.a",
            "add.result -> more.value1",
            "second.result -> more.value1",
            "more.yes_output -> add.a",
            "more.no_output -> out.value",
        ],
    )
    labels: list[Any] = []
    for seed in range(4):
        stage.random.seed(seed)
        execution = await stage.start(version)
        await stage.run(parallel=3)
        fired = [(n.node_id, n.label) for n in await stage.nodes(execution)]
        assert len(set(fired)) == len(fired)
        labels.append(fired)
    assert all(fired == labels[0] for fired in labels)


async def test_a_delivery_after_the_end_leaves_joins_that_never_came_together(stage: Stage) -> None:
    version = await stage.graph(*LIST_WITH_DROPS)
    execution = await stage.start(version, {"items": list(range(45, 60))})
    late: list[Pending] = []
    while stage.tasks:
        late += [t for t in stage.tasks if node_tasks.decode(t.body).node_id == "each"]
        await stage.deliver(stage.tasks[0])
    assert late
    before = await stage.nodes(execution)
    assert Status.INCOMPLETE in {node.status for node in before}
    await stage.deliver(late[0], again=True)
    assert await stage.nodes(execution) == before
