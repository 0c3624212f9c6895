"""What an agent has learnt is found by its meaning; by nobody else, and not after its graph is gone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.llm_stub.embeddings import embed
from shared.blocks import memory as port
from shared.blocks.memory import Scope
from shared.domain import errors
from shared.firestore import vectors as documents
from shared.services import memory
from tests.engine.stage import Stage

NOTES = ["The ship sails from the harbour at noon.", "Tea with cake is at four.", "The harbour is closed on Sunday."]


def remembering(user: str = "ann", graph: str = "g") -> memory.UserMemory:
    return memory.UserMemory(user_id=user, graph_id=graph, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))


async def learn(texts: list[str], to: memory.UserMemory | None = None, **more: Any) -> None:
    vectors = [embed(text, port.DIMENSIONS) for text in texts]
    scope, collection = more.get("scope", Scope.WITHIN_AGENT), more.get("collection", "c")
    await (to or remembering()).learn(scope, collection, texts, vectors, {"n": 1})


async def recall(query: str, of: memory.UserMemory | None = None, **more: Any) -> list[str]:
    found = await (of or remembering()).recall(
        more.get("scope", Scope.WITHIN_AGENT), more.get("collection", "c"), embed(query, port.DIMENSIONS), 2
    )
    return [one.text for one in found]


def test_the_index_the_port_and_the_documents_agree_on_the_length() -> None:
    content = json.loads((Path(__file__).parents[2] / "terraform" / "firestore.indexes.json").read_bytes())
    (index,) = [one for one in content["indexes"] if one["collectionGroup"] == "vectors"]
    assert index["fields"][-1]["vectorConfig"]["dimension"] == documents.DIMENSIONS == port.DIMENSIONS


async def test_what_is_nearest_in_meaning_comes_first(stage: Stage) -> None:
    await learn(NOTES)
    (first, second) = await remembering().recall(
        Scope.WITHIN_AGENT, "c", embed("when sails the ship from the harbour", port.DIMENSIONS), 2
    )
    assert first.text == NOTES[0]
    assert first.metadata == {"n": 1}
    assert 1 >= first.similarity > second.similarity
    assert (await recall(NOTES[1]))[0] == NOTES[1]


async def test_a_text_that_is_learnt_again_is_there_once(stage: Stage) -> None:
    for _ in range(2):
        await learn(NOTES[:1])
    assert await recall("ship") == NOTES[:1]


async def test_others_find_nothing_of_it(stage: Stage) -> None:
    await learn(NOTES)
    await learn(["A word for all agents."], scope=Scope.ACROSS_AGENTS)
    assert await recall("ship", remembering(user="bob")) == []
    assert await recall("ship", remembering(graph="h")) == []
    assert await recall("ship", collection="d") == []
    assert await recall("word", remembering(graph="h"), scope=Scope.ACROSS_AGENTS) == ["A word for all agents."]
    assert await recall("word", remembering(user="bob"), scope=Scope.ACROSS_AGENTS) == []


async def test_what_is_unlearnt_is_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_BATCH", 2)
    await learn(NOTES)
    await learn(NOTES[:1], collection="d")
    assert [await remembering().unlearn(Scope.WITHIN_AGENT, "c") for _ in range(2)] == [3, 0]
    assert await recall("ship") == []
    assert await recall("ship", collection="d") == NOTES[:1]


async def test_a_deleted_graph_leaves_nothing_that_it_learnt(stage: Stage) -> None:
    await learn(NOTES)
    await learn(NOTES[:1], remembering(graph="h"))
    await learn(NOTES[:1], scope=Scope.ACROSS_AGENTS)
    await memory.erase("ann", "g")
    assert await recall("ship") == []
    assert await recall("ship", remembering(graph="h")) == NOTES[:1]
    assert await recall("ship", scope=Scope.ACROSS_AGENTS) == NOTES[:1]


async def test_a_text_that_is_too_large_is_refused(stage: Stage) -> None:
    with pytest.raises(errors.BlockError, match="split it into chunks") as failure:
        await learn(["a" * 100_001])
    assert failure.value.reason == "LIMIT_EXCEEDED"
