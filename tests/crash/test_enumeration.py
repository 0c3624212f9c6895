"""Die at every effect, in every way, redeliver everything, and require the documents of the undisturbed run."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import executions
from shared.services import completion
from tests.conftest import Tell
from tests.crash import everywhere
from tests.crash.deaths import Deaths, Died
from tests.engine.scripted import Scripted, model, results
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import DIAMOND, LIST_WITH_DROPS, chain
from tests.engine.test_waits import Flaky, flaky

__all__ = ["flaky", "model"]

_ids = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A graph and its inputs. ``child``: another graph, whose id its nodes name ``CHILD``. ``batch``: how many
    children a commit may have. ``gives_way``: two children and more are made by a call of the background.
    ``answers``: of the language model."""

    nodes: Sequence[Mapping[str, Any]]
    links: Sequence[str]
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    child: tuple[Sequence[Mapping[str, Any]], Sequence[str]] | None = None
    batch: int = completion.MAX_BATCH
    gives_way: bool = False
    answers: Sequence[Any] = ()


def each(*nodes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [agent_input("in", "items"), {"id": "each", "block_type": "STEP_THROUGH_ITEMS"}, *nodes, agent_output()]


GATHER = {"id": "all", "block_type": "GATHER"}
UP = {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}}
GATHERED = Scenario(
    nodes=each(UP, GATHER),
    links=[
        "in.result -> each.items",
        "each.item -> up.text",
        "up.processed_text -> all.item",
        "all.items -> out.value",
    ],
    inputs={"items": ["a", "b"]},
)

SCENARIOS: dict[str, Scenario] = {
    "chain": Scenario(nodes=chain(3)[0], links=chain(3)[1]),
    "diamond": Scenario(nodes=DIAMOND[0], links=DIAMOND[1]),
    "list-with-join": Scenario(nodes=LIST_WITH_DROPS[0], links=LIST_WITH_DROPS[1], inputs={"items": [60, 10]}),
    "handled-failure": Scenario(
        nodes=[
            {"id": "a", "block_type": "TEXT_PROCESSING", "input_data": {"text": "x", "operation": "sideways"}},
            agent_output(),
        ],
        links=["a.error -> out.value"],
    ),
    "gather": GATHERED,
    "spreading": replace(GATHERED, inputs={"items": ["a", "b", "c"]}, batch=2),
    "giving-way": replace(GATHERED, inputs={"items": ["a", "b", "c"]}, batch=2, gives_way=True),
    "cycle": Scenario(
        nodes=each(
            {"id": "seed", "block_type": "CREATE_LIST", "input_data": {"values": []}},
            {"id": "add", "block_type": "ADD_TO_LIST"},
        ),
        links=[
            "in.result -> each.items",
            "seed.list -> add.list",
            "add.updated_list -> add.list",
            "each.item -> add.entry",
            "add.updated_list -> out.value",
        ],
        inputs={"items": ["a", "b"]},
    ),
    "sub-agent": Scenario(
        nodes=[
            agent_input("in", "text"),
            {"id": "agent", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": "CHILD"}},
            agent_output(),
        ],
        links=["in.result -> agent.text", "agent.loud -> out.value"],
        inputs={"text": "a"},
        child=(
            [agent_input("in", "text"), UP, agent_output("loud")],
            ["in.result -> up.text", "up.processed_text -> loud.value"],
        ),
    ),
    "review": Scenario(
        nodes=[
            agent_input("in", "text"),
            {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "Text"}},
            agent_output(),
        ],
        links=["in.result -> ask.data", "ask.approved_data -> out.value"],
        inputs={"text": "a"},
    ),
    "agent": Scenario(
        nodes=[
            {"id": "a", "block_type": "ORCHESTRATOR", "input_data": {"prompt": "g", "agent_mode_max_iterations": 3}},
            {"id": "sub", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": "CHILD"}},
            agent_output(),
        ],
        links=["a.tools_^_sub_~_text -> sub.text", "a.finished -> out.value"],
        child=([agent_input("in", "text"), agent_output("loud")], ["in.result -> loud.value"]),
        answers=[[("agent_executor", {"text": "b"})], lambda said: results(said)[0]],
    ),
    "dialog": Scenario(
        nodes=[{"id": "a", "block_type": "ORCHESTRATOR", "input_data": {"prompt": "g"}}, UP, agent_output()],
        links=[
            "a.tools_^_up_~_text -> up.text",
            "up.processed_text -> a.last_tool_output",
            "a.conversations -> a.conversation_history",
            "a.finished -> out.value",
        ],
        answers=[[("text_processing", {"text": "b"})], lambda said: results(said)[0]],
    ),
    "retry-and-delay": Scenario(
        nodes=[
            {"id": "f", "block_type": "FLAKY"},
            {"id": "wait", "block_type": "DELAY", "input_data": {"seconds": 90}},
            agent_output(),
        ],
        links=["f.output -> wait.input", "wait.output -> out.value"],
    ),
}


async def _begin(stage: Stage, version: Any, inputs: Mapping[str, Any]) -> Execution:
    """Start it; a client whose call dies calls again, as with an idempotency key, and goes on by the id if the
    execution is there."""
    id_ = f"e{next(_ids)}"
    world = stage.world
    stage.world = replace(world, random_id=lambda: id_)
    try:
        return await stage.start(version, inputs)
    except Died:
        return await executions.find(id_) or await stage.start(version, inputs)
    finally:
        stage.world = world


IN_EVERY_WAY = {
    *("chain", "diamond", "list-with-join", "gather", "cycle", "sub-agent", "review", "retry-and-delay"),
}
"""The others die in one way at each effect, in turn."""


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.timeout(300)
async def test_every_death_ends_in_the_same_documents(
    stage: Stage,
    flaky: Flaky,
    model: Scripted,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    scenario = SCENARIOS[name]
    model.answers = list(scenario.answers)
    monkeypatch.setattr(completion, "MAX_BATCH", scenario.batch)
    if scenario.gives_way:
        monkeypatch.setattr(completion, "FAN_OUT", 2)
        monkeypatch.setattr(completion, "INTERACTIVE", 1)
    nodes = scenario.nodes
    if scenario.child is not None:
        child = await stage.graph(*scenario.child)
        nodes = [
            {**n, "input_data": {"graph_id": child.graph_id}} if n["block_type"] == "AGENT_EXECUTOR" else n
            for n in nodes
        ]
    version = await stage.graph(nodes, scenario.links)
    first = await everywhere.die(
        stage,
        Deaths(monkeypatch),
        lambda: _begin(stage, version, scenario.inputs),
        name,
        tell,
        every=name in IN_EVERY_WAY,
    )
    assert first["status"] == Status.COMPLETED
