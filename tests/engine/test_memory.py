"""What one run keeps, the next one finds; nobody else does, and nothing is left of a graph that is deleted."""

from typing import Any

import pytest

from shared.blocks.memory import Kept, Scope
from shared.domain import errors, permissions
from shared.domain.graph import UserId
from shared.firestore import memory as documents
from shared.services import graphs, memory
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output

LINKS = ["in.result -> keep.value", "in.result -> find.key", "find.value -> out.value"]


def of(stage: Stage, user: str = "ann", graph: str = "g") -> memory.UserMemory:
    return memory.UserMemory(user_id=user, graph_id=graph, now=lambda: stage.now)


async def test_the_next_run_of_a_graph_finds_what_the_last_kept(stage: Stage) -> None:
    nodes = [
        agent_input("in", "x"),
        {"id": "find", "block_type": "RETRIEVE_INFORMATION", "input_data": {"default_value": "none"}},
        {"id": "keep", "block_type": "PERSIST_INFORMATION", "input_data": {"key": "k"}},
        agent_output(),
    ]
    version = await stage.graph(nodes, LINKS)
    outputs: list[Any] = []
    for _ in range(2):
        execution = await stage.start(version, {"x": "k"})
        await stage.run()
        outputs.append((await stage.finished(execution))["output"])
        assert await of(stage, graph=version.graph_id).find(Scope.WITHIN_AGENT, "k") == Kept(value="k")
    assert outputs[1] == {"out": ["k"]}


@pytest.mark.parametrize("value", [None, 0, "", {"b": [[1], None], "a": 1}, "é\U0001f600"])
async def test_a_value_comes_back_as_it_was(stage: Stage, value: Any) -> None:
    await of(stage).keep(Scope.WITHIN_AGENT, "k", value)
    assert await of(stage).find(Scope.WITHIN_AGENT, "k") == Kept(value=value)


async def test_others_find_nothing(stage: Stage) -> None:
    await of(stage).keep(Scope.WITHIN_AGENT, "k", 1)
    await of(stage).keep(Scope.ACROSS_AGENTS, "all", 2)
    assert await of(stage, user="bob").find(Scope.WITHIN_AGENT, "k") is None
    assert await of(stage, graph="h").find(Scope.WITHIN_AGENT, "k") is None
    assert await of(stage).find(Scope.ACROSS_AGENTS, "k") is None
    assert await of(stage, graph="h").find(Scope.ACROSS_AGENTS, "all") == Kept(value=2)
    assert await of(stage, user="bob").find(Scope.ACROSS_AGENTS, "all") is None


async def test_what_is_forgotten_is_gone(stage: Stage) -> None:
    await of(stage).keep(Scope.WITHIN_AGENT, "k", None)
    assert [await of(stage).forget(Scope.WITHIN_AGENT, "k") for _ in range(2)] == [True, False]
    assert await of(stage).find(Scope.WITHIN_AGENT, "k") is None


async def test_a_value_that_is_too_large_is_refused(stage: Stage) -> None:
    await of(stage).keep(Scope.WITHIN_AGENT, "k", "a" * (documents.MAX_BYTES - 2))
    with pytest.raises(errors.BlockError, match="900,000 bytes") as failure:
        await of(stage).keep(Scope.WITHIN_AGENT, "k", "a" * (documents.MAX_BYTES - 1))
    assert failure.value.reason == "LIMIT_EXCEEDED"


async def test_a_memory_that_does_not_answer_may_be_asked_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> Any:
        raise errors.Unavailable("down")

    monkeypatch.setattr(documents, "find", down)
    with pytest.raises(errors.Retryable, match="did not answer"):
        await of(stage).find(Scope.WITHIN_AGENT, "k")


async def test_a_deleted_graph_leaves_nothing_that_it_remembered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MAX_BATCH", 2)
    version = await stage.graph([agent_output()], [])
    for key in "abcde":
        await of(stage, graph=version.graph_id).keep(Scope.WITHIN_AGENT, key, 1)
    await of(stage, graph="other").keep(Scope.WITHIN_AGENT, "a", 1)
    await of(stage, graph="other").keep(Scope.ACROSS_AGENTS, "a", 1)
    await graphs.delete(permissions.caller(UserId("ann"), "ann@example.com", None), version.graph_id, None)
    mine = of(stage, graph=version.graph_id)
    assert [await mine.find(Scope.WITHIN_AGENT, key) for key in "abcde"] == [None] * 5
    assert await of(stage, graph="other").find(Scope.WITHIN_AGENT, "a") == Kept(value=1)
    assert await mine.find(Scope.ACROSS_AGENTS, "a") == Kept(value=1)
