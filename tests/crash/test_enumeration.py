"""Die at every effect, in every way, redeliver everything, and require the documents of the undisturbed run."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status, is_final
from tests.crash.deaths import Deaths, Died, Mode
from tests.engine.stage import Stage
from tests.engine.test_life import DIAMOND, LIST_WITH_DROPS, chain

Scenario = tuple[Sequence[Mapping[str, Any]], Sequence[str], Mapping[str, Any]]

FAILING: Scenario = (
    [
        {"id": "a", "block_type": "TEXT_PROCESSING", "input_data": {"text": "x", "operation": "sideways"}},
        {"id": "b", "block_type": "TEXT_PROCESSING", "input_data": {"text": "y", "operation": "upper"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "why"}},
    ],
    ["a.error -> out.value"],
    {},
)

SCENARIOS: dict[str, Scenario] = {
    "chain": (*chain(3), {}),
    "diamond": (*DIAMOND, {}),
    "list-with-join": (*LIST_WITH_DROPS, {"items": [60, 10, 70]}),
    "handled-failure": FAILING,
}


async def _settle(stage: Stage, execution: Execution) -> None:
    """Run until quiet; what was lost without a task is found by recovery."""
    for _ in range(6):
        while stage.tasks:
            try:
                await stage.run(parallel=3, duplicate=0.2)
            except Died:
                stage.now += timedelta(seconds=1)
        found = await stage.execution(execution)
        if is_final(found.status) and found.due_at is None:
            return
        stage.now += timedelta(minutes=12)
        await stage.tick()
    raise AssertionError(f"not final and announced after six ticks: {found}")


async def _documents(stage: Stage, execution: Execution) -> Any:
    seen = await stage.finished(execution)
    nodes = [
        (n.node_id, n.label, n.status, n.attempts, n.outputs, n.inputs, n.error, n.active)
        for n in await stage.nodes(execution)
    ]
    return {key: seen[key] for key in ("status", "output", "error", "progress")}, nodes


async def _begin(stage: Stage, version: Any, inputs: Mapping[str, Any]) -> Execution:
    """Start it; a client whose call dies calls again, as with an idempotency key."""
    id_ = f"e{random.getrandbits(60)}"
    stage.world = type(stage.world)(**{**vars(stage.world), "random_id": lambda: id_})
    try:
        return await stage.start(version, inputs)
    except Died:
        return await stage.start(version, inputs)
    finally:
        stage.world = type(stage.world)(**{**vars(stage.world), "random_id": stage._random_id})


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.timeout(300)
async def test_every_death_ends_in_the_same_documents(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes, links, inputs = SCENARIOS[name]
    version = await stage.graph(nodes, links)
    deaths = Deaths(monkeypatch)
    execution = await _begin(stage, version, inputs)
    await _settle(stage, execution)
    effects, expected = deaths.count, await _documents(stage, execution)
    assert expected[0]["status"] == Status.COMPLETED
    for at in range(effects):
        for mode in Mode:
            deaths.arm(at, mode)
            execution = await _begin(stage, version, inputs)
            await _settle(stage, execution)
            assert await _documents(stage, execution) == expected, f"{name}: effect {at}, {mode}"
    with capsys.disabled():
        print(f"\n{name}: {effects} effects, {effects * len(Mode)} deaths, no difference")
