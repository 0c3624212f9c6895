"""Die at every effect of a retry, in every way, redeliver everything, and require the undisturbed one's documents."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import executions
from shared.services import copying, retrying, stopping
from tests.conftest import Tell
from tests.crash import everywhere
from tests.crash.deaths import Deaths, Died
from tests.engine.moody import Moody, moody, node
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_retry import ANN

__all__ = ["moody"]

_ids = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``fails``: on the item with this value the source fails; ``delivered``: after so many deliveries it is
    cancelled; ``batch``: how many documents one write takes over."""

    nodes: Sequence[Mapping[str, Any]]
    links: Sequence[str]
    fails: Any = None
    delivered: int | None = None
    from_nodes: list[str] | None = None
    batch: int = copying.MAX_BATCH


LIST = Scenario(
    nodes=[
        agent_input("in", "items"),
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        node("a"),
        {"id": "pair", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{a}}{{b}}"}},
        {"id": "all", "block_type": "GATHER"},
        agent_output(),
    ],
    links=[
        "in.result -> each.items",
        "each.item -> a.value",
        "each.item -> pair.values_#_a",
        "a.output -> pair.values_#_b",
        "pair.output -> all.item",
        "all.items -> out.value",
    ],
)

SCENARIOS = {
    "failed": Scenario(nodes=LIST.nodes, links=LIST.links, fails="y"),
    "failed, in batches": Scenario(nodes=LIST.nodes, links=LIST.links, fails="y", batch=3),
    "cancelled": Scenario(nodes=LIST.nodes, links=LIST.links, delivered=4),
    "from the end": Scenario(nodes=LIST.nodes, links=LIST.links, from_nodes=["out"]),
}


async def _source(stage: Stage, moody: Moody, scenario: Scenario) -> Execution:
    moody.refuses.append(scenario.fails)
    version = await stage.graph(scenario.nodes, scenario.links)
    execution = await stage.start(version, {"items": ["x", "y"]})
    if scenario.delivered is not None:
        for _ in range(scenario.delivered):
            await stage.deliver(stage.tasks[0])
        await stopping.cancel(stage.world, await stage.execution(execution))
    await stage.run()
    moody.refuses.clear()
    return execution


async def _retry(stage: Stage, source: Execution, from_nodes: list[str] | None) -> Execution:
    """A client whose call dies calls again with its idempotency key: the id is the same."""
    id_ = f"retry{next(_ids)}"
    try:
        return await retrying.accept(stage.world, ANN, source.id, id_, from_nodes)
    except Died:
        found = await executions.find(id_)
        return found or await retrying.accept(stage.world, ANN, source.id, id_, from_nodes)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.timeout(300)
async def test_every_death_of_a_retry_ends_in_the_same_documents(
    stage: Stage, moody: Moody, name: str, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    scenario = SCENARIOS[name]
    monkeypatch.setattr(copying, "MAX_BATCH", scenario.batch)
    source = await _source(stage, moody, scenario)
    first = await everywhere.die(
        stage,
        Deaths(monkeypatch),
        lambda: _retry(stage, source, scenario.from_nodes),
        f"retry, {name}",
        tell,
        every=False,
    )
    assert (first["status"], first["output"]) == (Status.COMPLETED, {"out": [["xx", "yy"]]})
